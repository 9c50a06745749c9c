"""The portfolio: what is to do, all investments of a person, and what they add up to."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from .. import history
from ..cashlink import statuses
from ..models import Investment, StatusChange, User
from . import texts
from .facts import campaign_facts
from .progress import TAG_CLASSES, current_texts
from .texts import Holding, Texts


@dataclass(frozen=True)
class Entry:
    """One investment. `since` is when its status was reached, or, before any, when it was begun."""

    id: uuid.UUID
    name: str
    holding: Holding
    since: datetime
    row: Texts
    delivered: bool
    signed: bool

    @property
    def label(self) -> str:
        return str(self.row.label)

    @property
    def tag_class(self) -> str:
        return TAG_CLASSES[self.row.tone]

    @property
    def task(self) -> str:
        return texts.say(self.row.banner, self.holding)

    @property
    def in_progress(self) -> bool:
        """Signed, and neither delivered nor ended."""
        return self.signed and not self.delivered and not self.row.ended

    @property
    def waits_for_confirmation(self) -> bool:
        return self.row is texts.TEXTS[history.STARTED]


@dataclass(frozen=True)
class Total:
    """A sum over entries; `unknown` counts those whose amount Cashlink has not told."""

    count: int
    amount: Decimal
    unknown: int


@dataclass(frozen=True)
class Portfolio:
    """All investments of a person, newest first."""

    entries: tuple[Entry, ...]

    @property
    def tasks(self) -> tuple[Entry, ...]:
        return tuple(entry for entry in self.entries if entry.row.your_turn)

    @property
    def held(self) -> Total:
        return _total([entry for entry in self.entries if entry.delivered])

    @property
    def in_progress(self) -> Total:
        return _total([entry for entry in self.entries if entry.in_progress])


def read_portfolio(user: User) -> Portfolio:
    return Portfolio(tuple(read_entry(investment, change) for investment, change in history.investments_of(user)))


def read_entry(investment: Investment, change: StatusChange | None) -> Entry:
    code = change.status if change else history.STARTED
    facts = campaign_facts(investment.campaign)
    return Entry(
        id=investment.id,
        name=facts.name,
        holding=facts.holding(investment.units),
        since=change.changed_at if change else investment.created_at,
        row=current_texts(investment, code),
        delivered=code == statuses.DELIVERED,
        signed=change is not None,
    )


def _total(entries: list[Entry]) -> Total:
    amounts = [entry.holding.amount for entry in entries if entry.holding.amount is not None]
    return Total(len(entries), sum(amounts, Decimal(0)), len(entries) - len(amounts))
