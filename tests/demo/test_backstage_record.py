"""What Backstage records: each call and each webhook, with its cause and its source, and nothing that is secret."""

from __future__ import annotations

import pickle
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from portal.database import db
from portal.models import Intent, Investor

from ..acts import Acts
from ..people import ANSWERS, IDENTIFICATION, PASSWORD, PROTOCOL, add_user
from ..settings import BOND, WEBHOOK_TOKEN
from ..visitor import Visitor
from ..world import World, wait_until

pytest.importorskip("portal.demo.backstage", reason="the demo has been deleted")

from portal.demo.backstage.record import LOOP, WEBHOOK, Entry, Recorder, sentence

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def demo_world(tmp_path: Path) -> Iterator[World]:
    with World(tmp_path, demo=True, background=False) as running:
        yield running


@pytest.fixture
def acts(demo_world: World) -> Acts:
    return Acts(demo_world)


def recorder_of(world: World) -> Recorder:
    recorder: Recorder = world.app.extensions["backstage"]
    return recorder


def calls(world: World, caused_by: str | None = None) -> list[Entry]:
    return [entry for entry in recorder_of(world).entries() if caused_by in (None, entry.caused_by)]


def signed_in(world: World, name: str) -> requests.Session:
    """A browser over real HTTP."""
    browser = requests.Session()
    page = browser.get(f"{world.url}/login")
    data = {"email": f"{name}@example.org", "password": PASSWORD, "csrf_token": token_of(page.text)}
    assert browser.post(f"{world.url}/login", data=data, allow_redirects=False).status_code == 303
    return browser


def token_of(page: str) -> str:
    return page.partition('name="csrf_token" value="')[2].partition('"')[0]


def invest(world: World, browser: requests.Session) -> str:
    page = browser.get(f"{world.url}/campaigns/{BOND}").text
    data = {"number": "1", "csrf_token": token_of(page)}
    answer = browser.post(f"{world.url}/campaigns/{BOND}/invest", data=data, allow_redirects=False)
    return answer.headers["Location"]


def whole_story(acts: Acts) -> str:
    """An identified person consents and invests, signs and is reviewed; returns the start_url."""
    world = acts.world
    add_user(world.app, "alice", identified=True)
    browser = signed_in(world, "alice")
    page = browser.get(f"{world.url}/investor/check").text
    browser.post(f"{world.url}/investor/check", data={"consent": "y", "csrf_token": token_of(page)})
    start_url = invest(world, browser)
    acts.sign(start_url)
    wait_until(lambda: calls(world, WEBHOOK), what="a webhook")
    acts.run_loop()
    return start_url


def test_each_call_and_webhook_is_recorded_with_its_cause(acts: Acts) -> None:
    whole_story(acts)
    told = [(entry.caused_by, entry.method, entry.path, entry.status) for entry in calls(acts.world)]
    consent, click = "POST /investor/check", "POST /campaigns/…/invest"
    investor = next(entry.path for entry in calls(acts.world) if entry.method == "PATCH").split("/")[3]
    assert told[:6] == [
        (consent, "POST", "/oauth/token", 200),
        (consent, "POST", "/v2/investors/", 201),
        (consent, "PATCH", f"/v2/investors/{investor}/", 200),
        (consent, "POST", "/v2/documents/", 201),
        (consent, "POST", f"/v2/investors/{investor}/identifications/", 201),
        (click, "POST", "/v2/investments/", 201),
    ]
    assert (WEBHOOK, "POST", "/webhooks/cashlink", 204) in told
    assert {entry.method for entry in calls(acts.world, LOOP)} == {"GET"}
    clicks = [entry.click for entry in calls(acts.world)[:6]]
    assert len(set(clicks[:5])) == 1
    assert clicks[5] not in (None, clicks[0])
    assert all(entry.click is None for entry in calls(acts.world, LOOP) + calls(acts.world, WEBHOOK))


