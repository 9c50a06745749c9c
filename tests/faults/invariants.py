"""What must be true after everything has healed, judged by the simulator's own record and the portal's database.

I1 one investor per account · I2 one unsigned investment per account and campaign · I3 each webhook answered with 2xx is
stored · I4 the portal shows Cashlink's status · I5 each object at Cashlink belongs to exactly one row · I6 each row is
done, refused, or parked for a reason. (I7, no unplanned 5xx and no secrets, is watched by `Watch`.)
"""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import select

from portal import history
from portal.database import db
from portal.models import Intent, Investment, Investor, StatusChange
from portal.webhooks.events import UnreadableError, read

from ..acts import Acts

# Values of tests/people.py that must not turn up in any log.
CANARIES = ("DE89370400440532013000", "86095742719", "T22000129", "@example.org", "/subscribe/", "webhook-token-of")


def violations(acts: Acts) -> list[str]:
    """All that is wrong; empty when the invariants hold."""
    state = acts.state()
    deliveries = acts.control("deliveries")
    with acts.world.app.app_context():
        found = [
            *_investors(state["investors"]),
            *_investments(state["investments"]),
            *_webhooks(deliveries),
            *_rows(),
        ]
        db.session.rollback()
    return found


def _investors(there: list[dict[str, Any]]) -> Iterable[str]:
    here = Counter(db.session.scalars(select(Investor.cashlink_id).where(Investor.cashlink_id.is_not(None))))
    there_ids = {investor["id"] for investor in there}
    for cashlink_id in there_ids - set(here):
        yield f"I1/I5: investor {cashlink_id} exists at Cashlink and belongs to no account"
    for cashlink_id in set(here) - there_ids:
        yield f"I5: investor {cashlink_id} is not known at Cashlink"
    imported = db.session.scalars(select(Investor.cashlink_id).where(Investor.imported_at.is_not(None))).all()
    for investor in there:
        if investor["id"] in imported and not investor["has_communication"]:
            yield f"I6: investor {investor['id']} counts as imported without communication"
        if investor["identifications"] > 1:
            yield f"I5: investor {investor['id']} has {investor['identifications']} identifications"


def _investments(there: list[dict[str, Any]]) -> Iterable[str]:
    here = {row.cashlink_id: row for row in db.session.scalars(select(Investment))}
    unsigned = Counter((row["investor_id"], row["campaign_id"]) for row in there if row["status"] is None)
    for key, count in unsigned.items():
        if count > 1:
            yield f"I2: {count} unsigned investments of {key}"
    for row in there:
        if row["id"] not in here:
            yield f"I5: investment {row['id']} exists at Cashlink and belongs to no row"
            continue
        newest = history.newest_change(row["id"])
        if (newest.status if newest else None) != row["status"]:
            yield f"I4: investment {row['id']} is {row['status']}, the portal shows {newest and newest.status}"
    there_ids = {row["id"] for row in there}
    for cashlink_id in here:
        if cashlink_id is not None and cashlink_id not in there_ids:
            yield f"I5: investment {cashlink_id} is not known at Cashlink"


def _webhooks(deliveries: list[dict[str, Any]]) -> Iterable[str]:
    stored = {(row.investment_id, row.status, row.changed_at) for row in db.session.scalars(select(StatusChange)).all()}
    for delivery in deliveries:
        confirmed = any(attempt["answer"] and 200 <= attempt["answer"] < 300 for attempt in delivery["attempts"])
        if not confirmed:
            continue
        try:
            event = read(delivery["body"].encode("utf-8", "surrogatepass"), _after_all())
        except (UnreadableError, ValueError):
            continue
        # An unusable instant is kept under another one.
        if (event.investment_id, event.status, event.changed_at) not in stored and not any(
            row[:2] == (event.investment_id, event.status) and row[2] == history.UNUSABLE for row in stored
        ):
            body = json.loads(delivery["body"])
            yield f"I3: {body.get('status')} of {body.get('investment_id')} was confirmed and is not stored"


def _after_all() -> Any:
    from datetime import UTC, datetime, timedelta

    return datetime.now(UTC) + timedelta(days=1)


def _rows() -> Iterable[str]:
    for intent in db.session.scalars(select(Intent)):
        if intent.result is None:
            yield f"I6: intent {intent.id} ({intent.kind}) is still open: {intent.reason}"
        elif intent.result == "parked" and not intent.reason:
            yield f"I6: intent {intent.id} ({intent.kind}) is parked without a reason"


class Watch(logging.Handler):
    """I7: listens to all logs, and wraps the application to see its answers."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage() + (str(record.exc_text or record.exc_info or ""))
        if record.levelno >= logging.ERROR:
            self.found.append(f"I7: logged as an error: {text[:300]}")
        self.found += [f"I7: {canary} in a log: {text[:300]}" for canary in CANARIES if canary in text]

    def wrap(self, wsgi: Callable[..., Any], planned: tuple[str, ...] = ("503",)) -> Callable[..., Any]:
        def wrapped(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
            def start(status: str, headers: Any, exc_info: Any = None) -> Any:
                if status[:1] == "5" and status[:3] not in planned:
                    self.found.append(f"I7: {environ['REQUEST_METHOD']} {environ['PATH_INFO']} answered {status}")
                return start_response(status, headers, exc_info)

            return wsgi(environ, start)

        return wrapped
