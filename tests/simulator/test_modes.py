"""The modes for what Cashlink does not document, and the clock that moves forward."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from flask import Flask, Response, request
from sqlalchemy import insert, update
from werkzeug.serving import make_server

from portal.simulator.models import StoredAnswer, db

from .running import BOND, Receiver, Robot, RunningSimulator, investor_body, wait_until
from .test_studio import act

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSimulator]:
    running = RunningSimulator(tmp_path_factory.mktemp("modes") / "simulator.sqlite3")
    yield running
    running.close()


@pytest.fixture
def usual(shared: RunningSimulator) -> RunningSimulator:
    """A simulator for all tests that need no webhooks; empty and with the default modes at the start of each."""
    shared.control("POST", "reset", {})
    shared._token = ""
    return shared


def set_modes(simulator: RunningSimulator, **modes: Any) -> dict[str, Any]:
    return dict(simulator.control("POST", "modes", modes))


def forward(simulator: RunningSimulator, **time: int) -> None:
    seconds = int(timedelta(**time).total_seconds())
    simulator.control("POST", "clock", {"forward_seconds": seconds})


def create(simulator: RunningSimulator, key: str = "one", **changes: Any) -> requests.Response:
    body = investor_body()
    body["natural_person"] |= changes
    return simulator.call("POST", "/v2/investors/", body, key)


# Modes


def test_modes_have_defaults_and_change_one_by_one(usual: RunningSimulator) -> None:
    defaults = {
        "store_errors": False,
        "key_other_body": "409",
        "parallel_key": "409",
        "key_lifetime_seconds": None,
        "new_token_ends_old": False,
        "start_url": "often",
        "deliveries": "in_order",
        "webhook_authentication": "bearer",
        "start_url_redirects": False,
    }
    assert usual.control("GET", "modes") == defaults
    assert set_modes(usual, start_url="once") == defaults | {"start_url": "once"}
    assert set_modes(usual, parallel_key="wait") == defaults | {"start_url": "once", "parallel_key": "wait"}


@pytest.mark.parametrize(
    "body",
    [
        {"start_url": "never"},
        {"start_url": None},
        {"store_errors": 1},
        {"store_errors": "true"},
        {"key_other_body": 409},
        {"key_lifetime_seconds": -1},
        {"key_lifetime_seconds": True},
        {"key_lifetime_seconds": 1.5},
        {"no_such_mode": True},
        {"deliveries": "shuffled", "start_url": "never"},
    ],
)
def test_mode_that_does_not_exist_is_refused(usual: RunningSimulator, body: dict[str, Any]) -> None:
    before = usual.control("GET", "modes")
    answer = requests.post(f"{usual.url}/_control/modes", json=body, timeout=10)
    assert answer.status_code == 400
    assert answer.json()["detail"]
    assert usual.control("GET", "modes") == before


def test_stored_error_is_given_again(usual: RunningSimulator) -> None:
    assert create(usual, phone="no").status_code == 400
    assert create(usual).status_code == 201
    set_modes(usual, store_errors=True)
    first, second = create(usual, "two", phone="no"), create(usual, "two", phone="no")
    assert first.status_code == second.status_code == 400
    assert first.json() == second.json()
    assert [call["replayed"] for call in usual.control("GET", "requests")["requests"][-2:]] == [False, True]
    assert create(usual, "two").status_code == 409
    set_modes(usual, store_errors=False)
    assert create(usual, "two", phone="no").status_code == 400


@pytest.mark.parametrize(("mode", "status"), [("409", 409), ("422", 422), ("replay", 201)])
def test_used_key_with_another_body(usual: RunningSimulator, mode: str, status: int) -> None:
    set_modes(usual, key_other_body=mode)
    first, other = create(usual), create(usual, forename="Mallory")
    assert other.status_code == status
    assert (other.json() == first.json()) == (mode == "replay")
    assert usual.control("GET", "state")["counts"]["investors"] == 1


@pytest.mark.parametrize("first_succeeds", [True, False])
def test_parallel_key_waits_for_the_first_answer(usual: RunningSimulator, first_succeeds: bool) -> None:
    """The first request is stood in for by its claim of the key."""
    claim = {"key": "one", "fingerprint": "of the first", "created_at": datetime.now(UTC)}
    with usual.app.app_context():
        db.session.execute(insert(StoredAnswer).values(claim))
        db.session.commit()
    assert create(usual).status_code == 409
    set_modes(usual, parallel_key="wait", key_other_body="replay")
    answers: list[requests.Response] = []
    thread = threading.Thread(target=lambda: answers.append(create(usual)))
    thread.start()
    thread.join(0.3)
    assert not answers
    with usual.app.app_context():
        mine = StoredAnswer.key == "one"
        if first_succeeds:
            db.session.execute(update(StoredAnswer).where(mine).values(status=201, body=b'{"id": "of the first"}'))
        else:
            db.session.execute(db.delete(StoredAnswer).where(mine))
        db.session.commit()
    thread.join(10)
    assert answers[0].status_code == 201
    assert (answers[0].json()["id"] == "of the first") == first_succeeds


def test_expired_key_executes_again(usual: RunningSimulator) -> None:
    first = create(usual).json()
    forward(usual, days=300)
    usual._token = ""
    assert create(usual).json() == first
    set_modes(usual, key_lifetime_seconds=3600)
    second = create(usual).json()
    assert second != first
    forward(usual, minutes=59)
    assert create(usual).json() == second
    forward(usual, minutes=2)
    usual._token = ""
    assert create(usual).json() != second


def test_new_token_ends_the_old_one(usual: RunningSimulator) -> None:
    old = usual.token().json()["access_token"]
    between = usual.token().json()["access_token"]
    assert usual.call("GET", "/v2/investments/", token=old).status_code == 200
    set_modes(usual, new_token_ends_old=True)
    new = usual.token().json()["access_token"]
    codes = [usual.call("GET", "/v2/investments/", token=token).status_code for token in (old, between, new)]
    assert codes == [401, 401, 200]


def test_start_url_opens_in_one_browser_only(usual: RunningSimulator) -> None:
    investment = usual.invest()
    path = f"/v2/investments/{investment['id']}/"
    first, second = Robot(investment["start_url"]), Robot(investment["start_url"])
    assert second.response.status_code == 200
    set_modes(usual, start_url="once")
    first.open(investment["start_url"])
    second.open(investment["start_url"])
    assert (second.response.status_code, second.heading) == (410, "This link was used already")
    assert second.form() is None
    fresh = usual.call("GET", path).json()["start_url"]
    assert fresh != investment["start_url"]
    assert usual.call("GET", path).json()["start_url"] == fresh
    second.open(fresh)
    assert second.heading == "Welcome"
    first.walk(until="/identification")
    assert usual.status(investment) == "KYC_PENDING"
    set_modes(usual, start_url="often")
    assert Robot(investment["start_url"]).response.status_code == 200


def test_start_url_leads_over_a_second_host_name(usual: RunningSimulator) -> None:
    investment = usual.invest()
    set_modes(usual, start_url_redirects=True, start_url="once")
    robot = Robot(investment["start_url"])
    hop = robot.response.history[0]
    assert hop.status_code == 302
    assert hop.headers["Location"] == investment["start_url"].replace("localhost", "127.0.0.1")
    assert robot.heading == "Welcome"
    robot.walk(until="/identification")
    assert robot.url.startswith("http://127.0.0.1:")
    assert usual.status(investment) == "KYC_PENDING"


@pytest.mark.parametrize("waiting", [False, True])
def test_shuffled_webhooks_arrive_in_another_order(tmp_path: Path, waiting: bool) -> None:
    """Each one by itself may be overtaken; and what has waited together leaves in any order."""
    with closing(Receiver()) as receiver, closing(RunningSimulator(tmp_path / "s.sqlite3", receiver.url)) as simulator:
        simulator.control("POST", "deliveries", {"paused": waiting})
        set_modes(simulator, deliveries="in_order" if waiting else "shuffled")
        simulator.start_sender()
        investment = simulator.signed()
        act(simulator, investment, "identify", "review", "accept", "pay", "deliver", "cancel")
        other = simulator.signed()
        act(simulator, other, "identify", "review", "accept", "pay", "deliver", "cancel")
        set_modes(simulator, deliveries="shuffled")
        simulator.control("POST", "deliveries", {"paused": False})
        wait_until(lambda: len(receiver.bodies) == 14)
        sent = [(body["changed_at"], body["status"]) for body in receiver.bodies]
        assert sent != sorted(sent)


# OAuth for webhooks


class Portal:
    """A receiver whose webhooks need a token that its own endpoint has issued; each new one ends the one before."""

    def __init__(self) -> None:
        self.issued: list[str] = []
        self.lifetime = 3600
        self.endpoint_status = 200
        self.clients: list[tuple[str | None, str | None]] = []
        self.webhooks: list[tuple[str, int]] = []
        app = Flask(__name__)
        app.add_url_rule("/oauth/token", view_func=self._issue, methods=["POST"])
        app.add_url_rule("/webhooks", view_func=self._receive, methods=["POST"])
        self._server = make_server("127.0.0.1", 0, app, threaded=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def _issue(self) -> tuple[dict[str, Any], int]:
        basic = request.authorization
        self.clients.append((basic.username, basic.password) if basic else (None, None))
        if self.endpoint_status != 200 or request.form["grant_type"] != "client_credentials":
            return {"error": "server_error"}, self.endpoint_status
        self.issued.append(f"token-{len(self.issued)}")
        return {"access_token": self.issued[-1], "token_type": "Bearer", "expires_in": self.lifetime}, 200

    def _receive(self) -> Response:
        token = request.headers["Authorization"].removeprefix("Bearer ")
        status = 204 if self.issued[-1:] == [token] else 401
        self.webhooks.append((token, status))
        return Response(status=status)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def portal() -> Iterator[Portal]:
    running = Portal()
    yield running
    running.close()


@pytest.fixture
def sending(tmp_path: Path, portal: Portal) -> Iterator[RunningSimulator]:
    """A simulator that sends its webhooks to this portal with OAuth."""
    running = RunningSimulator(
        tmp_path / "simulator.sqlite3", f"{portal.url}/webhooks", webhook_token_url=f"{portal.url}/oauth/token"
    )
    set_modes(running, webhook_authentication="oauth")
    running.start_sender()
    yield running
    running.close()


def test_webhooks_carry_a_token_from_the_portals_endpoint(sending: RunningSimulator, portal: Portal) -> None:
    investment = sending.signed()
    act(sending, investment, "identify")
    wait_until(lambda: len(portal.webhooks) == 2)
    assert portal.webhooks == [("token-0", 204)] * 2
    assert portal.clients == [("demo-webhook-client", "demo-webhook-secret")]


def test_token_for_webhooks_is_renewed_on_401_and_before_its_end(sending: RunningSimulator, portal: Portal) -> None:
    investment = sending.signed()
    wait_until(lambda: portal.webhooks)
    portal.issued.append("of a restarted portal")
    act(sending, investment, "identify")
    wait_until(lambda: len(portal.webhooks) == 3)
    assert portal.webhooks == [("token-0", 204), ("token-0", 401), ("token-2", 204)]
    assert len(sending.control("GET", "deliveries")[-1]["attempts"]) <= 1
    forward(sending, seconds=3595)
    act(sending, investment, "review")
    wait_until(lambda: len(portal.webhooks) == 4)
    assert portal.webhooks[3] == ("token-3", 204)


def test_webhooks_wait_while_the_token_endpoint_is_down(sending: RunningSimulator, portal: Portal) -> None:
    portal.endpoint_status = 500
    sending.signed()
    wait_until(lambda: sending.control("GET", "deliveries")[0]["attempts"])
    attempt = sending.control("GET", "deliveries")[0]["attempts"][0]
    assert (attempt["answer"], attempt["error"]) == (None, "token endpoint: 500")
    assert portal.webhooks == []
    portal.endpoint_status = 200
    forward(sending, minutes=1)
    wait_until(lambda: portal.webhooks == [("token-0", 204)])


# The clock


def test_clock_brings_expiries_nearer(usual: RunningSimulator) -> None:
    investment = usual.invest()
    old = usual.token().json()["access_token"]
    forward(usual, minutes=59)
    assert usual.call("GET", "/v2/investments/", token=old).status_code == 200
    forward(usual, minutes=2)
    assert usual.call("GET", "/v2/investments/", token=old).status_code == 401
    assert Robot(investment["start_url"]).heading == "Welcome"
    forward(usual, days=30)
    assert Robot(investment["start_url"]).heading == "This link does not work"
    usual._token = ""
    fresh = usual.call("GET", f"/v2/investments/{investment['id']}/").json()["start_url"]
    assert Robot(fresh).heading == "Welcome"
    assert usual.control("GET", "clock")["forwarded_seconds"] == timedelta(days=30, minutes=61).total_seconds()


def test_clock_brings_payment_nearer_and_leaves_what_has_happened(usual: RunningSimulator) -> None:
    investment = usual.signed()
    act(usual, investment, "identify", "review", "accept")
    before = usual.control("GET", "state")["investments"][0]
    assert long_date(14) in Robot(investment["start_url"]).text
    forward(usual, days=10)
    assert long_date(4) in Robot(investment["start_url"]).text
    after = usual.control("GET", "state")["investments"][0]
    assert after == before
    act(usual, investment, "pay")
    changed_at = usual.control("GET", "state")["investments"][0]["status_changes"][-1]["changed_at"]
    assert abs(datetime.fromisoformat(changed_at) - datetime.now(UTC)) < timedelta(minutes=1)


def test_clock_brings_retries_nearer(tmp_path: Path) -> None:
    with closing(Receiver(*[503] * 6)) as receiver:
        simulator = RunningSimulator(tmp_path / "simulator.sqlite3", receiver.url)
        simulator.start_sender()
        simulator.signed()
        started = time.monotonic()
        for attempts in range(1, 7):
            wait_until(
                lambda attempts=attempts: len(simulator.control("GET", "deliveries")[0]["attempts"]) == attempts  # type: ignore[misc]
            )
            forward(simulator, minutes=5)
        wait_until(lambda: not simulator.control("GET", "deliveries")[0]["waiting"])
        # Alone the pauses would take a minute.
        assert time.monotonic() - started < 20
        simulator.close()


@pytest.mark.parametrize("seconds", [-1, "60", None, True, 1.5, 10**12])
def test_clock_refuses_other_steps(usual: RunningSimulator, seconds: object) -> None:
    answer = requests.post(f"{usual.url}/_control/clock", json={"forward_seconds": seconds}, timeout=10)
    assert answer.status_code == 400
    assert usual.control("GET", "clock")["forwarded_seconds"] == 0


def long_date(days: int) -> str:
    """As the page writes a day so many days from now."""
    day = datetime.now(UTC) + timedelta(days=days)
    return f"{day.day} {day:%B %Y}"


def test_queue_outlives_what_is_armed(tmp_path: Path) -> None:
    """A restarted simulator behaves, and delivers what a fault had held back."""
    path = tmp_path / "simulator.sqlite3"
    first = RunningSimulator(path)
    first.control("POST", "faults", {"on": "delivery", "fault": "reorder", "times": None})
    first.control("POST", "faults", {"on": "any", "fault": "before:500", "times": 1})
    assert first.call("GET", "/v2/investments/").status_code == 500
    set_modes(first, start_url="once")
    forward(first, days=14)
    first._token = ""
    investment = first.invest(BOND)
    Robot(investment["start_url"]).walk(until="/identification")
    first.close()
    with closing(Receiver()) as receiver, closing(RunningSimulator(path, receiver.url)) as second:
        assert second.control("GET", "faults") == []
        assert second.control("GET", "modes")["start_url"] == "often"
        assert second.control("GET", "clock")["forwarded_seconds"] == 0
        second.start_sender()
        wait_until(lambda: receiver.statuses() == ["KYC_PENDING"])
