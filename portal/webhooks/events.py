"""What a webhook says, read from its body. Whatever the body holds, reading it never fails in an unplanned way."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from ..history import UNUSABLE

# An instant further ahead than this is not believed: it would hide all later news.
AHEAD = timedelta(minutes=5)


class UnreadableError(ValueError):
    """The body is not a status change. The text is a short code."""


class StatusEvent(NamedTuple):
    """`(investment_id, status, changed_at)` identifies an event: Cashlink documents no event id.

    Source: https://docs.cashlink.de, cashlink-api/getting-started, "webhooks".
    """

    investment_id: str
    status: str
    changed_at: datetime
    received_at: datetime

    @property
    def age(self) -> float | None:
        """Seconds since the change; None where its instant cannot be used."""
        return None if self.changed_at == UNUSABLE else (self.received_at - self.changed_at).total_seconds()


def read(body: bytes, received_at: datetime) -> StatusEvent:
    """The event in a body.

    Raises:
        UnreadableError: another kind of webhook, or none at all; to be kept for the operator.
    """
    try:
        data = json.loads(body)
    except (ValueError, RecursionError) as error:
        # RecursionError is no ValueError: nesting 30,000 deep raises it.
        raise UnreadableError("not-json") from error
    if not isinstance(data, dict):
        raise UnreadableError("not-an-object")
    return StatusEvent(
        investment_id=_text(data.get("investment_id"), "investment-id"),
        status=_text(data.get("status"), "status"),
        changed_at=_instant(data.get("changed_at"), received_at),
        received_at=received_at,
    )


def _text(value: object, name: str) -> str:
    """A short printable text; databases take neither NUL nor lone surrogates."""
    if not isinstance(value, str) or not 0 < len(value) <= 64 or not value.isprintable():
        raise UnreadableError(f"no-{name}")
    return value


def _instant(value: object, received_at: datetime) -> datetime:
    """UTC with microseconds: Python cuts nanoseconds off.

    What cannot be used is kept under `UNUSABLE`: the loop then asks what is true.
    """
    if not isinstance(value, str) or len(value) > 64:
        return UNUSABLE
    try:
        instant = datetime.fromisoformat(value.strip())
        # Without a zone UTC is meant [assumed].
        instant = instant.astimezone(UTC) if instant.tzinfo else instant.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return UNUSABLE
    return instant if UNUSABLE < instant <= received_at + AHEAD else UNUSABLE
