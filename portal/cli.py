"""The command `portal`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from flask import Flask


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def main() -> None:
    """An investor portal that integrates Cashlink's web-based subscription.

    To see it, without any account or key: portal demo. To run it against Cashlink: set the variables of the README's
    table, then portal migrate and portal serve.
    """


@main.command()
@click.option("--port", default=8000, show_default=True, help="The portal's port.")
@click.option("--simulator-port", default=8001, show_default=True, help="The simulator's port.")
@click.option("--reset", is_flag=True, help="Begin with the cast as it was at first; a running demo starts over.")
@click.option("--check", is_flag=True, help="Say whether a presentation can begin, and end.")
def demo(port: int, simulator_port: int, reset: bool, check: bool) -> None:
    """Start portal and simulator with a cast of investors, in one process.

    Everything runs on this machine, nothing is sent anywhere. Data lie in the folder instance/ (PORTAL_DATA_DIR);
    a second start on the same day finds everything as it was, the first of a day makes the cast's stories anew, since
    all their dates count from today. Ctrl-C ends both.
    """
    if check:
        from .demo.check import run_checks

        raise SystemExit(0 if run_checks(port, simulator_port) else 1)
    from .demo.run import run

    run(port, simulator_port, reset=reset)


@main.command()
@click.option("--bind", default="127.0.0.1:8000", show_default=True, help="Address and port to listen on.")
@click.option("--workers", default=2, show_default=True, help="Processes.")
def serve(bind: str, workers: int) -> None:
    """Run the portal in earnest, against the API that the settings name.

    Each process also finishes what was left unknown (as portal sync does) and feeds the live pages. Refuses to start
    with settings that the demo publishes, on a database that the demo has seeded, or on a schema of another version.
    Put a reverse proxy with TLS in front. Logs are JSON on standard error, one line per request and per record.
    """
    from . import migrations
    from .config import demo_settings_used

    used = demo_settings_used(os.environ)
    if used:
        raise click.ClickException(f"{', '.join(used)}: still what the demo publishes. Set values of your own.")
    app = _make_app()
    try:
        migrations.check(app)
    except migrations.SchemaError as error:
        raise click.ClickException(str(error)) from error
    if migrations.is_demo(app):
        raise click.ClickException("PORTAL_DATABASE_URL names a database that the demo has seeded. Use another one.")
    try:
        from .server import serve as run_server
    except ImportError as error:
        raise click.ClickException("gunicorn is missing; it does not run on Windows. Use: portal demo") from error
    run_server(_make_app, bind, workers, app.extensions["settings"].streams)


@main.command()
@click.option("--port", default=8001, show_default=True, help="The port to listen on.")
def simulator(port: int) -> None:
    """Run the simulator of Cashlink alone, for an application of your own.

    Its settings are SIMULATOR_*; tell it where your webhooks are received with SIMULATOR_WEBHOOK_URL. The Studio, the
    issuer's side, is at /studio/. Data lie in instance/simulator.sqlite3.
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

    migrations.migrate(_make_app())
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

    app = _make_app()
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
    click.echo(f"{count} rows changed." if count else "No such row is open or parked.")


def _make_app() -> Flask:
    from . import create_app
    from .config import ConfigurationError

    try:
        return create_app()
    except ConfigurationError as error:
        raise click.ClickException(str(error)) from error


if __name__ == "__main__":
    main()
