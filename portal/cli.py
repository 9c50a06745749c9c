"""The command `portal`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from flask import Flask


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def main() -> None:
    """An investor portal that integrates Cashlink's web-based subscription.

    To see it, without any account or key: portal demo. To run it against Cashlink: set the variables of the README's
    table, then portal migrate, portal serve, and beside it portal doctor.
    """


@main.command()
@click.option("--port", default=8000, show_default=True, help="The portal's port.")
@click.option("--simulator-port", default=8001, show_default=True, help="The simulator's port.")
@click.option("--reset", is_flag=True, help="Begin with the cast as it was at first; a running demo starts over.")
@click.option("--check", is_flag=True, help="Say whether a presentation can begin, and end.")
@click.option("--open", "opens", is_flag=True, help="Open the portal in the browser once it is ready.")
@click.option("--brand", metavar="NAME", help="Show the demo under a prospect's name.")
@click.option("--colour", metavar="HEX", default="", help="With --brand: a colour of theirs, e.g. 1a5fb4.")
@click.option(
    "--logo",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="With --brand: their logo, an SVG or PNG file.",
)
def demo(
    port: int,
    simulator_port: int,
    reset: bool,
    check: bool,
    opens: bool,
    brand: str | None,
    colour: str,
    logo: Path | None,
) -> None:
    """Start portal and simulator with a cast of investors, in one process.

    Everything runs on this machine, nothing is sent anywhere. Data lie in the folder instance/ (PORTAL_DATA_DIR);
    a second start on the same day finds everything as it was, the first of a day makes the cast's stories anew, since
    all their dates count from today. Ctrl-C ends both.

    A prospect's name, colour and logo come by one command: portal demo --brand "Musterbank" --colour 1a5fb4 --logo
    logo.svg. Each name has databases of its own.
    """
    from .demo import brand as brands
    from .demo.run import run

    if (colour or logo) and not brand:
        raise click.UsageError("Say whose they are: --brand NAME.")
    environ, look = dict(os.environ), None
    if brand:
        environ |= brands.environment(brand, Path(environ.get("PORTAL_DATA_DIR", "instance")))
        try:
            look = brands.look(colour, logo)
        except brands.BadBrandError as error:
            raise click.ClickException(str(error)) from error
    if check:
        from .demo.check import run_checks

        # The folder of a look is made by a start.
        unseen = {"PORTAL_BRAND_DIR": ""} if brand else {}
        raise SystemExit(0 if run_checks(port, simulator_port, environ | unseen) else 1)
    run(port, simulator_port, environ, reset=reset, opens=opens, look=look)


@main.command()
@click.option("--bind", default="127.0.0.1:8000", show_default=True, help="Address and port to listen on.")
@click.option("--workers", default=2, show_default=True, help="Processes.")
def serve(bind: str, workers: int) -> None:
    """Run the portal in earnest, against the API that the settings name.

    Each process also finishes what was left unknown (as portal sync does) and feeds the live pages. Refuses to start
    with settings that the demo publishes, on a database that the demo has seeded, or on a schema on which this version
    cannot run. Any number may run on one PostgreSQL. Logs are JSON on standard error, one line per request and per
    record. Put a reverse proxy with TLS in front; docs/operate.md shows all.
    """
    from .config import demo_settings_used
    from .server import drop_metrics, share_metrics
    from .server import serve as run_server
    from .terminal import check_bind

    used = demo_settings_used(os.environ)
    if used:
        raise click.ClickException(f"{', '.join(used)}: still what the demo publishes. Set values of your own.")
    if os.environ.get("PORTAL_METRICS_TOKEN"):
        # Before the application, which imports what counts.
        share_metrics()
    try:
        settings = _app_that_may_serve().extensions["settings"]
        check_bind(bind)
    except click.ClickException:
        drop_metrics(None)
        raise
    warning = "" if settings.mail_url else "PORTAL_MAIL_URL is empty: no mail leaves, so nobody can register"
    run_server(_make_app, bind, workers, settings.streams, warning)


def _app_that_may_serve() -> Flask:
    from . import migrations

    app = _app_on_its_schema()
    folder = app.extensions["settings"].data_dir
    if _database_is_in_folder() and not all(os.access(path, os.W_OK) for path in (folder, folder / "portal.sqlite3")):
        # As after a portal migrate of another user: pages could be read, and each POST would say 503.
        raise click.ClickException(
            "PORTAL_DATA_DIR: the database in this folder cannot be written. Let this user write both."
        )
    if migrations.is_demo(app):
        raise click.ClickException("PORTAL_DATABASE_URL names a database that the demo has seeded. Use another one.")
    return app


@main.command()
@click.option("--port", default=8001, show_default=True, help="The port to listen on.")
def simulator(port: int) -> None:
    """Run the simulator of Cashlink alone, for an application of your own or a CI job.

    Its settings are SIMULATOR_*, all with defaults; tell it where your webhooks are received with
    SIMULATOR_WEBHOOK_URL. It is ready when /healthz answers, and POST /_control/reset brings it back to the beginning.
    The Studio, the issuer's side, is at /studio/. Data lie in instance/simulator.sqlite3.
    """
    from .server import ThreadedServer
    from .simulator import create_app
    from .simulator.config import Settings
    from .simulator.sender import Sender
    from .terminal import check_port, wait_for_end

    check_port(port, "--port")
    environ = {"SIMULATOR_PUBLIC_URL": f"http://localhost:{port}", **os.environ}
    try:
        settings = Settings.from_environment(environ)
    except ValueError as error:
        raise click.ClickException(str(error)) from error
    app = create_app(settings)
    server, sender = ThreadedServer(app, port).start(), Sender(app).start()
    click.echo(f"Simulator: {settings.public_url}   API: {settings.public_url}/api/external   Ctrl-C ends it.")
    wait_for_end()
    sender.close()
    server.close()


@main.command()
def migrate() -> None:
    """Bring the database to the schema of this version. Does nothing where it is there already."""
    from . import migrations

    app = _make_app()
    with _one_sentence():
        app.extensions["settings"].data_dir.mkdir(parents=True, exist_ok=True)
        migrations.migrate(app)
    click.echo("The database has the schema of this version.")


@main.command()
@click.option("--watch", is_flag=True, help="Go on until Ctrl-C instead of one round.")
@click.option("--list", "listing", is_flag=True, help="Show what is open, refused and parked, and why.")
@click.option(
    "--retry",
    metavar="ID",
    is_flag=False,
    flag_value="",
    help="Try a row again now: an open one, or a parked one after you have decided.",
)
@click.option("--all", "every", is_flag=True, help="With --retry: all open and parked rows.")
@click.option(
    "--release", metavar="ID", type=int, help="Count an investment's row as closed, so that a new one may begin."
)
def sync(watch: bool, listing: bool, retry: str | None, every: bool, release: int | None) -> None:
    """Finish calls to Cashlink whose answer is unknown, and ask for what webhooks missed.

    portal serve does the same in the background; this is for a terminal or a timer. ID is the number in the list.
    """
    from . import operations

    app = _app_on_its_schema()
    with app.app_context():
        if release is not None:
            _say_changed(int(operations.release(release)))
        elif retry is not None:
            if not retry.isdigit() and not every:
                raise click.UsageError("Say which: --retry ID, or --retry --all.")
            _say_changed(operations.retry(None if every else int(retry)))
        elif listing:
            click.echo("\n".join(operations.lines()) or "Nothing is open, refused or parked.")
            return
    _run_sync(app, watch)


@main.command()
@click.option("--json", "as_json", is_flag=True, help="The same as JSON, for a program.")
@click.option("--language", type=click.Choice(["en", "de"]), help="Of the findings; else the terminal's.")
@click.option("--start-url", default="", metavar="ADDRESS", help="Follow this start_url instead of the newest one.")
def doctor(as_json: bool, language: str | None, start_url: str) -> None:
    """Try the settings step by step: all problems at once, each with its remedy and whom to ask.

    Run it beside the running portal, with the same settings. It reads only, but for one webhook that it sends to the
    portal's public address and takes out of the database again, and it opens the start_url of the newest unsigned
    subscription to see where it leads. Ends with 1 when something failed; what cannot be known from here is no failure.
    """
    import json

    from .contract import as_data, exit_code, line
    from .contract.texts import usual_language
    from .doctor import examine

    chosen = language or usual_language(os.environ)
    results = examine(os.environ, start_url, tell=lambda result: None if as_json else click.echo(line(result, chosen)))
    code = exit_code(results)
    if as_json:
        click.echo(json.dumps({"ok": not code, "checks": as_data(results, chosen)}, ensure_ascii=False, indent=2))
    raise SystemExit(code)


def _run_sync(app: Flask, watch: bool) -> None:
    from .sync import Loop, run_once
    from .terminal import wait_for_end

    if watch:
        loop = Loop(app).start()
        wait_for_end()
        loop.close()
    else:
        with app.app_context():
            click.echo(f"{run_once()} rows were due.")


def _say_changed(count: int) -> None:
    if not count:
        raise click.ClickException("No such row is open or parked.")
    click.echo(f"{count} rows changed.")


@main.command()
@click.option("--app", "app_url", metavar="URL", help="Check your application: where it receives webhooks.")
@click.option("--api", is_flag=True, help="Check an API, Cashlink's own or a simulator's: settings CASHLINK_*.")
@click.option("--control", metavar="URL", help="The simulator. With --app: http://localhost:8001 unless given.")
@click.option("--script", metavar="COMMAND", default="", help="With --app: subscribes once, run for each round.")
@click.option("--round", "rounds", multiple=True, help="With --app: only this round; may be given several times.")
@click.option("--patience", default=20.0, show_default=True, help="With --app: seconds to heal in, per round.")
@click.option("--webhook-token", envvar="SIMULATOR_WEBHOOK_TOKEN", default="demo-webhook-token", show_envvar=True)
@click.option("--oauth", is_flag=True, help="Webhooks with a token of your endpoint: SIMULATOR_WEBHOOK_TOKEN_URL, …")
@click.option("--write", is_flag=True, help="With --api: create test data, which bear the name SELFCHECK.")
@click.option("--record", is_flag=True, help="With --api: write the rules that held into verified.toml.")
@click.option("--language", type=click.Choice(["en", "de"]), help="Of findings and reports; else the terminal's.")
@click.option("--html", type=click.Path(path_type=Path), help="Write the result as a page.")
@click.option("--json", type=click.Path(path_type=Path), help="Write it as JSON.")
@click.option("--junit", type=click.Path(path_type=Path), help="Write it as JUnit XML, for a CI.")
@click.option("--markdown", type=click.Path(path_type=Path), help="Write it as Markdown, to be sent on.")
def check(
    app_url: str | None,
    api: bool,
    control: str | None,
    script: str,
    rounds: tuple[str, ...],
    patience: float,
    webhook_token: str,
    oauth: bool,
    write: bool,
    record: bool,
    language: str | None,
    **files: Path | None,
) -> None:
    """Hold your application, or an API, against the contract of an integration. A self-check, no certificate.

    With --app your application works against `portal simulator`, which misbehaves meanwhile (what was armed there is
    cleared); somebody or a script subscribes once per round. With --api each rule is tried at CASHLINK_API_URL, reading
    only unless --write is given; with --control, for a simulator, also what only a simulator does when asked.

    Exit code: 0 nothing failed, 1 a rule is not kept, 2 it was called wrongly.
    """
    from .contract import command
    from .contract.app.knocks import Target

    if bool(app_url) == api:
        raise click.UsageError("Say which: --app URL, or --api.")
    output = command.Output(language or command.usual_language(os.environ), files)
    if api:
        control_url = control or ""
        raise SystemExit(command.run_api(output, os.environ, write=write, keep=record, control_url=control_url))
    target = Target.of_environment(app_url or "", webhook_token, os.environ if oauth else None)
    control_url = control or "http://localhost:8001"
    code = command.run_app(output, target, control_url=control_url, script=script, rounds=rounds, patience=patience)
    raise SystemExit(code)


def _make_app() -> Flask:
    from . import create_app
    from .config import ConfigurationError

    try:
        with _one_sentence():
            return create_app()
    except ConfigurationError as error:
        raise click.ClickException(str(error)) from error


def _app_on_its_schema() -> Flask:
    from . import migrations

    app = _make_app()
    with _one_sentence():
        try:
            migrations.check(app)
        except migrations.SchemaError as error:
            raise click.ClickException(str(error)) from error
    return app


def _database_is_in_folder() -> bool:
    """Whether none is named, so that it is a file of SQLite in PORTAL_DATA_DIR."""
    return not os.environ.get("PORTAL_DATABASE_URL", "").strip()


@contextmanager
def _one_sentence() -> Iterator[None]:
    """Instead of a driver's traceback, whose text may hold a part of the password."""
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except (SQLAlchemyError, ModuleNotFoundError) as error:
        kind = type(error).__name__
        if _database_is_in_folder():
            raise click.ClickException(
                f"PORTAL_DATA_DIR: the database in this folder cannot be used ({kind}). A new one is made by portal "
                "migrate. Else let this user write there."
            ) from None
        raise click.ClickException(
            f"PORTAL_DATABASE_URL: the database cannot be used ({kind}). A new file of SQLite is made by portal "
            "migrate. Else correct the address, and see that the server runs and lets this user in and make tables."
        ) from None
    except OSError as error:
        raise click.ClickException(
            f"PORTAL_DATA_DIR: the folder cannot be written ({error.strerror}). Let this user write there."
        ) from None


if __name__ == "__main__":
    main()
