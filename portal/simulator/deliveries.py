"""How webhooks get into the queue: as they should, or as the armed faults want it."""

import json
import random
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy import select, update

from .faults import DELIVERY, Fault
from .models import Delivery, db, new_id
from .rules import instant
from .runtime import runtime

# In the mode "shuffled": the longest wait of a webhook that others may overtake meanwhile.
SHUFFLE_SECONDS = 1.0

COPIES = 3
AHEAD = timedelta(minutes=10)
OLDER = timedelta(seconds=1)

# The next hostile body; all are used in turn.
_turn = count()


def queue_webhook(investment_id: str, status: str, changed_at: datetime) -> None:
    """Add the webhook of a change to the session, in the transaction of the change; the caller commits and wakes."""
    delivery = new_delivery(investment_id, webhook_body(investment_id, status, changed_at))
    if runtime().modes.deliveries == "shuffled":
        delivery.next_try_at = delivery.created_at + timedelta(seconds=random.uniform(0, SHUFFLE_SECONDS))
    db.session.add(delivery)
    armed = runtime().faults.take(DELIVERY, lambda fault: _fits(fault, investment_id))
    if armed:
        delivery.fault = armed.fault.name
        _spoil(delivery, armed.fault, changed_at)


def new_delivery(investment_id: str, body: str, fault: str | None = None) -> Delivery:
    now = runtime().clock.now()
    return Delivery(
        investment_id=investment_id, body=body, created_at=now, next_try_at=now, failures=0, held=False, fault=fault
    )


def webhook_body(investment_id: str, status: str, changed_at: datetime) -> str:
    return json.dumps({"investment_id": investment_id, "status": status, "changed_at": instant(changed_at)})


def release_held(investment_id: str | None = None) -> None:
    """Let go what waits for a later webhook: of one investment, or all; the caller commits and wakes."""
    waiting = update(Delivery).where(Delivery.held)
    if investment_id is not None:
        waiting = waiting.where(Delivery.investment_id == investment_id)
    db.session.execute(waiting.values(held=False))


def clear_faults(fault_id: int | None = None) -> int:
    """Switch one or all faults off, for calls too, and let go what was held back; how many were armed."""
    cleared = runtime().faults.clear(fault_id)
    release_held()
    db.session.commit()
    runtime().wake_sender.set()
    return cleared


def _fits(fault: Fault, investment_id: str) -> bool:
    if fault.kind == "reorder":
        # Two that wait for each other would never leave.
        held = select(Delivery.id).where(Delivery.investment_id == investment_id, Delivery.held)
        return db.session.scalar(held.limit(1)) is None
    # That one has its place when an investment is created.
    return fault.kind != "early"


def _spoil(delivery: Delivery, fault: Fault, changed_at: datetime) -> None:
    """Change the delivery itself, or add others to the queue behind it."""
    if fault.kind == "duplicate":
        _add(*[(delivery.investment_id, delivery.body)] * (COPIES - 1), fault=fault)
    elif fault.kind == "reorder":
        delivery.held = True
    elif fault.kind == "delay":
        delivery.next_try_at = delivery.created_at + timedelta(seconds=float(fault.argument))
    elif fault.kind == "drop":
        delivery.next_try_at = None
        release_held(delivery.investment_id)
    elif fault.kind != "bad_token":
        delivery.fault = None
        db.session.flush()
        _add(_additional(fault.kind, delivery.investment_id, changed_at), fault=fault)


def _add(*bodies: tuple[str, str], fault: Fault) -> None:
    db.session.add_all([new_delivery(investment_id, body, fault.name) for investment_id, body in bodies])


def _additional(kind: str, investment_id: str, changed_at: datetime) -> tuple[str, str]:
    """The investment's id, and the body of a webhook that no change stands behind."""
    if kind == "hostile":
        bodies = hostile_bodies(investment_id, changed_at)
        return investment_id, bodies[next(_turn) % len(bodies)]
    if kind == "ghost":
        investment_id = new_id()
    status, at = {
        "ghost": ("KYC_PENDING", changed_at),
        "wrong_status": ("DELIVERED", runtime().clock.stamp()),
        "future": ("PAYMENT_MISSING", runtime().clock.now() + AHEAD),
        "unknown_status": ("MOON_PENDING", changed_at - OLDER),
    }[kind]
    return investment_id, webhook_body(investment_id, status, at)


def hostile_bodies(investment_id: str, changed_at: datetime) -> list[str]:
    """What an attacker, or a sender with a bug, might send to the webhook's address."""

    def like(**values: Any) -> str:
        usual = {"investment_id": investment_id, "status": "DELIVERED", "changed_at": instant(changed_at)}
        return json.dumps(usual | values)

    return [
        "[" * 30_000 + "]" * 30_000,
        '{"investment_id":' * 3_000 + "1" + "}" * 3_000,
        like(status=2**80),
        like(status="\ud800"),
        like(investment_id="\udfff" + investment_id[1:]),
        like(status="ACCEPTED\0"),
        like(investment_id=[investment_id], status={"code": "ACCEPTED"}, changed_at=0),
        like(status=None),
        like(status="A" * 70_000),
        like(status="A" * 60_000),
        like(status="\N{RIGHT-TO-LEFT OVERRIDE}<script>alert(1)</script>"),
        like(changed_at="tomorrow"),
        like(changed_at="99999-01-01T00:00:00Z"),
        like(changed_at=10**400),
        '{"investment_id": NaN, "status": Infinity, "changed_at": -0}',
        "[" + "9" * 50_000 + "]",
        "\udcff\udcfe{\udc80}",
        "{",
        "null",
        "",
    ]
