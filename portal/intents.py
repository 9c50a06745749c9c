"""The life of an `Intent`: written before the call, claimed by one process at a time, closed or kept after it.

Knows the rows and the meaning of errors, but makes no calls; `integration` does.
"""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

from flask import current_app
from sqlalchemy import ColumnElement, and_, or_, select, update

from .cashlink import errors
from .database import changes_one_row, db, insert_unless_there, now
from .models import Intent, Investment, Investor

# A claimed row is left alone for longer than a call can last; a killed process frees it thereby.
CLAIM = timedelta(seconds=30)
LONGEST_WAIT = timedelta(minutes=15)
# How long a 409 may mean "the first call with this key is still running".
IN_PROGRESS_FOR = timedelta(minutes=10)


def newest(kind: str, owner: Investor | Investment) -> Intent | None:
    """The latest revision of a kind; earlier ones were refused."""
    column = Intent.investor_id if isinstance(owner, Investor) else Intent.investment_id
    statement = select(Intent).where(column == owner.id, Intent.kind == kind).order_by(Intent.revision.desc())
    return db.session.scalars(statement.limit(1)).first()


def add(
    kind: str, owner: Investor | Investment, key: str, body: bytes, content_type: str, revision: int = 1
) -> Intent | None:
    """Write key and frozen body, claimed for this process, and commit.

    Returns:
        None if another process was faster: the unique constraint lets one through.
    """
    instant = now()
    intent = insert_unless_there(
        Intent,
        kind=kind,
        investor_id=owner.id if isinstance(owner, Investor) else None,
        investment_id=owner.id if isinstance(owner, Investment) else None,
        revision=revision,
        idempotency_key=key,
        body=body,
        content_type=content_type,
        created_at=instant,
        attempts=1,
        next_try_at=instant + CLAIM,
    )
    db.session.commit()
    return intent


def is_due(instant: datetime) -> ColumnElement[bool]:
    """Rows to be tried now. An instant further ahead than the longest wait counts, or a clock that jumped would stop
    the row."""
    due = or_(Intent.next_try_at <= instant, Intent.next_try_at > instant + 2 * LONGEST_WAIT)
    return and_(Intent.result.is_(None), due)


def claim(intent: Intent) -> bool:
    """Take a due row for this process: one guarded UPDATE, and whoever changes the row has it."""
    instant = now()
    values = {"next_try_at": instant + CLAIM, "attempts": Intent.attempts + 1, "reason": None}
    is_mine = changes_one_row(update(Intent).where(Intent.id == intent.id, is_due(instant)).values(values))
    db.session.commit()
    db.session.refresh(intent)
    db.session.commit()
    return is_mine


def stop(investor: Investor) -> None:
    """Let nothing of a person go out any more; the caller commits.

    The row keeps key and bytes: whether Cashlink has received an unanswered call is unknown, so that only a repeat of
    it may follow, ever. A call that is under way at this moment ends, and its answer is written down.
    """
    waits = or_(Intent.result.is_(None), Intent.result == "parked")
    _change_all(investor, waits, result="stopped", closed_at=None)


def resume(investor: Investor) -> None:
    """Make due again what `stop` has stopped; the caller commits."""
    instant = now()
    _change_all(investor, Intent.result == "stopped", result=None, next_try_at=instant, created_at=instant)


def _change_all(investor: Investor, which: ColumnElement[bool], **values: Any) -> None:
    investments = select(Investment.id).where(Investment.user_id == investor.user_id)
    mine = or_(Intent.investor_id == investor.id, Intent.investment_id.in_(investments))
    statement = update(Intent).where(mine, which).values(**values)
    db.session.execute(statement.execution_options(synchronize_session=False))


def is_called_now(intent: Intent) -> bool:
    """Whether a process is (or was, when it was killed) in the middle of the call: claimed, and no verdict yet."""
    return intent.result is None and intent.reason is None


def settle(intent: Intent, error: errors.CashlinkError) -> None:
    """Write down what an error means for the row: refused, parked, or kept for later."""
    if isinstance(error, errors.Refused):
        close(intent, "refused", reason=error.reason, field_errors=error.field_errors)
    elif isinstance(error, errors.Unknown):
        too_long = now() - intent.created_at > IN_PROGRESS_FOR
        if isinstance(error, errors.InProgress) and too_long:
            close(intent, "parked", reason=error.reason)
        else:
            _keep(intent, error)
    else:
        close(intent, "parked", reason=error.reason)


def close(
    intent: Intent,
    result: str,
    *,
    reason: str | None = None,
    field_errors: dict[str, list[str]] | None = None,
    created_id: str | None = None,
) -> None:
    """End the row, with the changes that its answer brought, in one commit."""
    intent.result, intent.reason, intent.field_errors = result, reason, field_errors
    intent.created_id, intent.closed_at = created_id, now()
    if result != "parked":
        intent.body = None
    db.session.commit()
    if result != "done":
        current_app.logger.warning("intent %s (%s) %s: %s", intent.id, intent.kind, result, reason)


def _keep(intent: Intent, error: errors.Unknown) -> None:
    """Same key, same body, again later: 1 to 60 s with jitter, slower where credentials or rights are missing."""
    if error.retry_after is not None:
        wait = error.retry_after
    else:
        slow = isinstance(error, errors.Denied)
        first, longest = (15.0, LONGEST_WAIT.total_seconds()) if slow else (1.0, 60.0)
        wait = min(first * 2 ** min(intent.attempts - 1, 20), longest) * random.uniform(0.5, 1.0)
    intent.reason = error.reason
    intent.next_try_at = now() + timedelta(seconds=wait)
    db.session.commit()
    current_app.logger.info("intent %s (%s) kept: %s, again in %.1f s", intent.id, intent.kind, error.reason, wait)
