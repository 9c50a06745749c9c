"""The event stream behind an open progress page. It says "look again", and nothing about the person or the status."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from functools import cache
from typing import Any

from flask import Flask
from sqlalchemy import Select, bindparam, func, select
from sqlalchemy.exc import SQLAlchemyError

from .. import history, live
from ..accounts import sessions
from ..database import db
from ..models import Intent, Investment, User, UserSession

# Seconds between two signs of life; a client that has gone away is noticed by them.
KEEP_ALIVE = 15.0
# Milliseconds after which a browser asks again that found no free stream; until then its page polls.
RETRY = 10_000

# Without data a browser would not pass the event on.
NEWS = "event: status\ndata: changed\n\n"

# What a stream compares: the newest change, and what can change on the page without one.
State = tuple[object, ...]


def follow(app: Flask, investment_id: uuid.UUID, session_token: str) -> Iterator[str]:
    """The stream's text, piece by piece, until the session or the process ends.

    Runs after the request, and takes a connection of its own for each look at the database, so that none is held while
    it waits. News are passed on without a look, or a thousand pages would all look at once;
    the page asks anyway, and is asked who it is. Session and investment are looked at with each sign of life, and after
    news that look tells once more: this heals what the watcher may have missed.
    """
    with live.hub(app).listen(investment_id) as listener:
        if listener is None:
            yield f"retry: {RETRY}\n\n"
            return
        woken, shown, next_look = False, None, 0.0
        while not live.hub(app).closing:
            if woken and time.monotonic() < next_look:
                yield NEWS
                shown = None
            else:
                try:
                    state = _look(app, investment_id, session_token)
                except SQLAlchemyError:
                    state = shown
                else:
                    if state is None:
                        return
                yield NEWS if woken or state != shown else ": still here\n\n"
                shown, next_look = state, time.monotonic() + KEEP_ALIVE
            woken = listener.wait(max(next_look - time.monotonic(), 0))


def _look(app: Flask, investment_id: uuid.UUID, session_token: str) -> State | None:
    """None once the session has ended or the investment is no longer this person's. One statement: a thousand pages
    ask so every 15 seconds."""
    asked = {"id": investment_id, "token_hash": sessions.hash_token(session_token)}
    with app.app_context():
        # Without a session, which would cost as much again.
        with db.engine.connect() as connection:
            row = connection.execute(_state(), asked).first()
        if row is None:
            return None
        seen_at, created_at, deletion_asked_at, *state = row
        return tuple(state) if sessions.is_alive(session_token, seen_at, created_at, deletion_asked_at) else None


@cache
def _state() -> Select[Any]:
    newest_result = (
        select(Intent.result).where(Intent.investment_id == Investment.id).order_by(Intent.revision.desc()).limit(1)
    )
    return (
        select(
            UserSession.seen_at,
            UserSession.created_at,
            User.deletion_asked_at,
            func.coalesce(history.newest_change_id(), 0),
            Investment.units,
            Investment.start_url,
            Investment.released_at,
            newest_result.correlate(Investment).scalar_subquery(),
        )
        .join(User, User.id == Investment.user_id)
        .join(UserSession, UserSession.user_id == User.id)
        .where(Investment.id == bindparam("id"), UserSession.token_hash == bindparam("token_hash"))
    )
