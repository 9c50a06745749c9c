"""Each fault, seen from outside: through a client, and where a client sees too little through a bare socket."""

from __future__ import annotations

import json
import socket
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from portal.simulator import misbehaviour
from portal.simulator.config import Settings
from portal.simulator.deliveries import hostile_bodies
from portal.simulator.faults import CODES, DELIVERY_FAULTS, ODD_ANSWERS
from portal.simulator.studio import fault_texts

from .running import BOND, Receiver, Robot, RunningSimulator, identification_body, investor_body, wait_until
from .test_studio import act

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSimulator]:
    running = RunningSimulator(tmp_path_factory.mktemp("faults") / "simulator.sqlite3")
    running.call("GET", "/v2/investments/")
    yield running
    running.close()


@pytest.fixture
def calm(shared: RunningSimulator) -> Iterator[RunningSimulator]:
    """A simulator for all tests of calls; nothing is armed at the start of each."""
    yield shared
    shared.control("POST", "faults/clear", {})


def arm(simulator: RunningSimulator, on: str, fault: str, times: int | None = 1) -> dict[str, Any]:
    return dict(simulator.control("POST", "faults", {"on": on, "fault": fault, "times": times}))


def investors(simulator: RunningSimulator) -> int:
    return int(simulator.control("GET", "state")["counts"]["investors"])


def create(simulator: RunningSimulator, key: str, **arguments: Any) -> requests.Response:
    return simulator.call("POST", "/v2/investors/", investor_body(), key, allow_redirects=False, **arguments)


def key_of(fault: str) -> str:
    return f"key of {fault}".replace(":", " ")


