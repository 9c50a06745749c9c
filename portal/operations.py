"""What an operator sees and decides of rows that are not simply done (`portal sync --list`, --retry, --release)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import cast

from sqlalchemy import CursorResult, exists, func, or_, select, update

from .cashlink import statuses
from .database import db, now
from .models import Intent, Investment, StatusChange, UnreadableWebhook, Withdrawal

# How long a declared withdrawal is listed.
WITHDRAWALS_FOR = timedelta(days=30)


def lines() -> list[str]:
    """A line for each row that is not simply done, oldest first; no personal data."""
    found = [_line(intent) for intent in _unfinished()]
    unreadable = db.session.scalar(select(func.count()).select_from(UnreadableWebhook))
    if unreadable:
        found.append(f"{unreadable} webhook bodies could not be understood; see the table unreadable_webhook")
    recent = select(Withdrawal).where(Withdrawal.declared_at > now() - WITHDRAWALS_FOR).order_by(Withdrawal.declared_at)
    for declared in db.session.scalars(recent):
        since = declared.declared_at.isoformat(timespec="seconds")
        found.append(f"        {since}  withdrawal     {declared.id}; see the table withdrawal")
    return found


def _unfinished() -> Iterable[Intent]:
    signed = exists().where(
        StatusChange.investment_id == Investment.cashlink_id, StatusChange.status.in_(statuses.ORDER)
    )
    unsigned = (
        exists()
        .where(Investment.id == Intent.investment_id, Investment.released_at.is_(None), ~signed)
        .correlate(Intent)
    )
    newer = Intent.__table__.alias()
    is_newest = ~exists().where(
        or_(newer.c.investor_id == Intent.investor_id, newer.c.investment_id == Intent.investment_id),
        newer.c.kind == Intent.kind,
        newer.c.revision > Intent.revision,
    )
    return db.session.scalars(
        select(Intent)
        .where(or_(Intent.result.is_(None), Intent.result != "done", unsigned), is_newest)
        .order_by(Intent.id)
    )


def _line(intent: Intent) -> str:
    since = intent.created_at.isoformat(timespec="seconds")
    if intent.result is None:
        wait = max((intent.next_try_at - now()).total_seconds(), 0)
        state = f"open     {intent.reason or 'being called'}; tried {intent.attempts} times, again in {wait:.0f} s"
    elif intent.result == "done":
        state = "unsigned the person has not signed at Cashlink yet"
    elif intent.result == "stopped":
        state = "stopped  the person has withdrawn the consent; a new one makes it due"
    else:
        state = f"{intent.result:<8} {intent.reason}"
    subject = f"investment {intent.investment_id}" if intent.investment_id else f"investor {intent.investor_id}"
    return f"{intent.id:>6}  {since}  {intent.kind:<14} {subject:<48} {state}"


def retry(intent_id: int | None) -> int:
    """Make a row due, or all: open ones at once, parked ones after a person has decided.

    Args:
        intent_id: None for all.

    Returns:
        How many rows.
    """
    wanted = or_(Intent.result.is_(None), Intent.result == "parked")
    statement = update(Intent).where(wanted)
    if intent_id is not None:
        statement = statement.where(Intent.id == intent_id)
    # created_at starts anew what lasts a certain time: a 409 is given its ten minutes again.
    values = {"result": None, "closed_at": None, "next_try_at": now(), "created_at": now()}
    changed = db.session.execute(statement.values(values).execution_options(synchronize_session=False))
    db.session.commit()
    return cast(CursorResult[()], changed).rowcount


def release(intent_id: int) -> bool:
    """Count a row as closed, after a person has made sure of it at Cashlink.

    An investment is left behind, so that "Invest now" may begin another; an import may be edited and sent anew.
    """
    intent = db.session.get(Intent, intent_id)
    if intent is None:
        return False
    if intent.investment is not None:
        intent.investment.released_at = now()
    if intent.result != "done":
        intent.result, intent.reason, intent.closed_at, intent.body = "refused", "released", now(), None
    db.session.commit()
    return True