def test_each_entry_knows_its_step_and_its_source(acts: Acts) -> None:
    whole_story(acts)
    entries = calls(acts.world)
    assert [entry.step for entry in entries[:6]] == ["1 import_investor"] * 5 + ["2 start_subscription"]
    (webhook,) = calls(acts.world, WEBHOOK)
    assert (webhook.step, webhook.file, webhook.function) == (
        "3 record_status_change",
        "portal/integration.py",
        "record_status_change",
    )
    created = entries[5]
    assert (created.file, created.function) == ("portal/integration.py", "_create_investment")
    line = (ROOT / created.file).read_text().splitlines()[created.line - 1]
    assert "client().create_investment(body, key)" in line
    way = [place.function for place in created.trace]
    assert way[0] == "invest"
    assert way[-2:] == ["_create_investment", "create_investment"]
    assert all(place.file.startswith("portal/") and "demo" not in place.file for place in created.trace)


def test_the_investment_is_known_by_its_id_at_cashlink(acts: Acts) -> None:
    whole_story(acts)
    (investment,) = acts.state()["investments"]
    named = [entry for entry in calls(acts.world) if entry.investment_id]
    assert {entry.investment_id for entry in named} == {investment["id"]}
    assert {(entry.kind, entry.method) for entry in named} == {("call", "POST"), ("call", "GET"), ("webhook", "POST")}
    assert [entry.told for entry in calls(acts.world, WEBHOOK)] == [investment["status"]]


def test_nothing_secret_or_personal_is_in_the_store(acts: Acts) -> None:
    start_url = whole_story(acts)
    entries = calls(acts.world)
    store = pickle.dumps(entries)
    wanted = [
        start_url,
        start_url.rpartition("/")[2],
        WEBHOOK_TOKEN,
        acts.world.environ["CASHLINK_CLIENT_SECRET"],
        acts.world.app.extensions["cashlink"]._token,
        "alice@example.org",
        PROTOCOL.decode()[:40],
        "protocol.pdf",
    ]
    wanted += [value for step in (*ANSWERS.values(), IDENTIFICATION) for value in step.values() if _is_telling(value)]
    assert [value for value in wanted if value.encode() in store] == []
    # Not because nothing was kept.
    assert all(entry.answer for entry in entries if entry.kind == "call")
    assert '"iban"' in next(entry.request for entry in entries if entry.path == "/v2/investors/")


def _is_telling(value: Any) -> bool:
    """Short codes as "MS" or "EUR" also stand elsewhere."""
    return isinstance(value, str) and len(value) > 4


def test_a_repeat_bears_the_same_key_and_the_next_number(acts: Acts) -> None:
    world = acts.world
    add_user(world.app, "alice", consented=True)
    acts.import_investor(1)
    acts.arm("create_investment", "after:lost")
    with world.app.app_context():
        assert db.session.query(Investor).one().imported_at
    acts.invest(1)
    acts.loop_until(lambda: acts.intents()[-1][1] == "done", "the repeat")
    tries = [entry for entry in calls(world) if (entry.method, entry.path) == ("POST", "/v2/investments/")]
    assert [entry.attempt for entry in tries] == list(range(1, len(tries) + 1))
    with world.app.app_context():
        key = db.session.query(Intent).filter_by(kind="investment").one().idempotency_key
    assert {entry.idempotency_key for entry in tries} == {key}
    assert tries[0].status is None
    assert tries[-1].status == 201
    with world.app.test_request_context("/", headers={"Accept-Language": "en"}):
        assert sentence(tries[-1]).startswith("Portal asks Cashlink to create the investment · 201 · ")
        assert sentence(tries[-1]).endswith(f" · attempt {len(tries)}")
        assert " · no answer" in sentence(tries[0])
    with world.app.test_request_context("/", headers={"Accept-Language": "de"}):
        assert sentence(tries[-1]).startswith("Das Portal lässt Cashlink die Zeichnung anlegen · 201 · ")


