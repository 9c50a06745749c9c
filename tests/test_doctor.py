"""`portal doctor`: in a world where all is well nothing fails, and in each broken one exactly the check that knows."""

from __future__ import annotations

import io
import json
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode

import pytest
import requests
from click.testing import CliRunner

pytest.importorskip("portal.simulator", reason="the simulator has been deleted")

from portal import create_app
from portal.cashlink import payloads
from portal.cli import main
from portal.config import Settings
from portal.contract import Result
from portal.database import db, now
from portal.doctor import examine
from portal.doctor.here import MAILERS
from portal.doctor.installation import HOSTING, NETWORK, no_answer
from portal.models import Intent, Investment, StatusChange, new_key

from .accounts.test_mail import MailServer
from .people import ANSWERS
from .schema import migrate
from .settings import BOND, CAMPAIGNS
from .world import World

pytestmark = pytest.mark.slow

OAUTH = {
    "CASHLINK_WEBHOOK_CLIENT_ID": "webhook-client",
    "CASHLINK_WEBHOOK_CLIENT_SECRET": "webhook-secret-of-the-tests",
}


@pytest.fixture(scope="module")
def mail_server() -> Iterator[MailServer]:
    with MailServer() as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture(scope="module")
def well(tmp_path_factory: pytest.TempPathFactory, mail_server: MailServer) -> Iterator[World]:
    """A portal and a simulator that run as they should, with everything set."""
    settings = {**OAUTH, "PORTAL_MAIL_URL": mail_server.url}
    with World(tmp_path_factory.mktemp("doctor"), background=False, **settings) as world:
        yield world


@pytest.fixture
def world(well: World) -> Iterator[World]:
    """That world, put right again afterwards."""
    application = well.simulator.wsgi_app
    yield well
    well.simulator.wsgi_app = application  # type: ignore[method-assign]
    control(well, "reset", {})
    with well.app.app_context():
        for table in (Intent, Investment, StatusChange):
            db.session.query(table).delete()
        db.session.commit()


def control(world: World, path: str, body: dict[str, Any]) -> Any:
    answer = requests.post(f"{world.simulator_url}/_control/{path}", json=body, timeout=10)
    answer.raise_for_status()
    return answer.json()


def states(results: list[Result]) -> dict[str, str]:
    return {result.check.id: result.finding.state for result in results}


def failures(results: list[Result]) -> set[str]:
    return {name for name, state in states(results).items() if state == "failed"}


def test_where_all_is_well_nothing_fails(world: World, mail_server: MailServer) -> None:
    results = examine(world.environ)
    assert {name: state for name, state in states(results).items() if state != "ok"} == {
        # What no reading can tell, and what is not at hand yet.
        "white-list": "unknown",
        "start-url": "unknown",
    }
    assert not mail_server.received
    with world.app.app_context():
        assert db.session.query(StatusChange).count() == 0


def at_port_9(address: str) -> Callable[[World, Path], dict[str, str]]:
    return lambda world, _: {
        address: world.environ[address].replace(world.environ[address].split("/")[2], "localhost:9")
    }


