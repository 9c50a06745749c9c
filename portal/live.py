"""Live news: a watcher per process reads what is new, once for all open pages, and tells those that it concerns.

It passes on nothing but "look again". What a page shows, and to whom, the page's own view decides.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from itertools import chain
from queue import SimpleQueue
from typing import Any, cast

from flask import Flask
from sqlalchemy import Connection, bindparam, func, select

from .database import db, now
from .models import Intent, Investment, Investor, StatusChange

# Seconds between two looks. Half of it is what a page waits on average.
TICK = 0.15
# A row bears the instant before its commit: those of the last seconds are looked at again.
OVERLAP = timedelta(seconds=10)


# Built once, and one statement for both questions: it is executed several times a second.
_NEWEST = select(func.coalesce(func.max(StatusChange.id), 0).label("id")).subquery()
_LOOK = select(
    _NEWEST.c.id.label("newest"), Intent.id, Intent.closed_at, Intent.investment_id, Intent.investor_id
).select_from(_NEWEST.outerjoin(Intent, Intent.closed_at > bindparam("since")))
_NEWS = (
    select(Investment.id)
    .join(StatusChange, StatusChange.investment_id == Investment.cashlink_id)
    .where(StatusChange.id > bindparam("last"), StatusChange.id <= bindparam("newest"))
)


# Seconds, some turns of the keeper's.
PATIENCE = 45.0
# What a stream says. Without data a browser would not pass the event on.
NEWS = "event: status\ndata: changed\n\n"
ALIVE = ": still here\n\n"


class Listener:
    """One open stream: whose it is, and what it has to say, piece by piece. The queue is all that its thread waits for.

    Args:
        investment_id: what the page shows.
        token_hash: of the session that has opened it.
    """

    def __init__(self, investment_id: uuid.UUID, token_hash: str) -> None:
        self.investment_id = investment_id
        self.token_hash = token_hash
        self.closed = False
        self._shown: object = None
        self._pieces: SimpleQueue[str | None] = SimpleQueue()

    def pieces(self) -> Iterator[str]:
        """Until the end; `queue.Empty` says that nobody has looked for a while."""
        return iter(partial(self._pieces.get, timeout=PATIENCE), None)

    def tell(self) -> None:
        """News, passed on without a look, or a thousand pages would all look at once; the next look tells once more,
        which heals what was half seen."""
        self._shown = None
        self._pieces.put(NEWS)

    def show(self, state: object) -> None:
        """What a look has found: news where it differs from the last one, and for the first."""
        self._pieces.put(ALIVE if state == self._shown else NEWS)
        self._shown = state

    def stay(self) -> None:
        """A sign of life where a look was not possible."""
        self._pieces.put(ALIVE)

    def end(self) -> None:
        self._pieces.put(None)


class Hub:
    """The open streams of this process, by the investment that they show.

    Each has a queue of its own: news for one page do not wake the threads of a thousand others.
    """

    def __init__(self, cap: int) -> None:
        self.cap = cap
        self.closing = False
        # Is told how many streams are open, each time that changes.
        self.observer: Callable[[int], object] = int
        self._lock = threading.Lock()
        self._listeners: dict[uuid.UUID, list[Listener]] = {}
        # By the instant of the next look, the earliest first.
        self._turns: deque[tuple[float, Listener]] = deque()

    def __len__(self) -> int:
        with self._lock:
            return self._count()

    def _count(self) -> int:
        return sum(map(len, self._listeners.values()))

    @contextmanager
    def listen(self, investment_id: uuid.UUID, token_hash: str) -> Iterator[Listener | None]:
        """A listener for the time of a stream; None beyond the cap and while the process ends."""
        listener = Listener(investment_id, token_hash)
        with self._lock:
            admitted = not self.closing and self._count() < self.cap
            if admitted:
                self._listeners.setdefault(investment_id, []).append(listener)
                self._turns.appendleft((0, listener))
                self.observer(self._count())
        try:
            yield listener if admitted else None
        finally:
            if admitted:
                self._forget(listener)

    def _forget(self, listener: Listener) -> None:
        with self._lock:
            listener.closed = True
            self._listeners[listener.investment_id].remove(listener)
            if not self._listeners[listener.investment_id]:
                del self._listeners[listener.investment_id]
            self.observer(self._count())

    def take_due(self, pause: float) -> list[Listener]:
        """The streams whose turn it is to be looked at; each has its next turn after the pause (seconds)."""
        instant = time.monotonic()
        due = []
        with self._lock:
            while self._turns and self._turns[0][0] <= instant:
                _, listener = self._turns.popleft()
                if not listener.closed:
                    due.append(listener)
            self._turns.extend((instant + pause, listener) for listener in due)
        return due

    def tell(self, investment_ids: Iterable[uuid.UUID]) -> None:
        with self._lock:
            for investment_id in investment_ids:
                for listener in self._listeners.get(investment_id, ()):
                    listener.tell()

    def tell_all(self) -> None:
        with self._lock:
            for listener in self._all():
                listener.tell()

    def _all(self) -> Iterator[Listener]:
        return chain.from_iterable(self._listeners.values())

    def open(self) -> None:
        self.closing = False

    def close(self) -> None:
        """End all streams at once, instead of when the server loses patience."""
        with self._lock:
            self.closing = True
            for listener in self._all():
                listener.end()


def hub(app: Flask) -> Hub:
    return cast(Hub, app.extensions["hub"])


class Watcher:
    """The thread that looks for news. The server's process starts it, never `create_app`."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._hub = hub(app)
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._newest_row: int | None = None
        self._closed_at = now()
        self._seen: set[tuple[Any, ...]] = set()
        self._failing = False

    def start(self, alive: Callable[[], bool] = lambda: True) -> Watcher:
        """Begin to look.

        Args:
            alive: asked at each look; once it says no, all streams end (gunicorn's worker knows of SIGTERM that way).
        """
        self._hub.open()
        self._look()
        self._thread = threading.Thread(target=self._run, args=(alive,), name="live-watcher", daemon=True)
        self._thread.start()
        return self

    def close(self) -> None:
        """Stop, and end all streams."""
        self._stop.set()
        self._hub.close()
        if self._thread is not None:
            self._thread.join(5)

    def _run(self, alive: Callable[[], bool]) -> None:
        while alive() and not self._stop.wait(TICK):
            self._look()
        self._hub.close()

    def _look(self) -> None:
        """One look. Whatever goes wrong, the next one may succeed; trouble is logged once."""
        try:
            # Without a session, which would cost as much again.
            with self._app.app_context(), db.engine.connect() as connection:
                rows = connection.execute(_LOOK, {"since": self._closed_at - OVERLAP}).all()
                # Without a closed intent it is one row that names the newest change only.
                closed = {tuple(row[1:]) for row in rows if row.id is not None}
                self._hub.tell(
                    self._with_new_changes(connection, rows[0].newest) | self._with_closed_intents(connection, closed)
                )
        except Exception as error:
            if not self._failing:
                self._app.logger.warning("no live news, the database cannot be read: %s", type(error).__name__)
            self._failing = True
        else:
            self._failing = False

    def _with_new_changes(self, connection: Connection, newest: int) -> set[uuid.UUID]:
        """Investments about which Cashlink has said something.

        On PostgreSQL a row can appear below one that was seen already; each stream therefore looks for itself, too,
        now and then.
        """
        last = newest if self._newest_row is None else self._newest_row
        found: set[uuid.UUID] = set()
        if newest > last and len(self._hub):
            # While no page is open nobody needs to know; a stream that opens looks for itself.
            found.update(connection.scalars(_NEWS, {"last": last, "newest": newest}))
        elif newest < last:
            # Rows are only ever appended: this is another database under the same name, restored or started over.
            self._hub.tell_all()
        self._newest_row = newest
        return found

    def _with_closed_intents(self, connection: Connection, closed: set[tuple[Any, ...]]) -> set[uuid.UUID]:
        """Investments whose creation, or whose investor's import, has been decided."""
        fresh = closed - self._seen
        found = {investment_id for _id, _closed_at, investment_id, _investor_id in fresh if investment_id}
        investors = {investor_id for _id, _closed_at, _investment_id, investor_id in fresh if investor_id}
        if investors:
            waiting = (
                select(Investment.id)
                .join(Investor, Investor.user_id == Investment.user_id)
                .where(Investor.id.in_(investors), Investment.cashlink_id.is_(None))
            )
            found.update(connection.scalars(waiting))
        self._seen = closed
        self._closed_at = max((cast(datetime, closed_at) for _id, closed_at, *_ in closed), default=self._closed_at)
        return found
