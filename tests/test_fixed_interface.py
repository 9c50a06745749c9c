"""What other programs rely on: addresses, names, codes, commands. A change here breaks somebody's script."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from click import Command
from click.testing import CliRunner
from flask import Flask
from werkzeug.exceptions import HTTPException

from portal import cli
from portal.config import DEMO_VALUES, VARIABLES

from .journey import TYPED, Visitor
from .people import PASSWORD, add_user
from .settings import BOND
from .world import World, free_port, wait_until

pytestmark = pytest.mark.slow

ROUTES = """
GET  /
GET  /campaigns/{slug}
POST /campaigns/{slug}/invest
GET  /register
POST /register
GET  /confirm-email/token
POST /confirm-email/token
GET  /login
POST /login
POST /logout
GET  /investor
GET  /investments
GET  /investments/{id}
GET  /investments/{id}/events
POST /webhooks/cashlink
POST /webhooks/cashlink/
GET  /healthz
POST /language
"""
API = """
POST   /api/external/oauth/token                              401
POST   /api/external/v2/documents/                            401
POST   /api/external/v2/investors/                            401
GET    /api/external/v2/investors/{id}/                       401
PATCH  /api/external/v2/investors/{id}/                       401
POST   /api/external/v2/investors/{id}/identifications/       401
POST   /api/external/v2/investments/                          401
GET    /api/external/v2/investments/                          401
GET    /api/external/v2/investments/{id}/                     401
GET    /api/external-info/                                    200
GET    /studio/                                               200
GET    /subscribe/no-such-link                                404
"""
SETTINGS = """
CASHLINK_API_URL CASHLINK_CLIENT_ID CASHLINK_CLIENT_SECRET CASHLINK_START_URL_HOSTS CASHLINK_INFO_URL
CASHLINK_WEBHOOK_TOKENS CASHLINK_CAMPAIGNS CASHLINK_PROXY CASHLINK_CA_FILE PORTAL_DATABASE_URL PORTAL_SECRET_KEY
PORTAL_PUBLIC_URL PORTAL_MAIL_URL PORTAL_DATA_DIR
"""
ID = "11111111-2222-3333-4444-555555555555"


def lines(table: str) -> list[list[str]]:
    return [line.format(slug=BOND, id=ID).split() for line in table.strip().splitlines()]


@pytest.mark.parametrize(("method", "path"), lines(ROUTES))
def test_a_route_of_the_portal_is_there(app: Flask, method: str, path: str) -> None:
    app.url_map.bind("localhost").match(path, method)


@pytest.mark.parametrize("step", TYPED)
def test_each_step_of_the_investor_data_is_below_investor(app: Flask, step: str) -> None:
    for method in ("GET", "POST"):
        app.url_map.bind("localhost").match(f"/investor/{step}", method)


def test_the_mailbox_is_there_in_the_demo_only(app: Flask, environ: dict[str, str]) -> None:
    pytest.importorskip("portal.demo", reason="the demo has been deleted")
    from portal import create_app
    from portal.config import Settings

    create_app(Settings.from_environment(environ), demo=True).url_map.bind("localhost").match("/mailbox")
    with pytest.raises(HTTPException):
        app.url_map.bind("localhost").match("/mailbox")


@pytest.mark.parametrize(("method", "path", "status"), lines(API))
def test_an_address_of_the_simulator_answers(a_world: World, method: str, path: str, status: str) -> None:
    answer = requests.request(method, a_world.simulator_url + path, json={}, allow_redirects=False, timeout=10)
    assert answer.status_code == int(status), answer.text


def test_the_settings_bear_their_names() -> None:
    assert set(SETTINGS.split()) <= {variable.name for variable in VARIABLES}


def test_the_demo_publishes_its_credentials() -> None:
    assert DEMO_VALUES["CASHLINK_CLIENT_ID"] == "demo-client"
    assert DEMO_VALUES["CASHLINK_CLIENT_SECRET"] == "demo-secret"
    assert DEMO_VALUES["CASHLINK_WEBHOOK_TOKENS"] == "demo-webhook-token"


# Commands.


def commands(group: Command, name: str = "portal") -> Iterator[tuple[str, ...]]:
    """The words of each command, `portal` alone first."""
    yield tuple(name.split()[1:])
    for sub, command in getattr(group, "commands", {}).items():
        yield from commands(command, f"{name} {sub}")


@pytest.mark.parametrize("words", list(commands(cli.main)), ids=" ".join)
@pytest.mark.parametrize("option", ["--help", "-h"])
def test_each_command_explains_itself(words: tuple[str, ...], option: str) -> None:
    result = CliRunner().invoke(cli.main, [*words, option], prog_name="portal")
    assert result.exit_code == 0
    usage, told = result.output.split("\n\n")[:2]
    assert usage.startswith("Usage: portal")
    assert len(told.split()) >= 5, "a sentence for a stranger"


def test_the_commands_and_ports_are_those_that_were_promised() -> None:
    assert {"demo", "serve", "simulator", "sync", "migrate"} <= set(cli.main.commands)
    defaults = {option.name: option.default for option in cli.main.commands["demo"].params}
    assert (defaults["port"], defaults["simulator_port"]) == (8000, 8001)
    assert {option.name: option.default for option in cli.main.commands["simulator"].params}["port"] == 8001
    simulator = pytest.importorskip("portal.simulator.config", reason="the simulator has been deleted")
    assert simulator.DEFAULTS["SIMULATOR_PUBLIC_URL"] == "http://localhost:8001"
    assert simulator.DEFAULTS["SIMULATOR_WEBHOOK_URL"] == "http://localhost:8000/webhooks/cashlink"


def serve(environ: dict[str, str]) -> str:
    """What `portal serve` says when it refuses to start; nothing listens in any case."""
    result = CliRunner(env=environ).invoke(cli.main, ["serve"])
    assert result.exit_code == 1
    return result.output.strip()


@pytest.mark.parametrize("name", DEMO_VALUES)
def test_serve_refuses_each_setting_of_the_demo(app: Flask, environ: dict[str, str], name: str) -> None:
    told = serve({**environ, name: DEMO_VALUES[name]})
    assert told == f"Error: {name}: still what the demo publishes. Set values of your own."


def test_serve_refuses_the_demos_token_behind_one_of_ones_own(app: Flask, environ: dict[str, str]) -> None:
    tokens = f"{environ['CASHLINK_WEBHOOK_TOKENS']},{DEMO_VALUES['CASHLINK_WEBHOOK_TOKENS']}"
    assert "CASHLINK_WEBHOOK_TOKENS" in serve({**environ, "CASHLINK_WEBHOOK_TOKENS": tokens})


def test_serve_names_what_is_missing_and_the_remedy(environ: dict[str, str]) -> None:
    told = serve({**environ, "CASHLINK_API_URL": "", "PORTAL_SECRET_KEY": "short"})
    assert re.search(r"^(Error: )?CASHLINK_API_URL: is not set\. Set it to: ", told, re.MULTILINE)
    assert "PORTAL_SECRET_KEY: is too short. Make a random one" in told


def test_serve_refuses_a_database_without_the_schema(environ: dict[str, str]) -> None:
    assert serve(environ) == "Error: The database is older than this code. Run: portal migrate"


def test_migrate_can_be_repeated(environ: dict[str, str]) -> None:
    for _ in range(2):
        result = CliRunner(env=environ).invoke(cli.main, ["migrate"])
        assert (result.exit_code, result.output.count("\n")) == (0, 1), result.output


def test_migrate_makes_the_folder(environ: dict[str, str], tmp_path: Path) -> None:
    folder = tmp_path / "not" / "there"
    result = CliRunner(env={**environ, "PORTAL_DATA_DIR": str(folder)}).invoke(cli.main, ["migrate"])
    assert result.exit_code == 0, result.output
    assert (folder / "portal.sqlite3").is_file()


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://user:password@127.0.0.1:9/portal",
        "postgresql+psycopg://user:password@portal.invalid/portal",
        "postgresql+nodriver://user:password@127.0.0.1:9/portal",
        "sqlite:////not/there/portal.sqlite3",
    ],
)
def test_a_database_that_cannot_be_used_is_one_sentence(environ: dict[str, str], url: str) -> None:
    environ["PORTAL_DATABASE_URL"] = url
    for command in (["migrate"], ["serve"], ["sync"], ["sync", "--list"], ["sync", "--retry", "1"]):
        result = CliRunner(env=environ).invoke(cli.main, command)
        assert result.exit_code == 1
        assert result.output.startswith("Error: PORTAL_DATABASE_URL: the database cannot be used (")
        assert result.output.count("\n") == 1
        assert "word" not in result.output


def test_without_an_address_of_its_own_it_is_the_folder_of_the_database(environ: dict[str, str]) -> None:
    """A file stands where the folder should be: root may write everywhere else."""
    environ["PORTAL_DATA_DIR"] = __file__
    for command in (["migrate"], ["serve"], ["sync"]):
        result = CliRunner(env=environ).invoke(cli.main, command)
        assert result.exit_code == 1
        assert result.output.startswith("Error: PORTAL_DATA_DIR: ")
        assert result.output.count("\n") == 1


def test_a_file_of_another_user_is_refused_at_the_start(
    app: Flask, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It could be read, and each POST would say 503."""
    monkeypatch.setattr(cli.os, "access", lambda path, _mode: path != Path(environ["PORTAL_DATA_DIR"]))
    result = CliRunner(env=environ).invoke(cli.main, ["serve"])
    assert (result.exit_code, result.output) == (
        1,
        "Error: PORTAL_DATA_DIR: the database in this folder cannot be written. Let this user write both.\n",
    )


