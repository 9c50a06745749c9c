"""What the simulator has recorded about an application, by round, and what the application answered to webhooks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

INVESTMENTS = "/v2/investments/"
TOKEN = "/oauth/token"  # noqa: S105  (a path)
# Where the simulator's redirects and its foreign start_url lead: this machine by another name.
ELSEWHERE, FOREIGN_PAGE = "/elsewhere/", "/elsewhere/subscribe"


@dataclass(frozen=True)
class Call:
    """One line of the simulator's log."""

    id: int
    at: datetime
    method: str
    path: str
    status: int
    key: str | None
    body: str | None
    fault: str | None
    object_id: str | None

    @classmethod
    def read(cls, row: dict[str, Any]) -> Call:
        return cls(
            id=row["id"],
            at=datetime.fromisoformat(row["at"]),
            method=row["method"],
            path=row["path"],
            status=row["status"],
            key=row["idempotency_key"],
            body=row["body"],
            fault=row["fault"],
            object_id=row["object_id"],
        )

    @property
    def creates(self) -> bool:
        return self.method == "POST" and "/v2/" in self.path and not self.path.startswith(ELSEWHERE)

    @property
    def succeeded(self) -> bool:
        """2xx, and nothing was done to the answer."""
        return 200 <= self.status < 300 and self.fault is None

    def is_like(self, other: Call) -> bool:
        return (self.method, self.path) == (other.method, other.path)

    @property
    def name(self) -> str:
        """For a reader: without ids."""
        parts = ["…" if len(part) > 20 else part for part in self.path.removeprefix("/api/external").split("/")]
        return f"{self.method} {'/'.join(parts)}"


@dataclass
class Round:
    """What happened while certain faults were armed."""

    name: str
    calls: list[Call] = field(default_factory=list)
    investors: int = 0
    # Of the investments that came into being: investor and campaign, while unsigned.
    unsigned: list[tuple[str, str]] = field(default_factory=list)

    def met(self, *faults: str) -> list[Call]:
        """The calls to which one of these faults was done."""
        return [call for call in self.calls if call.fault in faults]

    def after(self, call: Call) -> list[Call]:
        """Later calls of the same kind."""
        return [later for later in self.calls if later.id > call.id and later.is_like(call)]


@dataclass(frozen=True)
class Knock:
    """A webhook that the check itself has sent, and what came back.

    Attributes:
        kind: what it tries, e.g. "usual", "duplicate", "hostile".
        status: None without an answer.
    """

    kind: str
    status: int | None
    seconds: float

    @property
    def is_accepted(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


@dataclass
class Record:
    """All that the rules about an application judge."""

    rounds: dict[str, Round] = field(default_factory=dict)
    knocks: list[Knock] = field(default_factory=list)
    # Webhooks of the simulator itself: the status of each attempt, and its seconds.
    delivered: list[tuple[int | None, float]] = field(default_factory=list)
    # Whether the API was asked about the investment of the last knock; None: no investment is known.
    asked: bool | None = None

    def calls(self) -> Iterator[Call]:
        for found in self.rounds.values():
            yield from found.calls

    def met(self, *faults: str) -> list[tuple[Round, Call]]:
        return [(found, call) for found in self.rounds.values() for call in found.met(*faults)]

    def knocked(self, *kinds: str) -> list[Knock]:
        return [knock for knock in self.knocks if knock.kind in kinds]
