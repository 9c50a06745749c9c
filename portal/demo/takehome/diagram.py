"""A sequence diagram of recorded entries: who asked whom, in which order, and what came back. Knows no SVG."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from ..backstage.record import Entry, result, shape
from ..backstage.timeline import Group

# Between person and portal stands the longest cause, in either language.
PERSON, PORTAL, CASHLINK = 90, 460, 820
WIDTH = 910
HEAD = 64  # height of the names
CAUSE = 46  # height of a cause's row
CALL = 50  # height of a call's row: there and back


@dataclass(frozen=True)
class Arrow:
    """A line between two lifelines, with its words above it.

    Attributes:
        kind: "lost" ends in a cross before it arrives.
        number: of the entry; None for a person's click.
    """

    kind: Literal["click", "ask", "answer", "failed", "lost"]
    start: int
    end: int
    y: int
    label: str
    number: int | None = None

    @property
    def middle(self) -> float:
        return (self.start + self.end) / 2


@dataclass(frozen=True)
class Note:
    """A remark beside the portal's lifeline."""

    y: int
    label: str


class Diagram:
    """Lifelines from top to bottom, and what went between them.

    Args:
        groups: oldest first.
    """

    width = WIDTH

    def __init__(self, groups: Sequence[Group]) -> None:
        self.arrows: list[Arrow] = []
        self.notes: list[Note] = []
        self._y = HEAD
        for group in groups:
            self._add_cause(group)
            for entry in group.entries:
                self.arrows += arrows(entry, self._y + 22)
                self._y += CALL
        self.height = self._y + 20

    @property
    def lifelines(self) -> tuple[int, int, int]:
        """Where they are, from left to right: person, portal, Cashlink."""
        return PERSON, PORTAL, CASHLINK

    def _add_cause(self, group: Group) -> None:
        if group.kind == "person":
            self.arrows.append(Arrow("click", PERSON, PORTAL, self._y + 34, str(group.cause)))
        else:
            self.notes.append(Note(self._y + 30, str(group.cause)))
        self._y += CAUSE


def arrows(entry: Entry, y: int) -> Iterator[Arrow]:
    """There and back, between portal and Cashlink."""
    start, end = (PORTAL, CASHLINK) if entry.kind == "call" else (CASHLINK, PORTAL)
    asked = f"{entry.method} {shape(entry.path)}" if entry.kind == "call" else f"webhook {entry.told or ''}".rstrip()
    yield Arrow("ask", start, end, y, asked, entry.id)
    answer = result(entry) + (f" · {entry.told}" if entry.told and entry.kind == "call" else "")
    kind: Literal["answer", "failed", "lost"] = "answer" if entry.went_well else "failed"
    yield Arrow("lost" if entry.status is None else kind, end, start, y + 22, answer, entry.id)
