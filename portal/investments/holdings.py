"""The portfolio: what is to do, all investments of a person, what they add up to, and what is to be paid for them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from .. import history
from ..campaigns.figures import Payment
from ..cashlink import statuses
from ..models import Investment, StatusChange, User
from . import texts
from .facts import campaign_facts
from .progress import TAG_CLASSES, current_texts
from .texts import Holding, Texts


class Entry(NamedTuple):
    """One investment.

    Attributes:
        since: when its status was reached, or, before any, when it was begun.
        payments: those to come for what has been credited.
    """

    id: uuid.UUID
    name: str
    holding: Holding
    since: datetime
    row: Texts
    delivered: bool
    signed: bool
    payments: tuple[Payment, ...] = ()
    documents: tuple[tuple[str, str], ...] = ()

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


class Year(NamedTuple):
    """What is expected in a calendar year."""

    number: int
    interest: Decimal
    repayment: Decimal

    @property
    def total(self) -> Decimal:
        return self.interest + self.repayment


@dataclass(frozen=True)
class Total:
    """A sum over entries; `unknown` counts those whose amount Cashlink has not told."""

    count: int
    amount: Decimal
    unknown: int


class Portfolio(NamedTuple):
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

    @property
    def per_state(self) -> list[tuple[Entry, Total]]:
        """A sum for each status, the furthest first and what ended last; the entry stands for its words."""
        groups: dict[str, list[Entry]] = {}
        for entry in sorted(self.entries, key=lambda entry: (entry.row.ended, -entry.row.step)):
            groups.setdefault(entry.label, []).append(entry)
        return [(entries[0], _total(entries)) for entries in groups.values()]

    @property
    def expected(self) -> list[Year]:
        """What is still to be paid for what has been credited, by year."""
        payments = [payment for entry in self.entries for payment in entry.payments]
        return [
            Year(
                number,
                sum((one.interest for one in payments if one.on.year == number), Decimal()),
                sum((one.repayment for one in payments if one.on.year == number), Decimal()),
            )
            for number in sorted({payment.on.year for payment in payments})
        ]

    @property
    def expected_sum(self) -> Decimal:
        return sum((year.total for year in self.expected), Decimal())

    @property
    def documents(self) -> dict[str, tuple[tuple[str, str], ...]]:
        """The documents of each campaign in which something is held or under way, by its name."""
        return {entry.name: entry.documents for entry in self.entries if entry.documents and not entry.row.ended}


def read_portfolio(user: User) -> Portfolio:
    return Portfolio(tuple(read_entry(investment, change) for investment, change in history.investments_of(user)))


def read_entry(investment: Investment, change: StatusChange | None) -> Entry:
    code = change.status if change else history.STARTED
    facts = campaign_facts(investment.campaign)
    holding = facts.holding(investment.units)
    delivered = code == statuses.DELIVERED
    return Entry(
        id=investment.id,
        name=facts.name,
        holding=holding,
        since=change.changed_at if change else investment.created_at,
        row=current_texts(investment, code),
        delivered=delivered,
        signed=change is not None,
        payments=facts.payments(holding.amount) if delivered else (),
        documents=facts.documents,
    )


def _total(entries: list[Entry]) -> Total:
    amounts = [entry.holding.amount for entry in entries if entry.holding.amount is not None]
    return Total(len(entries), sum(amounts, Decimal(0)), len(entries) - len(amounts))
