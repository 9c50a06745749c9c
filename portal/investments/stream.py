"""The event stream behind an open progress page. It says "look again", and nothing about the person or the status."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from queue import Empty
from typing import Any

from flask import Flask
from sqlalchemy import Select, bindparam, func, select

from .. import history, live
from ..accounts import sessions
from ..database import db
from ..live import Listener
from ..models import Intent, Investment, User, UserSession

# Seconds between two signs of life; a client that has gone away is noticed by them.
KEEP_ALIVE = 15.0
# Milliseconds after which a browser asks again that found no free stream; until then its page polls.
RETRY = 10_000

# What a stream compares: the newest change, and what can change on the page without one.
State = tuple[object, ...]


def follow(app: Flask, investment_id: uuid.UUID, session_token: str) -> Iterator[str]:
    """The stream's text, piece by piece, until the session or the process ends.

    Runs after the request and only waits, so it holds no connection to the database: the watcher and the keeper look.
    """
    with live.hub(app).listen(investment_id, sessions.hash_token(session_token)) as listener:
        if listener is None:
            yield f"retry: {RETRY}\n\n"
        else:
            # At once, so that the answer begins; the first event follows the keeper's first look.
            yield live.ALIVE
            # Without a keeper it ends after a while, and the page opens another.
            with suppress(Empty):
                yield from listener.pieces()


class Keeper:
    """The thread that looks after the open streams of a process: every 15 seconds at the session and the investment of
    each, all whose turn it is by one statement. This heals what the watcher may have missed.

    The server's process starts it, never `create_app`.
    """

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._hub = live.hub(app)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="stream-keeper", daemon=True)

    def start(self) -> Keeper:
        self._thread.start()
        return self

    def close(self) -> None:
        self._stop.set()
        self._thread.join(5)

    def _run(self) -> None:
        while not self._stop.wait(live.TICK):
            due = self._hub.take_due(KEEP_ALIVE)
            if due:
                self._look(due)

    def _look(self, due: list[Listener]) -> None:
        try:
            states = self._states(due)
        except Exception as error:
            # Until the database can be read again, pages stay open. The watcher says so once.
            self._app.logger.debug("open streams not looked at: %s", type(error).__name__)
            for listener in due:
                listener.stay()
            return
        for listener in due:
            state = states.get((listener.investment_id, listener.token_hash))
            if state is None:
                # The session has ended, or the investment is no longer this person's.
                listener.end()
            else:
                listener.show(state)

    def _states(self, due: list[Listener]) -> dict[tuple[uuid.UUID, str], State]:
        asked = {
            "ids": list({listener.investment_id for listener in due}),
            "token_hashes": list({listener.token_hash for listener in due}),
        }
        with self._app.app_context():
            # Without a session, which would cost as much again.
            with db.engine.connect() as connection:
                rows = connection.execute(_statement(), asked).all()
            alive = [row for row in rows if sessions.is_alive(row.seen_at, row.created_at, row.deletion_asked_at)]
            # An open page counts as activity.
            sessions.touch({row.token_hash: row.seen_at for row in alive})
        return {(row.id, row.token_hash): tuple(row[_STATE:]) for row in alive}


# Where in a row the state begins.
_STATE = 5


@cache
def _statement() -> Select[Any]:
    newest_result = (
        select(Intent.result).where(Intent.investment_id == Investment.id).order_by(Intent.revision.desc()).limit(1)
    )
    return (
        select(
            Investment.id,
            UserSession.token_hash,
            UserSession.seen_at,
            UserSession.created_at,
            User.deletion_asked_at,
            # From here on what is compared: `_STATE`.
            func.coalesce(history.newest_change_id(), 0),
            Investment.units,
            Investment.start_url,
            Investment.released_at,
            newest_result.correlate(Investment).scalar_subquery(),
        )
        .join(User, User.id == Investment.user_id)
        .join(UserSession, UserSession.user_id == User.id)
        .where(
            Investment.id.in_(bindparam("ids", expanding=True)),
            UserSession.token_hash.in_(bindparam("token_hashes", expanding=True)),
        )
    )