class Exchange:
    """A POST of an investor on a bare socket: each byte of the answer with the time of its arrival, and the end."""

    def __init__(self, simulator: RunningSimulator, key: str) -> None:
        body = json.dumps(investor_body()).encode()
        head = (
            "POST /api/external/v2/investors/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            f"Authorization: Bearer {simulator._token}\r\nX-Idempotency-Key: {key}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        port = int(simulator.url.rsplit(":", 1)[1])
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self.socket.sendall(head.encode() + body)
        self.arrivals: list[float] = []
        self.answer = b""

    def read(self, seconds: float = 10) -> str:
        """What is read until the end or the time is over: "end", "reset" or "open"."""
        ends = time.monotonic() + seconds
        while (left := ends - time.monotonic()) > 0:
            self.socket.settimeout(left)
            try:
                chunk = self.socket.recv(65_536)
            except TimeoutError:
                break
            except ConnectionResetError:
                return "reset"
            if not chunk:
                return "end"
            self.arrivals += [time.monotonic()] * len(chunk)
            self.answer += chunk
        return "open"

    def close(self) -> None:
        self.socket.close()


# Calls


@pytest.mark.parametrize("code", [code for code in CODES["before"] if code.isdigit()])
def test_fault_before_executes_nothing(calm: RunningSimulator, code: str) -> None:
    before, fault = investors(calm), f"before:{code}"
    arm(calm, "create_investor", fault)
    assert create(calm, key_of(fault)).status_code == int(code)
    assert investors(calm) == before
    assert calm.control("GET", "requests")["requests"][-1]["fault"] == fault
    assert create(calm, key_of(fault)).status_code == 201
    assert calm.control("GET", "requests")["requests"][-1]["fault"] is None


@pytest.mark.parametrize("code", [code for code in CODES["after"] if code.isdigit()])
def test_fault_after_has_executed_everything(calm: RunningSimulator, code: str) -> None:
    before, fault = investors(calm), f"after:{code}"
    arm(calm, "create_investor", fault)
    assert create(calm, key_of(fault)).status_code == int(code)
    assert investors(calm) == before + 1
    assert create(calm, key_of(fault)).status_code == 201
    assert investors(calm) == before + 1


@pytest.mark.parametrize(
    ("when", "fault", "end"),
    [
        ("before", "reset", "reset"),
        ("before", "timeout", "open"),
        ("after", "reset", "reset"),
        ("after", "lost", "end"),
        ("after", "timeout", "open"),
    ],
)
def test_connection_ends_without_an_answer(calm: RunningSimulator, when: str, fault: str, end: str) -> None:
    before, name = investors(calm), f"{when}:{fault}"
    arm(calm, "create_investor", name)
    with closing(Exchange(calm, key_of(name))) as exchange:
        assert exchange.read(seconds=0.5) == end
        assert exchange.answer == b""
        wait_until(lambda: calm.control("GET", "requests")["requests"][-1]["fault"] == name)
        assert calm.control("GET", "requests")["requests"][-1]["status"] == 0
        assert investors(calm) == before + (when == "after")
        if fault == "timeout":
            calm.control("POST", "faults/clear", {})
            assert exchange.read(seconds=2) == "end"
            assert exchange.answer == b""
    assert create(calm, key_of(name)).status_code == 201
    assert investors(calm) == before + 1


def test_timeout_ends_by_itself(calm: RunningSimulator, monkeypatch: pytest.MonkeyPatch) -> None:
    assert misbehaviour.LONGEST_HANG_SECONDS == 30
    monkeypatch.setattr(misbehaviour, "LONGEST_HANG_SECONDS", 0.6)
    arm(calm, "create_investor", "before:timeout")
    with closing(Exchange(calm, "ends by itself")) as exchange:
        assert exchange.read(seconds=0.4) == "open"
        assert exchange.read(seconds=2) == "end"


def test_nothing_hangs_when_the_client_has_gone_or_the_simulator_closes(tmp_path: Path) -> None:
    def requests_held() -> int:
        return sum("process_request_thread" in thread.name for thread in threading.enumerate())

    with closing(RunningSimulator(tmp_path / "simulator.sqlite3")) as simulator:
        simulator.call("GET", "/v2/investments/")
        sender = simulator.start_sender()
        arm(simulator, "create_investor", "before:timeout", times=2)
        with closing(Exchange(simulator, "one")) as first, closing(Exchange(simulator, "two")) as second:
            assert first.read(seconds=0.2) == second.read(seconds=0.2) == "open"
            wait_until(lambda: requests_held() == 2)
            first.close()
            wait_until(lambda: requests_held() == 1, seconds=3)
            sender.close()
            assert second.read(seconds=3) == "end"


@pytest.mark.parametrize(
    ("fault", "kind", "body"), [("garbage", "text/html", b"It works!"), ("empty", "application/json", b"")]
)
def test_success_that_is_none(calm: RunningSimulator, fault: str, kind: str, body: bytes) -> None:
    before = investors(calm)
    arm(calm, "create_investor", fault)
    answer = create(calm, key_of(fault))
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith(kind)
    assert body in answer.content
    assert bool(answer.content) == bool(body)
    assert investors(calm) == before + 1


def test_success_without_what_matters(calm: RunningSimulator) -> None:
    investor_id = calm.create_investor()
    body = {"campaign_id": BOND, "investor_id": investor_id}
    arm(calm, "create_investment", "no_id")
    arm(calm, "create_investment", "no_start_url")
    first, second, third = (calm.call("POST", "/v2/investments/", body, "one") for _ in range(3))
    assert {first.status_code, second.status_code, third.status_code} == {201}
    assert set(third.json()) - set(first.json()) == {"id"}
    assert set(third.json()) - set(second.json()) == {"start_url"}
    arm(calm, "token", "no_id")
    assert set(calm.token().json()) == {"token_type", "expires_in", "scope"}


def test_start_url_that_leads_away(calm: RunningSimulator) -> None:
    investment = calm.invest()
    found = {}
    for variant in ("", *(f":{name}" for name in ODD_ANSWERS["foreign_start_url"])):
        arm(calm, "fetch_investment", f"foreign_start_url{variant}")
        found[variant] = calm.call("GET", f"/v2/investments/{investment['id']}/").json()["start_url"]
    assert found == {
        "": "https://evil.example/subscribe/0",
        ":http": "http://evil.example/subscribe/0",
        ":script": f"javascript:alert(1)//{investment['start_url']}",
        ":user": "https://localhost@evil.example/subscribe/0",
        ":tab": "ht\ttps://evil.example/subscribe/0",
        ":newline": f"{investment['start_url']}\n",
        ":here": f"{calm.url.replace('localhost', '127.0.0.1')}/elsewhere/subscribe",
    }


def test_huge_answer_is_streamed(calm: RunningSimulator) -> None:
    arm(calm, "create_investor", "huge")
    answer = create(calm, "huge", stream=True)
    assert "Content-Length" not in answer.headers
    content = answer.content
    assert len(content) >= 2 * 1024 * 1024
    assert json.loads(content)["id"]


def test_gzip_bomb_unpacks_to_much_more(calm: RunningSimulator) -> None:
    arm(calm, "create_investor", "gzip_bomb")
    answer = create(calm, "bomb", stream=True)
    assert answer.headers["Content-Encoding"] == "gzip"
    packed = answer.raw.read(decode_content=False)
    assert len(packed) < 1024 * 1024
    size, rest = 0, packed
    while rest and size < 100 * 1024 * 1024:
        member = zlib.decompressobj(wbits=31)
        size += len(member.decompress(rest))
        rest = member.unused_data
    assert size >= 100 * 1024 * 1024


def test_drip_comes_byte_by_byte_from_the_status_line_on(calm: RunningSimulator) -> None:
    before = investors(calm)
    arm(calm, "create_investor", "drip")
    with closing(Exchange(calm, "drip")) as exchange:
        assert exchange.read(seconds=1) == "open"
        assert b"HTTP/1.1 201".startswith(exchange.answer)
        assert 3 <= len(exchange.answer) <= 11
        assert len(set(exchange.arrivals)) == len(exchange.answer)
        assert investors(calm) == before + 1
        calm.control("POST", "faults/clear", {})
        assert exchange.read(seconds=2) == "end"


def test_redirect_leads_to_another_host_and_tells_who_followed(calm: RunningSimulator) -> None:
    before = investors(calm)
    arm(calm, "create_investor", "redirect")
    answer = create(calm, "redirect")
    assert answer.status_code == 307
    assert answer.headers["Location"].startswith(calm.url.replace("localhost", "127.0.0.1") + "/elsewhere/api/")
    assert investors(calm) == before
    assert calm.control("GET", "requests")["requests"][-1]["fault"] == "redirect"
    assert requests.post(answer.headers["Location"], timeout=10).status_code == 201
    assert calm.control("GET", "requests")["requests"][-1]["fault"] == "redirect followed"
    assert investors(calm) == before


def test_late_answer_is_the_right_one(calm: RunningSimulator) -> None:
    arm(calm, "create_investor", "late")
    asked = time.monotonic()
    answer = create(calm, "late")
    assert 1.9 < time.monotonic() - asked < 6
    assert answer.json() == create(calm, "late").json()


def test_date_is_missing_or_wrong(calm: RunningSimulator) -> None:
    for fault in ("no_date", "wrong_date", "wrong_date:past", "wrong_date:garbage"):
        arm(calm, "create_investor", fault)
        with closing(Exchange(calm, key_of(fault))) as exchange:
            assert exchange.read() == "end"
        head, body = exchange.answer.decode().split("\r\n\r\n")
        dates = [line.partition(": ")[2] for line in head.split("\r\n") if line.lower().startswith("date:")]
        assert head.startswith("HTTP/1.1 201")
        assert json.loads(body) == create(calm, key_of(fault)).json()
        if fault == "no_date":
            assert dates == []
        elif fault == "wrong_date:garbage":
            assert dates == ["yesterday, at noon"]
        else:
            off = parsedate_to_datetime(dates[0]) - datetime.now(UTC)
            assert len(dates) == 1
            assert abs(off - timedelta(days=1 if fault == "wrong_date" else -1)) < timedelta(minutes=1)


def test_throttling_names_the_wait_it_was_given(calm: RunningSimulator) -> None:
    for argument, expected in {"": "1", ":5": "5", ":garbage": "a while", ":1000000000": "1000000000"}.items():
        arm(calm, "any", f"before:429{argument}")
        assert create(calm, "wait").headers["Retry-After"] == expected
    arm(calm, "any", "after:429:date")
    wait = parsedate_to_datetime(create(calm, "wait").headers["Retry-After"]) - datetime.now(UTC)
    assert timedelta(seconds=1) < wait < timedelta(seconds=4)
    arm(calm, "any", "before:503")
    assert "Retry-After" not in create(calm, "wait").headers


@pytest.mark.parametrize("call", [*misbehaviour.FIELD_ERRORS, "token"])
@pytest.mark.parametrize("code", ["400", "422"])
def test_refusal_has_plausible_field_errors(
    calm: RunningSimulator, calls: dict[str, Any], call: str, code: str
) -> None:
    arm(calm, call, f"before:{code}")
    answer = calls[call]()
    assert answer.status_code == int(code)
    errors = answer.json()
    while isinstance(errors, dict):
        name, errors = next(iter(errors.items()))
    assert name not in ("detail", "non_field_errors") or call == "token"
    assert isinstance(errors, list if call != "token" or code == "422" else str)


def test_token_endpoint_misbehaves(calm: RunningSimulator) -> None:
    lifetimes = []
    for variant in ODD_ANSWERS["expires_in"]:
        arm(calm, "token", f"expires_in:{variant}")
        lifetimes.append(calm.token().json().get("expires_in"))
    assert lifetimes == [None, -3600, 10**30, "soon"]
    arm(calm, "token", "before:401")
    refused = calm.token()
    assert (refused.status_code, refused.json()) == (401, {"error": "invalid_client"})


@pytest.fixture(scope="module")
def calls(shared: RunningSimulator) -> dict[str, Any]:
    """Each call of the contract, ready to be made."""
    simulator = shared
    investor_id = simulator.create_investor()
    investment_id = simulator.invest(investor_id=investor_id)["id"]
    files = {"file": ("protocol.pdf", b"%PDF-1.7 sample", "application/pdf")}
    document = identification_body(simulator.call("POST", "/v2/documents/", files=files).json()["id"])
    investor, communication = f"/v2/investors/{investor_id}/", {"communication": {"email": "alice@example.org"}}
    body, wallet = {"campaign_id": BOND, "investor_id": investor_id}, {"address": "0x" + "a1" * 20}
    return {
        "token": simulator.token,
        "create_document": lambda: simulator.call("POST", "/v2/documents/", files=files),
        "create_investor": lambda: simulator.call("POST", "/v2/investors/", investor_body()),
        "update_communication": lambda: simulator.call("PATCH", investor, communication),
        "create_identification": lambda: simulator.call("POST", f"{investor}identifications/", document),
        "create_wallet": lambda: simulator.call("POST", f"{investor}wallets/eth-generic/", wallet),
        "create_investment": lambda: simulator.call("POST", "/v2/investments/", body),
        "fetch_investor": lambda: simulator.call("GET", investor),
        "fetch_investment": lambda: simulator.call("GET", f"/v2/investments/{investment_id}/"),
        "funding": lambda: requests.get(f"{simulator.url}/api/external-info/", timeout=10),
    }


def test_fault_concerns_the_named_call_only(calm: RunningSimulator, calls: dict[str, Any]) -> None:
    for on in calls:
        arm(calm, on, "before:503", times=None)
        broken = [call for call, make in calls.items() if make().status_code == 503]
        assert broken == [on]
        calm.control("POST", "faults/clear", {})
    arm(calm, "any", "before:503", times=None)
    assert [call for call, make in calls.items() if make().status_code < 300] == ["token"]
    assert calm.call("GET", "/v2/investments/").status_code == 503


def test_oldest_matching_fault_is_used(calm: RunningSimulator) -> None:
    arm(calm, "create_document", "before:404")
    arm(calm, "create_investor", "before:500", times=2)
    arm(calm, "any", "before:503")
    arm(calm, "any", "no_start_url")
    arm(calm, "create_investor", "before:429")
    assert [create(calm, "oldest").status_code for _ in range(5)] == [500, 500, 503, 429, 201]
    # For any call, it waits for one that has the field.
    assert [fault["fault"] for fault in calm.control("GET", "faults")] == ["before:404", "no_start_url"]


def test_armed_faults_are_listed_and_cleared(calm: RunningSimulator) -> None:
    first = arm(calm, "any", "before:500", times=None)
    second = arm(calm, "delivery", "delay:7", times=3)
    assert create(calm, "listed").status_code == 500
    assert calm.control("GET", "faults") == [
        {"id": first["id"], "on": "any", "fault": "before:500", "times_left": None, "used": 1},
        {"id": second["id"], "on": "delivery", "fault": "delay:7", "times_left": 3, "used": 0},
    ]
    assert calm.control("POST", "faults/clear", {"id": first["id"]}) == {"cleared": 1}
    assert create(calm, "listed").status_code == 201
    assert calm.control("POST", "faults/clear", {}) == {"cleared": 1}
    assert calm.control("GET", "faults") == []


def test_parallel_requests_share_the_times(calm: RunningSimulator) -> None:
    arm(calm, "fetch_investor", "before:503", times=5)
    codes: list[int] = []
    threads = [
        threading.Thread(target=lambda: codes.append(calm.call("GET", "/v2/investors/none/").status_code))
        for _ in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == [404] * 7 + [503] * 5


@pytest.mark.parametrize(
    "body",
    [
        {"on": "nothing", "fault": "before:500", "times": 1},
        {"on": "any", "fault": "before:418", "times": 1},
        {"on": "any", "fault": "before:lost", "times": 1},
        {"on": "any", "fault": "after:404", "times": 1},
        {"on": "any", "fault": "before:500:5", "times": 1},
        {"on": "any", "fault": "before:429:soon", "times": 1},
        {"on": "any", "fault": "garbage:5", "times": 1},
        {"on": "any", "fault": "expires_in", "times": 1},
        {"on": "any", "fault": "duplicate", "times": 1},
        {"on": "delivery", "fault": "before:500", "times": 1},
        {"on": "delivery", "fault": "delay", "times": 1},
        {"on": "delivery", "fault": "delay:-1", "times": 1},
        {"on": "delivery", "fault": "delay:1e9", "times": 1},
        {"on": "any", "fault": "garbage", "times": 0},
        {"on": "any", "fault": "garbage", "times": True},
        {"on": "any", "fault": 7, "times": 1},
        {},
    ],
)
def test_fault_that_does_not_exist_is_refused(calm: RunningSimulator, body: dict[str, Any]) -> None:
    answer = requests.post(f"{calm.url}/_control/faults", json=body, timeout=10)
    assert answer.status_code == 400
    assert answer.json()["detail"]
    assert calm.control("GET", "faults") == []


def test_every_fault_has_words_on_the_page() -> None:
    offered = {name for _, labels in fault_texts.call_fault_groups() for name in labels}
    plain = {f"{kind}:{code}" for kind, codes in CODES.items() for code in codes}
    assert plain <= offered
    assert {name for name in ODD_ANSWERS if name != "expires_in"} <= offered
    assert {name.split(":")[0] for name in fault_texts.DELIVERY_LABELS} == set(DELIVERY_FAULTS)


# Deliveries


class Delivered:
    """One simulator with its sender for all tests of deliveries, and a signed investment for each of them."""

    def __init__(self, path: Path) -> None:
        self.receiver = Receiver()
        self.simulator = RunningSimulator(path, self.receiver.url)
        self.simulator.start_sender()

    def signed(self) -> dict[str, Any]:
        investment = self.simulator.signed()
        wait_until(lambda: self.bodies(investment))
        return investment

    def bodies(self, investment: dict[str, Any]) -> list[dict[str, str]]:
        return [body for body in list(self.receiver.bodies) if body.get("investment_id") == investment["id"]]

    def statuses(self, investment: dict[str, Any]) -> list[str]:
        return [body["status"] for body in self.bodies(investment)]

    def close(self) -> None:
        self.simulator.close()
        self.receiver.close()


@pytest.fixture(scope="module")
def delivering(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Delivered]:
    running = Delivered(tmp_path_factory.mktemp("deliveries") / "simulator.sqlite3")
    yield running
    running.close()


@pytest.fixture
def delivered(delivering: Delivered) -> Iterator[Delivered]:
    yield delivering
    delivering.simulator.control("POST", "reset", {})
    delivering.simulator._token = ""
    receiver = delivering.receiver
    for kept in (receiver.answers, receiver.raw, receiver.bodies, receiver.headers, receiver.times):
        kept.clear()


def test_duplicate_is_sent_three_times(delivered: Delivered) -> None:
    arm(delivered.simulator, "delivery", "duplicate")
    investment = delivered.signed()
    wait_until(lambda: len(delivered.bodies(investment)) == 3)
    first, second, third = delivered.bodies(investment)
    assert first == second == third


def test_reordered_one_waits_for_the_next(delivered: Delivered) -> None:
    investment = delivered.signed()
    # Armed for all: two that wait for each other would never be sent.
    arm(delivered.simulator, "delivery", "reorder", times=None)
    act(delivered.simulator, investment, "identify")
    assert delivered.simulator.control("GET", "deliveries")[-1]["waiting"] is True
    assert delivered.simulator.control("GET", "deliveries")[-1]["attempts"] == []
    act(delivered.simulator, investment, "review")
    wait_until(lambda: len(delivered.bodies(investment)) == 3)
    assert delivered.statuses(investment) == ["KYC_PENDING", "WAITING_FOR_ACCEPTANCE", "REVIEW_PENDING"]
    act(delivered.simulator, investment, "accept")
    delivered.simulator.control("POST", "faults/clear", {})
    wait_until(lambda: len(delivered.bodies(investment)) == 4)


def test_delayed_one_waits_and_the_clock_helps(delivered: Delivered) -> None:
    investment = delivered.signed()
    arm(delivered.simulator, "delivery", "delay:0.7")
    arm(delivered.simulator, "delivery", "delay:3600")
    started = time.monotonic()
    act(delivered.simulator, investment, "identify", "review")
    wait_until(lambda: len(delivered.bodies(investment)) == 2)
    assert delivered.receiver.times[-1] - started >= 0.7
    assert delivered.simulator.control("GET", "deliveries")[-1]["waiting"] is True
    delivered.simulator.control("POST", "clock", {"forward_seconds": 3600})
    wait_until(lambda: delivered.statuses(investment)[-1] == "WAITING_FOR_ACCEPTANCE")


def test_early_one_arrives_before_the_answer_and_is_true(tmp_path: Path) -> None:
    """No sender runs: what has arrived when the answer is there was sent inside the request."""
    with closing(Receiver()) as receiver, closing(RunningSimulator(tmp_path / "s.sqlite3", receiver.url)) as simulator:
        arm(simulator, "delivery", "early", times=2)
        investment = simulator.invest()
        assert [body["status"] for body in receiver.bodies] == ["KYC_PENDING"]
        assert receiver.bodies[0]["investment_id"] == investment["id"]
        found = simulator.call("GET", f"/v2/investments/{investment['id']}/").json()
        assert found["status"] == "KYC_PENDING"
        assert found["signed_at"] == receiver.bodies[0]["changed_at"]
        assert found["units"] > 0
        assert Robot(investment["start_url"]).heading == "Confirm your identity"
        receiver.answers = [503]
        simulator.invest()
        state = simulator.control("GET", "deliveries")[-1]
        assert (state["waiting"], state["attempts"][0]["answer"]) == (True, 503)


@pytest.mark.parametrize(
    ("fault", "status", "ahead"),
    [
        ("ghost", "KYC_PENDING", 0),
        ("wrong_status", "DELIVERED", 0),
        ("future", "PAYMENT_MISSING", 600),
        ("unknown_status", "MOON_PENDING", -1),
    ],
)
def test_additional_webhook_that_nothing_stands_behind(
    delivered: Delivered, fault: str, status: str, ahead: float
) -> None:
    arm(delivered.simulator, "delivery", fault)
    investment = delivered.signed()
    wait_until(lambda: len(delivered.receiver.bodies) == 2)
    real, extra = delivered.receiver.bodies
    assert (real["status"], extra["status"]) == ("KYC_PENDING", status)
    off = datetime.fromisoformat(extra["changed_at"]) - datetime.fromisoformat(real["changed_at"])
    assert abs(off.total_seconds() - ahead) < 0.5
    assert (extra["investment_id"] == investment["id"]) == (fault != "ghost")
    if fault == "wrong_status":
        assert off > timedelta(0)
    assert delivered.simulator.status(investment) == "KYC_PENDING"


def test_dropped_one_is_never_sent_and_counts_as_delivered(delivered: Delivered) -> None:
    investment = delivered.signed()
    arm(delivered.simulator, "delivery", "drop")
    act(delivered.simulator, investment, "identify", "review")
    wait_until(lambda: len(delivered.bodies(investment)) == 2)
    wait_until(lambda: delivered.simulator.control("GET", "state")["counts"]["deliveries_waiting"] == 0)
    assert delivered.statuses(investment) == ["KYC_PENDING", "WAITING_FOR_ACCEPTANCE"]
    dropped = delivered.simulator.control("GET", "deliveries")[1]
    assert (dropped["waiting"], dropped["attempts"], dropped["fault"]) == (False, [], "drop")


def test_wrong_token_comes_first(delivered: Delivered) -> None:
    delivered.receiver.answers = [401]
    sent = len(delivered.receiver.headers)
    arm(delivered.simulator, "delivery", "bad_token")
    delivered.signed()
    wait_until(lambda: len(delivered.receiver.headers) == sent + 2)
    first, second = (headers["Authorization"] for headers in delivered.receiver.headers[sent:])
    assert (first, second) == ("Bearer not-the-right-token", "Bearer demo-webhook-token")


def test_hostile_bodies_are_all_sent_and_given_up_when_refused(delivered: Delivered) -> None:
    number = len(hostile_bodies("id", datetime.now(UTC)))
    investment = delivered.signed()
    sent = len(delivered.receiver.raw)
    arm(delivered.simulator, "delivery", "hostile", times=None)
    with delivered.simulator.app.test_request_context():
        from portal.simulator.deliveries import queue_webhook
        from portal.simulator.models import db

        for _ in range(number):
            queue_webhook(investment["id"], "KYC_PENDING", datetime.now(UTC))
        db.session.commit()
    delivered.receiver.answers = [204, 400] * number
    wait_until(lambda: delivered.simulator.control("GET", "state")["counts"]["deliveries_waiting"] == 0)
    hostile = delivered.receiver.raw[sent + 1 :: 2]
    assert len(hostile) == len({body.replace(b" ", b"") for body in hostile}) == number
    assert max(map(len, hostile)) > 64 * 1024
    assert any(body.count(b"[") == 30_000 for body in hostile)
    for body in (b"\xff", b"\\ud800", str(2**80).encode(), b"\\u0000"):
        assert any(body in other for other in hostile), body
    assert any(body == b"" for body in hostile)


def test_log_of_deliveries_can_be_read_on(delivered: Delivered) -> None:
    delivered.receiver.answers = [500]
    investment = delivered.signed()
    wait_until(lambda: len(delivered.bodies(investment)) == 2)
    wait_until(lambda: not delivered.simulator.control("GET", "deliveries")[0]["waiting"])
    (only,) = delivered.simulator.control("GET", "deliveries")
    assert json.loads(only["body"]) == delivered.bodies(investment)[0]
    assert [attempt["answer"] for attempt in only["attempts"]] == [500, 204]
    assert set(only["attempts"][0]) == {"at", "answer", "error", "duration_ms"}
    assert delivered.simulator.control("GET", f"deliveries?after={only['id']}") == []


def test_reset_ends_everything(delivered: Delivered) -> None:
    simulator = delivered.simulator
    arm(simulator, "any", "before:500", times=None)
    simulator.control("POST", "modes", {"start_url": "once"})
    simulator.control("POST", "clock", {"forward_seconds": 60})
    simulator.control("POST", "deliveries", {"paused": True})
    state = simulator.control("POST", "reset", {})
    assert state["deliveries_paused"] is False
    assert simulator.control("GET", "faults") == []
    assert simulator.control("GET", "modes")["start_url"] == "often"
    assert simulator.control("GET", "clock")["forwarded_seconds"] == 0


def test_state_tells_documents_and_identifications(delivered: Delivered) -> None:
    investor_id = delivered.simulator.create_investor()
    delivered.simulator.identify_investor(investor_id)
    state = delivered.simulator.control("GET", "state")
    (identification,) = state["identifications"]
    assert identification["investor_id"] == investor_id
    assert state["documents"] == [identification["document_id"]]


# The page


def test_page_arms_and_switches_off(calm: RunningSimulator) -> None:
    page = Robot(f"{calm.url}/studio/faults")
    assert "Nothing is switched on" in page.text
    page.submit(0, call="create_investor", call_fault="after:502", call_times="2")
    page.submit(form_of(page, "delivery_fault"), delivery_fault="delay:600", delivery_times="")
    armed = calm.control("GET", "faults")
    assert [(fault["on"], fault["fault"], fault["times_left"]) for fault in armed] == [
        ("create_investor", "after:502", 2),
        ("delivery", "delay:600", None),
    ]
    assert "Create the investor: Executed, but: 502, bad gateway" in page.text
    assert "2 more times" in page.text
    assert "until you switch it off" in page.text
    page.submit(0)
    assert [fault["fault"] for fault in calm.control("GET", "faults")] == ["delay:600"]


def test_page_steers_modes_clock_and_deliveries(calm: RunningSimulator) -> None:
    page = Robot(f"{calm.url}/studio/faults")
    modes = {"key_other_body": "replay", "key_lifetime_seconds": "60", "store_errors": "True"}
    page.submit(form_of(page, "key_other_body"), 0, **modes)
    page.submit(form_named(page, "seconds"), button=2)
    page.submit(form_named(page, "paused"))
    assert calm.control("GET", "modes") == {
        "store_errors": True,
        "key_other_body": "replay",
        "parallel_key": "409",
        "key_lifetime_seconds": 60,
        "new_token_ends_old": False,
        "start_url": "often",
        "deliveries": "in_order",
        "webhook_authentication": "bearer",
        "start_url_redirects": False,
    }
    assert calm.control("GET", "clock")["forwarded_seconds"] == 14 * 24 * 3600
    assert calm.control("GET", "state")["deliveries_paused"] is True
    assert "5 faults are switched on" in page.text
    assert "All webhooks are paused" in page.text
    page.submit(0)
    assert "Everything is switched off" in page.text
    assert page.page.select_one(".alarm") is None
    assert calm.control("GET", "modes")["key_lifetime_seconds"] is None
    assert calm.control("GET", "state")["deliveries_paused"] is False
    calm._token = ""


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("call_fault", {"call_times": "0"}),
        ("call_fault", {"call_times": "many"}),
        ("call_fault", {"call_fault": "before:418"}),
        ("call_fault", {"csrf_token": "wrong"}),
        ("delivery_fault", {"delivery_times": "1001"}),
        ("key_lifetime_seconds", {"key_lifetime_seconds": "soon"}),
    ],
)
def test_page_refuses_what_it_cannot_use(calm: RunningSimulator, field: str, changes: dict[str, str]) -> None:
    page = Robot(f"{calm.url}/studio/faults")
    answer = page.submit(form_of(page, field), 0, **changes)
    assert answer.status_code == (400 if "csrf_token" in changes else 422)
    assert calm.control("GET", "faults") == []
    assert calm.control("GET", "modes")["key_lifetime_seconds"] is None