def test_an_address_that_cannot_be_listened_on_is_one_sentence(app: Flask, environ: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for bind in (f"127.0.0.1:{port}", "127.0.0.1:99999", "192.0.2.1:8000", "8000"):
            result = CliRunner(env=environ).invoke(cli.main, ["serve", "--bind", bind])
            assert result.exit_code == 1
            assert result.output.startswith(f"Error: --bind {bind}: ")
            assert result.output.endswith("Give an address of this machine and a free port.\n")


def test_a_row_that_is_not_there_is_an_error(app: Flask, environ: dict[str, str]) -> None:
    for option in ("--retry", "--release"):
        result = CliRunner(env=environ).invoke(cli.main, ["sync", option, "1"])
        assert (result.exit_code, result.output) == (1, "Error: No such row is open or parked.\n")


# Pages and their forms.


@pytest.fixture(scope="module")
def a_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with World(tmp_path_factory.mktemp("world"), demo=True) as running:
        yield running


def test_forms_bear_the_names_of_the_api(a_world: World) -> None:
    """Field for field; what an API field has more than one control for is in the list as well."""
    names = {step: set(typed) for step, typed in TYPED.items()}
    names["tax"] |= {"non_assessment_certificate"}
    names["bank"] |= {"bank"}
    names["identification"] |= {
        "document_type",
        "document_id",
        "document_issuer",
        "document_valid_from",
        "document_valid_to",
        "identity_provider",
        "legitimation_process_id",
        "verified_at",
    }
    visitor = confirmed(a_world, "names@example.org")
    for step, typed in TYPED.items():
        assert names[step] <= visitor.open(f"/investor/{step}").form().names, step
        visitor.send(typed)
    assert "consent" in visitor.form().boxes


def confirmed(world: World, email: str) -> Visitor:
    """Somebody with a confirmed account, signed in."""
    visitor = Visitor(world.url)
    visitor.open("/register").send({"email": email, "password": PASSWORD}, tick=True)
    mail = next(mail for mail in visitor.open("/mailbox").page.select("article") if email in mail.get_text())
    link = mail.select_one('a[href*="/confirm-email/"]')
    assert link is not None
    return visitor.open(str(link["href"])).send({"password": PASSWORD})


def begin(world: World, name: str) -> str:
    from .acts import Acts

    acts, user_id = Acts(world), add_user(world.app, name)
    assert acts.import_investor(user_id) == "done"
    start_url = acts.invest(user_id)[1]
    assert start_url is not None
    return start_url


def test_the_progress_page_has_one_status_and_a_stream(a_world: World) -> None:
    begin(a_world, "streaming")
    visitor = Visitor(a_world.url).open("/login").send({"email": "streaming@example.org", "password": PASSWORD})
    visitor.open("/investments").follow('main table a[href^="/investments/"]')
    assert len(visitor.page.select("[data-status]")) == 1
    assert visitor.status == "STARTED"
    with visitor.browser.get(f"{visitor.url}/events", stream=True, timeout=10) as stream:
        assert stream.status_code == 200
        assert stream.headers["Content-Type"].startswith("text/event-stream")


@pytest.mark.parametrize(("language", "amount"), [("en", "1,000.00"), ("de", "1.000,00")])
def test_the_hosted_pages_run_through_on_their_defaults(a_world: World, language: str, amount: str) -> None:
    visitor = Visitor(a_world.simulator_url, language).open(begin(a_world, f"hosted-{language}"))
    steps = []
    while visitor.has_form():
        steps.append(visitor.path.rpartition("/")[2])
        first = visitor.form("form")
        assert first.action.endswith(f"/{steps[-1]}"), "the first POST form of a page is the step itself"
        if steps[-1] == "amount":
            assert first.values["amount"] == amount
        visitor.send(form="form", tick=True)
    assert steps == ["welcome", "amount", "questions", "documents", "signature", "identification"]
    assert state(a_world)[-1]["status"] == "REVIEW_PENDING"


@pytest.mark.parametrize(
    ("actions", "status"),
    [
        (("identify", "review", "accept", "pay", "deliver"), "DELIVERED"),
        (("identify", "review", "reject"), "REJECTION"),
        (("cancel",), "ABORTION"),
    ],
)
def test_the_actions_of_the_studio_answer(a_world: World, actions: tuple[str, ...], status: str) -> None:
    visitor = Visitor(a_world.simulator_url).open(begin(a_world, status.lower()))
    while not visitor.path.endswith("/identification"):
        visitor.send(form="form", tick=True)
    newest = state(a_world)[-1]
    for action in actions:
        assert act(a_world, newest["id"], action) == 200, action
    assert state(a_world)[-1]["status"] == status
    assert act(a_world, newest["id"], "identify") == 409, "what is impossible says so"


def test_the_studio_shows_all_investments_newest_first(a_world: World) -> None:
    for name in ("older", "newer"):
        begin(a_world, name)
    listed = Visitor(a_world.simulator_url).open("/studio/").page
    shown = [str(link["href"]).rpartition("/")[2] for link in listed.select('main tbody a[href^="/studio/"]')]
    assert shown == [row["id"] for row in reversed(state(a_world))]


def state(world: World) -> list[dict[str, str]]:
    """The simulator's investments, oldest first."""
    answer = requests.get(f"{world.simulator_url}/_control/state", timeout=10)
    return list(answer.json()["investments"])


def act(world: World, investment_id: str, action: str) -> int:
    """`POST /studio/investments/<id>/<action>`; the status of what it leads to."""
    issuer = Visitor(world.simulator_url).open("/studio/")
    token = issuer.form("main form").values["csrf_token"]
    address = f"{world.simulator_url}/studio/investments/{investment_id}/{action}"
    return issuer.browser.post(address, data={"csrf_token": token}, timeout=10).status_code


# The demo as it is started.


@dataclass
class Demo:
    process: subprocess.Popen[str]
    portal: str
    simulator: str
    folder: Path
    greeting: str

    def stop(self) -> tuple[int, bool]:
        """Ctrl-C; the exit code, and whether it complained."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        return self.process.wait(20), "Traceback" in (self.folder / "log").read_text()


def start_demo(folder: Path) -> Demo:
    """`portal demo`, without any setting but its ports and folder."""
    port, simulator_port = free_port(), free_port()
    ports = ["--port", str(port), "--simulator-port", str(simulator_port)]
    environ = {name: value for name, value in os.environ.items() if not re.match("CASHLINK_|PORTAL_|SIMULATOR_", name)}
    log = folder / "log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "portal.cli", "demo", *ports],
            env={**environ, "PORTAL_DATA_DIR": str(folder), "PYTHONUNBUFFERED": "1"},
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
        )
    demo = Demo(process, f"http://localhost:{port}", f"http://localhost:{simulator_port}", folder, "")
    wait_until(lambda: "Ctrl-C" in log.read_text() or process.poll() is not None, 60, "the demo")
    demo.greeting = log.read_text()
    return demo


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    pytest.importorskip("portal.simulator", reason="the simulator has been deleted")
    pytest.importorskip("portal.demo", reason="the demo has been deleted")
    running = start_demo(tmp_path_factory.mktemp("demo"))
    yield running
    running.stop()


# Statuses of the cast, newest investment first, as the portfolio lists them.
CAST = {
    "alice": [],
    "bob": ["KYC_PENDING"],
    "carol": ["ACCEPTED"],
    "dana": ["KYC_INSUFFICIENT", "PAID", "DELIVERED", "REJECTION"],
}


@pytest.mark.slow
@pytest.mark.parametrize("name", CAST)
def test_the_cast_signs_in_with_the_published_password(demo: Demo, name: str) -> None:
    visitor = Visitor(demo.portal)
    visitor.open("/login").send({"email": f"{name}@example.org", "password": "wind-ember-lantern-42"})
    visitor.open("/investments")
    pages = [str(link["href"]) for link in visitor.page.select("main table a")]
    assert [visitor.open(page).status for page in pages] == CAST[name]
    if name == "alice":
        visitor.open(f"/campaigns/{BOND}").send(form="form[data-invest]")
        assert visitor.url.startswith(f"{demo.simulator}/subscribe/")


@pytest.mark.slow
def test_the_demo_tells_its_addresses_and_takes_its_credentials(demo: Demo) -> None:
    for told in (demo.portal, f"{demo.simulator}/studio/", f"{demo.portal}/mailbox", "wind-ember-lantern-42"):
        assert told in demo.greeting
    for address in (f"{demo.portal}/healthz", f"{demo.simulator}/healthz"):
        assert requests.get(address, timeout=10).status_code == 200
    grant = {"grant_type": "client_credentials", "client_id": "demo-client", "client_secret": "demo-secret"}
    token = requests.post(f"{demo.simulator}/api/external/oauth/token", data=grant, timeout=10)
    assert token.json()["token_type"] == "Bearer"
    event = {"investment_id": ID, "status": "PAID", "changed_at": "2026-01-02T03:04:05Z"}
    bearer = {"Authorization": "Bearer demo-webhook-token"}
    received = requests.post(f"{demo.portal}/webhooks/cashlink", json=event, headers=bearer, timeout=10)
    assert received.status_code == 204


@pytest.mark.slow
def test_the_demo_ends_cleanly_begins_again_and_is_refused_by_serve(demo: Demo, environ: dict[str, str]) -> None:
    """The last of this file: it stops the demo."""
    assert "First start" in demo.greeting
    assert demo.stop() == (0, False)
    again = start_demo(demo.folder)
    try:
        assert "First start" not in again.greeting
        visitor = Visitor(again.portal)
        visitor.open("/login").send({"email": "bob@example.org", "password": "wind-ember-lantern-42"})
        visitor.open("/investments").follow("main table a")
        assert visitor.status == "KYC_PENDING"
    finally:
        assert again.stop() == (0, False)
    told = serve({**environ, "PORTAL_DATA_DIR": str(demo.folder)})
    assert told == "Error: PORTAL_DATABASE_URL names a database that the demo has seeded. Use another one."
