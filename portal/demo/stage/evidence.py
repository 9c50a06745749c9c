"""What really happened since an act began: the simulator's own log, and the portal's database. Not Backstage: a portal
with a bug would record its own view of things."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from flask_babel import LazyString
from sqlalchemy import select

from ...database import db
from ...language import number
from ...models import Intent, Investment, StatusChange, User
from ..control import Control


@dataclass(frozen=True)
class Check:
    """One thing that must be true, in words that tell what was found."""

    ok: bool
    words: LazyString


@dataclass(frozen=True)
class Verdict:
    """What came of an act."""

    checks: tuple[Check, ...]

    @property
    def ok(self) -> bool:
        return all(check.ok for check in self.checks)


def seconds(value: float) -> LazyString:
    """`3.2`, in the form of the language that is shown in the end."""
    return LazyString(lambda: number(round(value, 1)))


class Webhooks:
    """Those that Cashlink has queued since an instant."""

    def __init__(self, control: Control) -> None:
        """Begins now."""
        self._control = control
        self._after = max((delivery["id"] for delivery in control.get("deliveries")), default=0)

    def about(self, investment_id: str) -> list[dict[str, Any]]:
        """In the order in which they were queued."""
        log = self._control.get("deliveries", after=self._after)
        return [delivery for delivery in log if delivery["investment_id"] == investment_id]


class Evidence:
    """Both sides from an instant on."""

    def __init__(self, control: Control) -> None:
        """Begins now."""
        self._control = control
        self._webhooks = Webhooks(control)
        self._after = max((call["id"] for call in control.get("requests")["requests"]), default=0)

    def calls(self, method: str, path_end: str) -> list[dict[str, Any]]:
        """Requests that reached Cashlink since then."""
        log = self._control.get("requests", after=self._after)["requests"]
        return [call for call in log if call["method"] == method and call["path"].endswith(path_end)]

    def creations(self) -> list[dict[str, Any]]:
        """The tries to create an investment."""
        return self.calls("POST", "/v2/investments/")

    def questions(self, investment_id: str) -> list[dict[str, Any]]:
        """How often Cashlink was asked about an investment."""
        return self.calls("GET", f"/v2/investments/{investment_id}/")

    def arrivals(self, investment_id: str) -> list[tuple[str, int | None]]:
        """Status and answer of each webhook that was sent, in the order of sending."""
        sent: Iterator[tuple[str, str, int | None]] = (
            (attempt["at"], json.loads(delivery["body"])["status"], attempt["answer"])
            for delivery in self._webhooks.about(investment_id)
            for attempt in delivery["attempts"]
        )
        return [(status, answer) for _at, status, answer in sorted(sent, key=lambda attempt: attempt[0])]

    def at_cashlink(self, user: User) -> list[dict[str, Any]]:
        """This person's investments as Cashlink has them."""
        investor_id = user.investor.cashlink_id if user.investor else None
        return [one for one in self._control.get("state")["investments"] if one["investor_id"] == investor_id]


def told_by_webhook(investment_id: str) -> list[str]:
    """The statuses that webhooks have brought into the portal's database, oldest first."""
    rows = select(StatusChange.status).where(StatusChange.investment_id == investment_id)
    return list(db.session.scalars(rows.where(StatusChange.polled.is_(False)).order_by(StatusChange.changed_at)))


def open_calls(user: User) -> list[str]:
    """Calls for this person whose fate is unknown, or that wait for an operator."""
    investments = select(Investment.id).where(Investment.user_id == user.id)
    unfinished = (Intent.result.is_(None)) | (Intent.result == "parked")
    return list(db.session.scalars(select(Intent.kind).where(Intent.investment_id.in_(investments), unfinished)))


def keys(calls: Iterable[dict[str, Any]]) -> set[str]:
    return {call["idempotency_key"] for call in calls}
