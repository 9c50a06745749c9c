"""What was passed on to Cashlink, and when: read from the calls themselves, whose bodies are not kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import or_, select

from ..campaigns.content import campaign
from ..database import db
from ..investors.consent import investor_data
from ..language import gettext as _
from ..models import Intent, Investment, Investor, User


class PassedOn(NamedTuple):
    """One call that carries data.

    Attributes:
        at: of Cashlink's answer; None where it is not known whether the data have arrived.
        state: "done", "refused", "open", "stopped" or "parked".
    """

    what: str
    items: Sequence[str]
    at: datetime | None
    state: str


def read(user: User) -> list[PassedOn]:
    """The newest first."""
    investor = user.investor
    if investor is None:
        return []
    mine = select(Investment.id).where(Investment.user_id == user.id)
    rows = db.session.scalars(
        select(Intent)
        .where(or_(Intent.investor_id == investor.id, Intent.investment_id.in_(mine)))
        .order_by(Intent.created_at.desc(), Intent.id.desc())
    )
    return [_told(row) for row in rows]


def _told(row: Intent) -> PassedOn:
    what, items = _words(row)
    return PassedOn(what, items, row.closed_at if row.result in ("done", "refused") else None, row.result or "open")


def _words(row: Intent) -> tuple[str, Sequence[str]]:
    if row.kind == "investment":
        slug = row.investment.campaign if row.investment else ""
        found = campaign(slug)
        return _("That you want to subscribe: %(campaign)s", campaign=found.name if found else slug), ()
    if row.kind == "communication":
        return _("Your email address, and that it is confirmed"), ()
    if row.kind == "document":
        return _("The protocol of your identification"), ()
    if row.kind == "identification":
        return _("Data of your identification and of your identity document"), ()
    return _("Your investor data"), investor_data()


def is_told_address(investor: Investor | None) -> bool:
    """Whether Cashlink knows the account's present address, as far as we know."""
    if investor is None or investor.email_changed_at is not None:
        return False
    statement = select(Intent.result).where(Intent.investor_id == investor.id, Intent.kind == "communication")
    return db.session.scalar(statement.order_by(Intent.revision.desc()).limit(1)) == "done"
