"""The rounds of a self-check: in each somebody subscribes, by hand or script, while the simulator misbehaves."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..control import Control
from ..texts import Text
from .record import ELSEWHERE, INVESTMENTS, Call, Round

LOOK_EVERY_SECONDS = 0.1
LOST, UNREADABLE, AWAY, SLOW_DOWN, ENDED, REDIRECT = (
    "after:lost",
    "garbage",
    "before:503",
    "before:429:2",
    "before:401",
    "redirect",
)
FOREIGN = "foreign_start_url:here"


@dataclass(frozen=True)
class Plan:
    """A round: what is armed, and what a person has to do meanwhile."""

    name: str
    task: Text
    faults: tuple[tuple[str, str], ...] = ()


SUBSCRIBE = Text(
    "with a new person, up to the page to which start_url leads",
    "mit einer neuen Person, bis zu der Seite, zu der start_url führt",
)
PLANS = (
    Plan(
        "calm",
        Text(
            f"Subscribe {SUBSCRIBE.en}. Press “Invest now” twice, quickly.",
            f"Zeichnen Sie {SUBSCRIBE.de}. Drücken Sie „Jetzt zeichnen“ zweimal, schnell.",
        ),
    ),
    Plan(
        "lost",
        Text(f"Subscribe {SUBSCRIBE.en}. Answers get lost.", f"Zeichnen Sie {SUBSCRIBE.de}. Antworten gehen verloren."),
        (("create_investor", LOST), ("create_investment", LOST)),
    ),
    Plan(
        "away",
        Text(f"Subscribe {SUBSCRIBE.en}. The API is away.", f"Zeichnen Sie {SUBSCRIBE.de}. Die API ist nicht da."),
        (("create_investor", AWAY), ("create_investment", SLOW_DOWN)),
    ),
    Plan(
        "token",
        Text(
            f"Subscribe {SUBSCRIBE.en}. A token ends, an answer is unreadable, a webhook comes early.",
            f"Zeichnen Sie {SUBSCRIBE.de}. Ein Token endet, eine Antwort ist unlesbar, ein Webhook kommt zu früh.",
        ),
        (("create_investor", UNREADABLE), ("create_investment", ENDED), ("delivery", "early")),
    ),
    Plan(
        "redirect",
        Text(f"Subscribe {SUBSCRIBE.en}. The API redirects.", f"Zeichnen Sie {SUBSCRIBE.de}. Die API leitet um."),
        (("create_investor", REDIRECT), ("create_investment", REDIRECT)),
    ),
    Plan(
        "elsewhere",
        Text(
            f"Subscribe {SUBSCRIBE.en}. The start_url leads to another host.",
            f"Zeichnen Sie {SUBSCRIBE.de}. Die start_url führt auf einen anderen Host.",
        ),
        (("create_investment", FOREIGN),),
    ),
)


def play(control: Control, plan: Plan, subscribe: Callable[[Plan], object], patience: float) -> Round:
    """Arm, have somebody subscribe, and wait until all has healed, or the patience is at its end (seconds)."""
    before = control.get("state")
    last = last_id(control.get("requests")["requests"])
    for call, fault in plan.faults:
        control.arm(call, fault)
    try:
        subscribe(plan)
        calls = _watch(control, last, plan, patience)
    finally:
        control.clear_faults()
    return _round(plan.name, calls, before, control.get("state"))


def _watch(control: Control, last: int, plan: Plan, patience: float) -> list[Call]:
    ends = time.monotonic() + patience
    while True:
        calls = read_calls(control, last)
        if _is_over(calls, plan) or time.monotonic() > ends:
            return calls
        time.sleep(LOOK_EVERY_SECONDS)


def _is_over(calls: list[Call], plan: Plan) -> bool:
    """Nothing is left to be healed: each spoilt call has a good one behind it, and there is an investment."""
    if any(call.path.startswith(ELSEWHERE) for call in calls):
        return True
    spoilt = [call for call in calls if call.fault and call.method == "POST"]
    healed = all(_is_healed(call, calls) for call in spoilt)
    began = any(call.creates and call.path.endswith(INVESTMENTS) and call.status // 100 == 2 for call in calls)
    return began and healed


def _is_healed(call: Call, calls: list[Call]) -> bool:
    if call.fault == FOREIGN:
        return True
    return any(later.id > call.id and later.is_like(call) and later.succeeded for later in calls)


def _round(name: str, calls: list[Call], before: dict[str, Any], after: dict[str, Any]) -> Round:
    old = {row["id"] for kind in ("investors", "investments") for row in before[kind]}
    new = [row for row in after["investments"] if row["id"] not in old]
    return Round(
        name=name,
        calls=calls,
        investors=sum(row["id"] not in old for row in after["investors"]),
        unsigned=[(row["investor_id"], row["campaign_id"]) for row in new if row["status"] is None],
    )


def read_calls(control: Control, after: int) -> list[Call]:
    return [Call.read(row) for row in control.get(f"requests?after={after}")["requests"]]


def last_id(rows: list[dict[str, Any]]) -> int:
    return int(rows[-1]["id"]) if rows else 0