def test_of_what_the_loop_asks_in_vain_the_first_and_the_last_time_are_kept(acts: Acts) -> None:
    whole_story(acts)
    for _ in range(5):
        acts.run_loop()
    questions = [entry for entry in calls(acts.world, LOOP) if entry.investment_id]
    assert [(entry.times, entry.is_routine) for entry in questions] == [(1, False), (6, True)]


def test_a_stranger_s_webhook_is_recorded_without_its_body(acts: Acts) -> None:
    url = f"{acts.world.url}/webhooks/cashlink"
    assert requests.post(url, json={"status": "PAID"}, headers={"Authorization": "Bearer x"}).status_code == 401
    (entry,) = calls(acts.world)
    assert (entry.status, entry.error, entry.request, entry.went_well) == (401, "http-401", "", False)


HOSTILE = [b"", b"[" * 50_000, b"\xff", b'{"status": "PAID"', b'"x"', b'{"status": 5}', b'{"id": "\\ud800"}']


@pytest.mark.parametrize("body", [*HOSTILE, b'{"x":' * 150 + b"1" + b"}" * 150])
def test_a_hostile_webhook_reaches_the_receiver_and_is_shown(acts: Acts, body: bytes) -> None:
    url = f"{acts.world.url}/webhooks/cashlink"
    answer = requests.post(url, data=body, headers={"Authorization": f"Bearer {WEBHOOK_TOKEN}"})
    assert answer.status_code == 204
    (entry,) = calls(acts.world)
    assert len(entry.request) < 10_000
    assert entry.told is None
    for path in ("/backstage", f"/backstage/{entry.id}", "/backstage/take-home"):
        assert requests.get(acts.world.url + path).status_code == 200


def test_five_hundred_entries_are_kept(acts: Acts) -> None:
    url = f"{acts.world.url}/webhooks/cashlink"
    requests.post(url, json={}, headers={"Authorization": "Bearer x"})
    recorder = recorder_of(acts.world)
    (entry,) = recorder.entries()
    for _ in range(600):
        recorder.add(entry)
    assert len(recorder.entries(limit=1000)) == 500
    assert recorder.entries()[-1].id == 601
    assert [entry.id for entry in recorder.entries(after=599)] == [600, 601]
    assert len(recorder.entries(limit=5)) == 5
    recorder.clear()
    assert recorder.entries() == []


def test_production_records_nothing(app: Any) -> None:
    assert "backstage" not in app.extensions
    assert app.extensions["cashlink"].observer is None
    assert Visitor(app).get("/backstage").status == 404


PROGRAM = """
import sys
from pathlib import Path
from tests.acts import Acts
from tests.people import add_user
from tests.world import World
with World(Path(sys.argv[1]), demo=True, background=False) as world:
    add_user(world.app, "alice")
    Acts(world).import_investor(1)
    Acts(world).invest(1)
    entry = world.app.extensions["backstage"].entries()[-1]
    print(entry.file, entry.line, entry.function)
"""


@pytest.mark.slow
def test_the_line_moves_when_a_line_is_added_above_the_call(tmp_path: Path) -> None:
    found = []
    for name in ("as it is", "with a line more"):
        copy = tmp_path / name
        for folder in ("portal", "tests", "templates", "static"):
            shutil.copytree(ROOT / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__"))
        module = copy / "portal" / "integration.py"
        if name == "with a line more":
            call = "        return client().create_investment(body, key)\n"
            assert call in module.read_text()
            module.write_text(module.read_text().replace(call, f"\n{call}"))
        program = [sys.executable, "-c", PROGRAM, str(tmp_path / f"data of {name}")]
        (tmp_path / f"data of {name}").mkdir()
        answer = subprocess.run(program, cwd=copy, capture_output=True, text=True, check=False, timeout=60)
        assert answer.returncode == 0, answer.stderr
        file, line, function = answer.stdout.split()
        assert (file, function) == ("portal/integration.py", "_create_investment")
        found.append(int(line))
    assert found[1] == found[0] + 1