@pytest.mark.parametrize(
    ("language", "words"), [("en", "1 fault is switched on"), ("de", "1 Störung ist eingeschaltet")]
)
def test_red_bar_stands_on_all_pages_while_something_is_wrong(
    calm: RunningSimulator, language: str, words: str
) -> None:
    start_url = calm.signed()["start_url"]
    paths = ["/studio/", "/studio/webhooks", "/studio/faults", "/studio/nothing", "/subscribe/wrong"]
    pages = [*(calm.url + path for path in paths), start_url, start_url + "/documents/1"]
    assert [url for url in pages if Robot(url, language).page.select_one(".alarm")] == []
    arm(calm, "token", "garbage")
    for url in pages:
        bar = Robot(url, language).page.select_one(".alarm")
        assert bar is not None, url
        assert words in bar.get_text()
        assert bar.a is not None
        assert bar.a["href"] == "/studio/faults"


def test_settings_for_the_token_endpoint_are_read() -> None:
    settings = Settings.from_environment({"SIMULATOR_WEBHOOK_TOKEN_URL": "https://portal.example/oauth/token"})
    assert settings.webhook_token_url == "https://portal.example/oauth/token"
    assert settings.webhook_client_id == "demo-webhook-client"
    assert settings.webhook_client_secret == "demo-webhook-secret"


def form_of(page: Robot, field: str) -> int:
    """The number of the form that has this field."""
    forms = page.page.find_all("form", method="post")
    return next(number for number, form in enumerate(forms) if form.select_one(f"#{field}"))


def form_named(page: Robot, button: str) -> int:
    """The number of the form whose buttons bear this name."""
    forms = page.page.find_all("form", method="post")
    return next(number for number, form in enumerate(forms) if form.select_one(f"button[name={button}]"))
