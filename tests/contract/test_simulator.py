"""The simulator keeps each rule about the API, and each probe finds a simulator that is broken for it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

import pytest

from portal.contract import fidelity
from portal.contract import rules as catalogue
from portal.contract.api.client import Api
from portal.contract.engine import Finding
from portal.contract.report import Report, Verdict, as_page, judge
from portal.contract.rules import Rule, rules
from portal.contract.texts import same
from portal.simulator.modes import CHOICES

from .lying import Contracted, Lie, running

pytestmark = pytest.mark.slow

INVESTORS, INVESTMENTS = "/api/external/v2/investors/", "/api/external/v2/investments/"
TOKEN = "/api/external/oauth/token"
# Another value than the default of each mode.
OTHER = {"key_lifetime_seconds": 3600} | {name: choices[1] for name, choices in CHOICES.items()}


def without(*names: str) -> Any:
    return lambda status, data: (status, {name: value for name, value in data.items() if name not in names})


def with_(**values: Any) -> Any:
    return lambda status, data: (status, data | values)


def other_money(status: int, data: Any) -> tuple[int, Any]:
    data["products"][0]["volume"]["amount"] = 500000.0
    return status, data


def flat_errors(status: int, data: Any) -> tuple[int, Any]:
    return (status, {"detail": str(data)}) if status == 400 else (status, data)


def forgetful(status: int, data: Any) -> tuple[int, Any]:
    """Another id each time: as if no key had been given."""
    return status, data | {"id": str(uuid.uuid4())}


def the_same(status: int, data: Any) -> tuple[int, Any]:
    return status, data | {"id": "5b1d0c5e-7c1a-4e0b-9a51-0d5f3f1a2bff"}


def first_status(status: int, data: Any) -> tuple[int, Any]:
    for row in data["results"]:
        row["status"] = "MOON_PENDING"
    return status, data


class Other(NamedTuple):
    """A function of the simulator that does otherwise."""

    name: str
    instead: Callable[..., Any]


# How the simulator is broken for each rule that no mode breaks: by a lie, a fault for a call, or another function.
BROKEN: dict[str, Lie | Other | tuple[str, str]] = {
    "token-issued": ("token", "before:500"),
    "token-lifetime": ("token", "expires_in:missing"),
    "token-refused": Lie("POST", TOKEN, lambda status, data: (500 if status == 401 else status, data)),
    "token-scope": Lie("GET", INVESTMENTS, lambda status, data: (401 if status == 403 else status, data)),
    "not-found": Lie("GET", INVESTMENTS + ".+/", lambda status, data: (200, {"id": "x"})),
    "field-errors": Lie("POST", INVESTORS, flat_errors),
    "list-pages": Lie("GET", INVESTMENTS, with_(next="https://evil.example/api/external/v2/investments/?page=2")),
    "money": Lie("GET", "/api/external-info/", other_money),
    "investor-created": Lie("GET", INVESTORS + ".+/", without("communication")),
    "investor-twice": Lie("POST", INVESTORS, the_same),
    "identification": ("create_identification", "no_id"),
    "key-replays": Lie("POST", INVESTORS, forgetful),
    "start-url": ("create_investment", "no_start_url"),
    "unsigned": Lie("GET", INVESTMENTS + ".+/", with_(status="STARTED")),
    "status-codes": Lie("GET", INVESTMENTS, first_status),
    "webhook-form": Other("portal.simulator.deliveries.webhook_body", lambda *_: '{"event": "changed"}'),
    # Content with any answer.
    "webhook-retried": Other("portal.simulator.sender._is_done", lambda *_: True),
}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Contracted]:
    with running(tmp_path_factory.mktemp("contract")) as contracted:
        yield contracted


@pytest.fixture
def contracted(shared: Contracted) -> Contracted:
    shared.behave()
    return shared


def differing(api: Api, chosen: list[Rule]) -> list[str]:
    """The rules that are found broken."""
    return [verdict.rule.id for verdict in judge(chosen, api) if verdict.finding.state == "failed"]


def test_the_simulator_keeps_every_rule(contracted: Contracted) -> None:
    with contracted.api() as api:
        verdicts = judge(rules("api"), api)
    assert {verdict.rule.id: verdict.finding.seen.en for verdict in verdicts if verdict.finding.state != "ok"} == {}


@pytest.mark.parametrize("rule", [rule for rule in rules("api") if not rule.mode], ids=lambda rule: rule.id)
def test_a_broken_simulator_is_found(contracted: Contracted, monkeypatch: pytest.MonkeyPatch, rule: Rule) -> None:
    monkeypatch.setattr("portal.contract.api.webhooks.SECONDS", 0.8)
    broken = BROKEN[rule.id]
    if isinstance(broken, Lie):
        contracted.lying.lie = broken
    elif isinstance(broken, Other):
        monkeypatch.setattr(broken.name, broken.instead)
    else:
        contracted.simulator.control("POST", "faults", {"on": broken[0], "fault": broken[1], "times": None})
    with contracted.api() as api:
        assert differing(api, [rule]) == [rule.id]


def test_each_mode_has_one_rule() -> None:
    assert sorted(rule.mode for rule in rules("api") if rule.mode) == sorted(OTHER)


def test_all_modes_at_once_break_exactly_their_rules(contracted: Contracted) -> None:
    contracted.simulator.control("POST", "modes", OTHER)
    with contracted.api() as api:
        assert differing(api, rules("api")) == [rule.id for rule in rules("api") if rule.mode]


@pytest.mark.long
@pytest.mark.parametrize("mode", OTHER)
def test_each_mode_alone_breaks_no_other_rule(contracted: Contracted, mode: str) -> None:
    contracted.simulator.control("POST", "modes", {mode: OTHER[mode]})
    with contracted.api() as api:
        assert differing(api, rules("api")) == [rule.id for rule in rules("api") if rule.mode == mode]


def test_fidelity_is_fresh() -> None:
    assert fidelity.FILE.read_text() == fidelity.text(), "run: python -m portal.contract.fidelity"


def test_a_rule_that_is_removed_is_gone_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    gone, *rest = rules("api")
    page = report_of([gone, *rest])
    assert gone.id in page
    assert gone.id in fidelity.text()
    monkeypatch.setattr(catalogue, "_RULES", rest)
    assert gone.id not in report_of(rules("api")) + fidelity.text()
    # The tests are made from the same list.
    assert gone not in rules("api")


def report_of(chosen: list[Rule]) -> str:
    verdicts = [Verdict(rule, Finding("ok", same("")), 0) for rule in chosen]
    return as_page(Report(same("x"), "x", datetime.now(UTC).date(), verdicts), "en")
