"""Six steps, drawn from what Cashlink has said and nothing else: no date without a message, no step back refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ..campaigns.journey import STEPS
from ..cashlink import statuses
from ..history import STARTED
from ..models import StatusChange
from .texts import TEXTS

# The message that says that a step is done. The first three codes name what is pending, so they end the step before.
ENDS = {
    statuses.KYC_PENDING: 0,
    statuses.REVIEW_PENDING: 1,
    statuses.WAITING_FOR_ACCEPTANCE: 2,
    statuses.ACCEPTED: 3,
    statuses.PAID: 4,
    statuses.DELIVERED: 5,
}


@dataclass
class Timeline:
    """How far an investment is.

    Attributes:
        known: the newest code that our table has; `STARTED` before any.
        step: the step under way, from 0; 6 when all are done.
        done: the steps before it; each with the message that ended it, or None if it was jumped over.
        newest: the newest change that our table has, for the date of an end.
    """

    known: str = STARTED
    step: int = 0
    done: dict[int, StatusChange | None] = field(default_factory=dict)
    newest: StatusChange | None = None


def read_timeline(changes: Sequence[StatusChange]) -> Timeline:
    """Follow the changes, oldest first, forwards and backwards. An unknown code moves nothing."""
    timeline = Timeline()
    for change in changes:
        if change.status in TEXTS:
            _follow(timeline, change)
    return timeline


def _follow(timeline: Timeline, change: StatusChange) -> None:
    step = TEXTS[change.status].step
    if change.status in statuses.ENDED:
        # It ended at the step that was under way, but not before the step that such an end is about.
        step = min(max(step, timeline.step), len(STEPS) - 1)
    for index in range(len(STEPS)):
        if index >= step:
            timeline.done.pop(index, None)
        else:
            timeline.done.setdefault(index, change if ENDS.get(change.status) == index else None)
    timeline.known, timeline.step, timeline.newest = change.status, step, change
