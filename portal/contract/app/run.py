"""`portal check --app`: a partner's application works against the simulator, and is judged by what is seen of it."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from ..control import Control
from ..report import Report, Verdict, judge
from ..rules import rules
from ..texts import Text
from .knocks import Knocker, Target, body, knocks
from .record import INVESTMENTS, Record
from .rounds import LOOK_EVERY_SECONDS, PLANS, Plan, last_id, play, read_calls

SUBJECT = Text("an application that uses Cashlink's API", "eine Anwendung an Cashlinks API")


def check_app(
    target: Target,
    control_url: str,
    subscribe: Callable[[Plan], object],
    *,
    patience: float = 20.0,
    plans: Sequence[Plan] = PLANS,
    tell: Callable[[Verdict], object] = lambda verdict: None,
) -> Report:
    """Play all rounds, send webhooks, and judge.

    Args:
        subscribe: has somebody subscribe in a round, and returns when they have done so.
        patience: how long to wait for the application to heal after a fault, in seconds.
        plans: the rounds to be played; what needs others is not tried.
    """
    control, knocker = Control(control_url), Knocker(target)
    try:
        record = observe(control, knocker, subscribe, patience, plans)
        return Report(SUBJECT, target.url, datetime.now(UTC).date(), judge(rules("app"), record, tell))
    finally:
        knocker.close()
        control.close()


def observe(
    control: Control,
    knocker: Knocker,
    subscribe: Callable[[Plan], object],
    patience: float,
    plans: Sequence[Plan] = PLANS,
) -> Record:
    """All that can be seen of the application."""
    record = Record()
    token = knocker.token()
    last_delivery = last_id(control.get("deliveries"))
    control.clear_faults()
    control.send_webhooks_to(knocker.target.url, token, knocker.target.token_url)
    try:
        for plan in plans:
            record.rounds[plan.name] = play(control, plan, subscribe, patience)
        for delivery in control.get(f"deliveries?after={last_delivery}"):
            record.delivered += [(tried["answer"], tried["duration_ms"] / 1000) for tried in delivery["attempts"]]
        _knock(control, knocker, record, patience)
    finally:
        control.send_webhooks_to(None)
    return record


def _knock(control: Control, knocker: Knocker, record: Record, patience: float) -> None:
    """Knock, and see whether the last news of an investment is asked about."""
    known = _investments(record)
    investment_id = known[-1] if known else str(uuid.uuid4())
    record.knocks += knocks(knocker, investment_id)
    if not known:
        return
    last = last_id(control.get("requests")["requests"])
    record.knocks.append(knocker.knock("usual", body(investment_id, "ACCEPTED", datetime.now(UTC))))
    ends = time.monotonic() + patience
    record.asked = False
    while not record.asked and time.monotonic() < ends:
        record.asked = any(
            call.method == "GET" and call.path.rstrip("/").endswith(investment_id) for call in read_calls(control, last)
        )
        time.sleep(LOOK_EVERY_SECONDS)


def _investments(record: Record) -> list[str]:
    """Those that the application has asked about or created; at the end the one that it asked about last."""
    made = [call.object_id for call in record.calls() if call.creates and call.path.endswith(INVESTMENTS)]
    asked = [call.object_id for call in record.calls() if call.method == "GET" and INVESTMENTS in call.path]
    return [*filter(None, made), *filter(None, asked)]
