"""The status of investments, read from the append-only changes: newest instant, then the later status, then the row.

Nothing else decides: no "final wins", no order of arrival.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, ScalarSelect, Select, bindparam, case, exists, select
from sqlalchemy.orm import aliased

from .cashlink import statuses
from .database import db
from .models import Investment, StatusChange, User

# A change whose instant cannot be used is kept under this one: it never counts as the newest, and the loop still asks.
UNUSABLE = datetime(1970, 1, 1, tzinfo=UTC)

# The code of an investment about which Cashlink has not said anything yet. Ours, not Cashlink's.
STARTED = "STARTED"


def _newest_first(change: Any) -> tuple[ColumnElement[Any], ...]:
    rank = case({status: statuses.rank(status) for status in statuses.ORDER}, value=change.status, else_=0)
    return change.changed_at.desc(), rank.desc(), change.id.desc()


# A statement takes longer to build than to execute: each is built once, with its values left open.


def newest_change_id() -> ScalarSelect[int]:
    """For a statement about investments: the number of the newest change of each."""
    inner = aliased(StatusChange)
    newest = select(inner.id).where(inner.investment_id == Investment.cashlink_id, inner.changed_at > UNUSABLE)
    return newest.order_by(*_newest_first(inner)).limit(1).correlate(Investment).scalar_subquery()


@cache
def _with_newest_change() -> Select[Investment, StatusChange]:
    return select(Investment, StatusChange).outerjoin(StatusChange, StatusChange.id == newest_change_id())


def investments_of(user: User) -> list[tuple[Investment, StatusChange | None]]:
    """All investments of a user, newest first, each with its newest change."""
    statement = (
        _with_newest_change()
        .where(Investment.user_id == user.id)
        .order_by(Investment.created_at.desc(), Investment.number.desc())
    )
    return [(investment, change) for investment, change in db.session.execute(statement)]


@cache
def _changes() -> Select[StatusChange]:
    """The usable changes of one investment, newest first."""
    known = (StatusChange.investment_id == bindparam("cashlink_id"), StatusChange.changed_at > UNUSABLE)
    return select(StatusChange).where(*known).order_by(*_newest_first(StatusChange))


def newest_change(cashlink_id: str | None) -> StatusChange | None:
    """The change that says an investment's status; None before Cashlink has said anything."""
    if cashlink_id is None:
        return None
    return db.session.scalars(_changes().limit(1), {"cashlink_id": cashlink_id}).first()


def changes(cashlink_id: str | None) -> list[StatusChange]:
    """What happened, oldest first. A change that was polled disappears once a webhook has told the same."""
    if cashlink_id is None:
        return []
    rows = db.session.scalars(_changes(), {"cashlink_id": cashlink_id}).all()[::-1]
    told = [row for row in rows if not row.polled]
    return [row for row in rows if not row.polled or not _told_by_webhook(row, told, rows)]


def _told_by_webhook(polled: StatusChange, told: Sequence[StatusChange], rows: Sequence[StatusChange]) -> bool:
    """Whether a webhook brought the same status, with no other one in between.

    The polled instant may lie on either side of the webhook's: it is the answer's, cut to the second.
    """
    for webhook in told:
        if webhook.status == polled.status:
            first, last = sorted((webhook.changed_at, polled.changed_at))
            if not any(first < row.changed_at < last and row.status != polled.status for row in rows):
                return True
    return False


class InCampaign(NamedTuple):
    """A person's subscriptions to one campaign.

    Attributes:
        all: by their numbers, each with its newest change.
        unsigned: the one that a click on "Invest now" continues. Signed means: a known code has been seen; before the
            signature Cashlink documents none. What an operator has released counts as closed.
    """

    all: tuple[tuple[Investment, StatusChange | None], ...] = ()
    unsigned: Investment | None = None

    @property
    def shown(self) -> tuple[Investment, StatusChange | None] | None:
        """The one that a click continues, else the newest."""
        newest = self.all[-1] if self.all else None
        return next((row for row in self.all if row[0] is self.unsigned), newest)

    @property
    def next_number(self) -> int:
        """What the form of "Invest now" carries."""
        if self.unsigned is not None:
            return self.unsigned.number
        return self.all[-1][0].number + 1 if self.all else 1


def in_campaign(user: User, campaign: str) -> InCampaign:
    rows = db.session.execute(_in_campaign(), {"user": user.id, "slug": campaign}).all()
    unsigned = (row.Investment for row in rows if not row.is_signed and row.Investment.released_at is None)
    return InCampaign(tuple((row.Investment, row.StatusChange) for row in rows), next(unsigned, None))


@cache
def _in_campaign() -> Select[Any]:
    told = aliased(StatusChange)
    is_signed = exists().where(told.investment_id == Investment.cashlink_id, told.status.in_(statuses.ORDER))
    mine = (Investment.user_id == bindparam("user"), Investment.campaign == bindparam("slug"))
    found = _with_newest_change().add_columns(is_signed.label("is_signed"))
    return found.where(*mine).order_by(Investment.number)
