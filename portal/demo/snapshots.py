"""The seed, kept as two SQLite files: "Start over" copies it back instead of walking all stories anew.

Each live database takes it in one transaction, so whoever reads meanwhile sees the old state or the new one. Sessions
stay, so that the presenter does.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import date, datetime
from pathlib import Path

KEPT_TABLE = "user_session"
DAY = "SELECT value FROM mark WHERE name = 'seeded_by_demo'"
SCHEMA = "SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY name"
TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
LONGEST_WAIT = 10.0


class Snapshots:
    """The copies of the databases of one demo.

    Args:
        portal, simulator: the live files; None where a database is no SQLite file, of which no copy is kept.
        folder: where the copies lie.
    """

    def __init__(self, portal: Path | None, simulator: Path, folder: Path) -> None:
        self._portal, self._simulator, self._folder = portal, simulator, folder

    def keep(self) -> None:
        """Take the present state of both databases as the seed."""
        if self._portal is None:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        # The portal's last: it bears the day by which both are judged.
        for live in (self._simulator, self._portal):
            _copy(live, self._folder / live.name)

    def day(self) -> date | None:
        """The day of which the seed is; None where there is none."""
        if self._portal is None or not (self._folder / self._portal.name).exists():
            return None
        row = _rows(self._folder / self._portal.name, DAY)
        return datetime.fromisoformat(row[0][0]).date() if row else None

    def are_of(self, today: date) -> bool:
        """Whether they can be restored: made on this day (UTC), by the schema that the live databases have."""
        if self._portal is None or self.day() != today:
            return False
        lives = (self._portal, self._simulator)
        return all(_rows(live, SCHEMA) == _rows(self._folder / live.name, SCHEMA) for live in lives)

    def lost(self) -> int:
        """How many of the portal's subscriptions the simulator does not know: somebody has emptied it, or its file."""
        if self._portal is None or not self._portal.exists():
            return 0
        ours = _rows(self._portal, "SELECT cashlink_id FROM investment WHERE cashlink_id IS NOT NULL")
        theirs = _rows(self._simulator, "SELECT id FROM investment") if self._simulator.exists() else []
        return len(set(ours) - set(theirs))

    def restore(self) -> None:
        """Bring both databases back to the seed. No sender and no loop may be at work meanwhile."""
        for live in filter(None, (self._simulator, self._portal)):
            _restore(live, self._folder / live.name)


def _open(path: Path) -> closing[sqlite3.Connection]:
    return closing(sqlite3.connect(path, timeout=LONGEST_WAIT, isolation_level=None))


def _rows(path: Path, statement: str) -> list[tuple[str, ...]]:
    with _open(path) as connection:
        return connection.execute(statement).fetchall()


def _copy(source: Path, target: Path) -> None:
    """Whole or not at all: a copy that was interrupted does not count."""
    partial = target.with_suffix(".partial")
    partial.unlink(missing_ok=True)
    with _open(source) as live, _open(partial) as copy:
        live.backup(copy)
        # One file, without a log beside it.
        copy.execute("PRAGMA journal_mode=DELETE")
    partial.replace(target)


def _restore(live: Path, seed: Path) -> None:
    with _open(live) as connection:
        tables = [name for (name,) in connection.execute(TABLES)]
        connection.execute("PRAGMA secure_delete=ON")
        connection.execute("ATTACH DATABASE ? AS seed", (str(seed),))
        connection.execute("BEGIN IMMEDIATE")
        for table in tables:
            if table != KEPT_TABLE:
                connection.execute(f'DELETE FROM main."{table}"')  # noqa: S608 - names of our own tables
                connection.execute(f'INSERT INTO main."{table}" SELECT * FROM seed."{table}"')  # noqa: S608
        if KEPT_TABLE in tables:
            connection.execute("DELETE FROM user_session WHERE user_id NOT IN (SELECT id FROM user)")
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
