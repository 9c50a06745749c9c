"""The way of one status: pressed in the Studio, sent as a webhook, taken by the receiver, shown on the page."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import select

from ...database import db, now
from ...models import StatusChange
from ..control import Control
from .evidence import Webhooks

State = Literal["done", "waiting", "lost"]


@dataclass(frozen=True)
class Station:
    """Where the status has come through.

    Attributes:
        milliseconds: since the button was pressed; None where it has not come yet.
    """

    name: Literal["studio", "webhook", "receiver", "page"]
    state: State
    milliseconds: int | None = None


WAITING = (Station("webhook", "waiting"), Station("receiver", "waiting"), Station("page", "waiting"))


class Travel:
    """One status on its way; all instants are those of the two systems, but the last, which is the stage's own."""

    def __init__(self, control: Control, investment_id: str) -> None:
        """Begins now, before the button is pressed."""
        self._webhooks, self._investment_id = Webhooks(control), investment_id
        self._shown_at: datetime | None = None
        self._complete: tuple[Station, ...] = ()

    def stations(self) -> tuple[Station, ...]:
        """Read anew until the status has arrived."""
        if not self._complete:
            found = self._read()
            if any(station.state == "waiting" for station in found):
                return found
            self._complete = found
        return self._complete

    def _read(self) -> tuple[Station, ...]:
        webhooks = self._webhooks.about(self._investment_id)
        if not webhooks:
            return (Station("studio", "waiting"), *WAITING)
        pressed_at = datetime.fromisoformat(json.loads(webhooks[0]["body"])["changed_at"])
        studio = Station("studio", "done", 0)
        sent = [attempt for webhook in webhooks for attempt in webhook["attempts"]]
        if not sent:
            return (studio, *(self._never_sent(webhooks) or WAITING))
        webhook = Station("webhook", "done", _milliseconds(pressed_at, datetime.fromisoformat(sent[0]["at"])))
        received_at = self._received_at(pressed_at)
        if received_at is None:
            return (studio, webhook, *WAITING[1:])
        self._shown_at = self._shown_at or now()
        receiver = Station("receiver", "done", _milliseconds(pressed_at, received_at))
        return (studio, webhook, receiver, Station("page", "done", _milliseconds(pressed_at, self._shown_at)))

    @staticmethod
    def _never_sent(webhooks: list[dict[str, Any]]) -> tuple[Station, ...]:
        """After the fault that drops a webhook: nothing follows."""
        if any(webhook["waiting"] for webhook in webhooks):
            return ()
        return (Station("webhook", "lost"), Station("receiver", "lost"), Station("page", "lost"))

    def _received_at(self, changed_at: datetime) -> datetime | None:
        rows = select(StatusChange.received_at).where(
            StatusChange.investment_id == self._investment_id, StatusChange.changed_at == changed_at
        )
        return db.session.scalars(rows).first()


def _milliseconds(begin: datetime, end: datetime) -> int:
    return max(0, round((end - begin).total_seconds() * 1000))