def lacking_scopes(world: World, _: Path) -> dict[str, str]:
    """Whatever is asked for, the token is for documents only."""
    application = world.simulator.wsgi_app

    def grant_less(environ: dict[str, Any], start: Any) -> Any:
        if environ["PATH_INFO"].endswith("/oauth/token"):
            form = parse_qs(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])).decode())
            body = urlencode({**form, "scope": ["documents:write"]}, doseq=True).encode()
            environ |= {"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}
        return application(environ, start)

    world.simulator.wsgi_app = grant_less  # type: ignore[method-assign]
    return {}


def wrong_clock(world: World, _: Path) -> dict[str, str]:
    control(world, "faults", {"on": "token", "fault": "wrong_date:past", "times": 1})
    return {}


def kept_row(result: str | None, reason: str) -> Callable[[World, Path], dict[str, str]]:
    def keep(world: World, _: Path) -> dict[str, str]:
        with world.app.app_context():
            investment = Investment(campaign=BOND, number=1)
            db.session.add(Intent(kind="investment", investment=investment, result=result, reason=reason))
            db.session.commit()
        return {}

    return keep


def foreign_chain(world: World, _: Path) -> dict[str, str]:
    """The start_url is Cashlink's, and redirects on to a host that no browser would go to."""
    control(world, "modes", {"start_url_redirects": True})
    add_subscription(world)
    return {}


def add_subscription(world: World, start_url: str = "") -> None:
    with world.app.app_context():
        start_url = start_url or f"{world.simulator_url}/subscribe/some-secret"
        db.session.add(Investment(campaign=BOND, number=1, cashlink_id=new_key(), start_url=start_url))
        db.session.commit()


def missing_file(_: World, folder: Path) -> dict[str, str]:
    return {"PORTAL_DATABASE_URL": f"sqlite:///{folder / 'none.sqlite3'}"}


BROKEN: dict[str, tuple[str, Callable[[World, Path], dict[str, str]]]] = {
    "a setting that cannot be read": ("settings", lambda *_: {"PORTAL_STREAMS": "many"}),
    "a webhook token that is too short": ("settings", lambda *_: {"CASHLINK_WEBHOOK_TOKENS": "short"}),
    "a secret that the demo publishes": (
        "settings",
        lambda *_: {"PORTAL_SECRET_KEY": "demo-secret-key-that-protects-nothing-at-all"},
    ),
    "no database": ("database", missing_file),
    "a database address that is none": ("settings", lambda *_: {"PORTAL_DATABASE_URL": "nonsense"}),
    "a database that this portal cannot speak to": (
        "database",
        lambda *_: {"PORTAL_DATABASE_URL": "postgresql+nodriver://a@b/c"},
    ),
    "a database server that is away": (
        "database",
        lambda *_: {"PORTAL_DATABASE_URL": "postgresql+psycopg://nobody@127.0.0.1:9/none"},
    ),
    "a parked row": ("parked-rows", kept_row("parked", "http-404")),
    "a wrong client secret": ("token", lambda *_: {"CASHLINK_CLIENT_SECRET": "a-wrong-secret"}),
    "an API that is away": ("token", at_port_9("CASHLINK_API_URL")),
    "an address without an API": ("token", lambda world, _: {"CASHLINK_API_URL": world.simulator_url}),
    "a token without scopes": ("scopes", lacking_scopes),
    "a clock that is wrong": ("clock", wrong_clock),
    "a campaign without its file": (
        "campaigns",
        lambda *_: {"CASHLINK_CAMPAIGNS": CAMPAIGNS.replace(BOND, "no-such-campaign")},
    ),
    "one id for two campaigns": (
        "campaigns",
        lambda *_: {"CASHLINK_CAMPAIGNS": re.sub(r"(\d)b02", r"\1b01", CAMPAIGNS)},
    ),
    "an account that is not white-listed": ("white-list", kept_row(None, "http-403")),
    "a product of another name": (
        "funding",
        lambda *_: {"CASHLINK_CAMPAIGNS": CAMPAIGNS.replace("Solarpark Wendelau", "Solar Park")},
    ),
    "funding information that is away": ("funding", at_port_9("CASHLINK_INFO_URL")),
    "a start_url that leads elsewhere": ("start-url", foreign_chain),
    "a public address where nobody answers": ("public-url", lambda *_: {"PORTAL_PUBLIC_URL": "http://localhost:9"}),
    "http in public": ("settings", lambda *_: {"PORTAL_PUBLIC_URL": "http://portal.example.org"}),
    "a token that the running portal does not know": (
        "webhook-token",
        lambda *_: {"CASHLINK_WEBHOOK_TOKENS": "another-token-of-the-tests"},
    ),
    "a secret that the running portal does not know": (
        "webhook-oauth",
        lambda *_: {"CASHLINK_WEBHOOK_CLIENT_SECRET": "another-secret-of-the-tests"},
    ),
    "no mail server": ("mail", lambda *_: {"PORTAL_MAIL_URL": "smtp://127.0.0.1:9"}),
    "mail that is not set": ("mail", lambda *_: {"PORTAL_MAIL_URL": ""}),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_world_fails_exactly_its_check(world: World, tmp_path: Path, case: str) -> None:
    check, breaks = BROKEN[case]
    results = examine({**world.environ, **breaks(world, tmp_path)})
    assert failures(results) == {check}
    (finding,) = [result.finding for result in results if result.check.id == check]
    assert finding.remedy
    assert finding.ask
    told = "".join(text for text in (*finding.seen, *finding.remedy, *finding.ask))
    for secret in ("secret-of-the-tests", "token-of-the-tests", "some-secret", "webhook-client"):
        assert secret not in told


def test_only_on_the_way_to_cashlink_a_certificate_can_be_added() -> None:
    for whom, told in ((NETWORK, True), (HOSTING, False), (MAILERS, False)):
        remedy = no_answer(requests.exceptions.SSLError(), whom).remedy
        assert ["CASHLINK_CA_FILE" in text for text in remedy] == [told, told]
        assert remedy.en.startswith("Renew the certificate with its whole chain")


def test_a_public_address_of_another_portal_is_found_by_the_database(world: World, tmp_path: Path) -> None:
    environ = {**world.environ, "PORTAL_DATABASE_URL": f"sqlite:///{tmp_path / 'other.sqlite3'}"}
    other = create_app(Settings.from_environment(environ))
    migrate(other)
    results = examine(environ)
    with other.app_context():
        db.engine.dispose()
    assert failures(results) == {"webhook-token", "webhook-oauth"}


def test_each_check_is_broken_somewhere() -> None:
    assert {check for check, _ in BROKEN.values()} == {result.check.id for result in examine({})}


def test_a_start_url_at_hand_is_followed(world: World) -> None:
    add_subscription(world)
    host = world.simulator_url.removeprefix("http://")
    assert start_url_finding(world) == ("unknown", f"leads to {host}, answered 404")
    client = world.app.extensions["cashlink"]
    campaign_id = CAMPAIGNS.split("=")[1]
    person = {**ANSWERS["person"], **ANSWERS["birth"], **ANSWERS["address"]}
    money = {"bank_account": ANSWERS["bank"], "tax_information": ANSWERS["tax"]}
    data = {"natural_person": person, **money, **ANSWERS["statements"], "account_setup_accepted_at": now().isoformat()}
    investor_id = client.create_investor(payloads.encode(data), new_key())
    subscription = payloads.encode({"campaign_id": campaign_id, "investor_id": investor_id})
    add_subscription(world, client.create_investment(subscription, new_key()).start_url)
    assert start_url_finding(world) == ("ok", f"leads to {host}")


def start_url_finding(world: World) -> tuple[str, str]:
    (finding,) = [result.finding for result in examine(world.environ) if result.check.id == "start-url"]
    return finding.state, finding.seen.en


def test_all_problems_are_told_at_once_with_a_code_and_as_json(monkeypatch: pytest.MonkeyPatch, world: World) -> None:
    for name, value in {**world.environ, "CASHLINK_CLIENT_SECRET": "a-wrong-secret", "PORTAL_MAIL_URL": ""}.items():
        monkeypatch.setenv(name, value)
    told = CliRunner().invoke(main, ["doctor", "--language", "de"])
    assert told.exit_code == 1
    assert told.output.count("Wen Sie fragen") == 2 + 1  # two failed, and the white list cannot be known
    answer = json.loads(CliRunner().invoke(main, ["doctor", "--json"]).output)
    assert answer["ok"] is False
    assert {check["id"] for check in answer["checks"] if check["state"] == "failed"} == {"token", "mail"}
    monkeypatch.setenv("CASHLINK_CLIENT_SECRET", world.environ["CASHLINK_CLIENT_SECRET"])
    monkeypatch.setenv("PORTAL_MAIL_URL", world.environ["PORTAL_MAIL_URL"])
    assert CliRunner().invoke(main, ["doctor"]).exit_code == 0
