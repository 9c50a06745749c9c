"""One line per investment: what the portal shows, what the API said last, what the last webhook told."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask_login import current_user
from sqlalchemy import select

from ... import history
from ...campaigns import content
from ...database import db
from ...models import Investment, StatusChange
from .record import Entry

SHOWN = 20


@dataclass(frozen=True)
class Comparison:
    """Status codes as Cashlink writes them; None where nothing is known, `history.STARTED` before the signature.

    Attributes:
        owner: first name.
        asked_at: when the API was asked last, as far as that is recorded.
    """

    id: uuid.UUID
    owner: str
    campaign: str
    is_own: bool
    portal: str
    api: str | None
    webhook: str | None
    asked_at: datetime | None

    @property
    def is_known(self) -> bool:
        """Whether there is anything to compare what the portal shows with."""
        return (self.api, self.webhook) != (None, None)

    @property
    def agrees(self) -> bool:
        """Whether API and webhook say what the portal shows, as far as they have said something."""
        return all(told in (None, self.portal) for told in (self.api, self.webhook))


def comparisons(entries: Sequence[Entry]) -> list[Comparison]:
    """First what persons and webhooks have touched, the newest first; then the viewer's own, and what the loop asks."""
    return [_compare(investment, entries) for investment in _investments(entries)]


def _investments(entries: Sequence[Entry]) -> list[Investment]:
    named = [entry for entry in reversed(entries) if entry.investment_id]
    touched = [entry.investment_id for entry in named if not entry.is_routine]
    own = [row.cashlink_id for row, _ in history.investments_of(current_user)] if current_user.is_authenticated else []
    wanted = dict.fromkeys([*touched, *own, *(entry.investment_id for entry in named)])
    statement = select(Investment).where(Investment.cashlink_id.in_([*wanted]))
    found = {row.cashlink_id: row for row in db.session.scalars(statement)}
    return [found[cashlink_id] for cashlink_id in wanted if cashlink_id in found][:SHOWN]


def _compare(investment: Investment, entries: Sequence[Entry]) -> Comparison:
    newest = history.newest_change(investment.cashlink_id)
    question = _last_question(investment, entries)
    campaign = content.campaign(investment.campaign)
    investor = investment.user.investor if investment.user else None
    return Comparison(
        id=investment.id,
        owner=(investor.forename if investor else None) or "–",
        campaign=campaign.name if campaign else investment.campaign,
        is_own=current_user.is_authenticated and investment.user_id == current_user.id,
        portal=newest.status if newest else history.STARTED,
        api=(question.told or history.STARTED) if question else None,
        webhook=_last_webhook(investment),
        asked_at=question.at if question else None,
    )


def _last_question(investment: Investment, entries: Sequence[Entry]) -> Entry | None:
    asked = (
        entry
        for entry in reversed(entries)
        if entry.kind == "call"
        and entry.method == "GET"
        and entry.investment_id == investment.cashlink_id
        and entry.went_well
    )
    return next(asked, None)


def _last_webhook(investment: Investment) -> str | None:
    """The one that has arrived last, whatever instant it bears."""
    return db.session.scalars(
        select(StatusChange.status)
        .where(StatusChange.investment_id == investment.cashlink_id, StatusChange.polled.is_(False))
        .order_by(StatusChange.id.desc())
        .limit(1)
    ).first()
