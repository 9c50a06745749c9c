"""The event stream behind an open progress page. It says "look again", and nothing about the person or the status."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from .. import history, live
from ..accounts import sessions
from ..database import db
from ..models import Intent

# Seconds between two signs of life; a client that has gone away is noticed by them.
KEEP_ALIVE = 15.0
# Milliseconds after which a browser asks again that found no free stream; until then its page polls.
RETRY = 10_000

# What a stream compares: the newest change first, then what can change on the page without one.
State = tuple[object, ...]


def follow(app: Flask, investment_id: uuid.UUID, session_token: str) -> Iterator[str]:
    """The stream's text, piece by piece, until the session or the process ends.

    Runs after the request: it opens an application context of its own for each look at the database, so that no
    connection is held while it waits. Session and investment are looked at again with each sign of life, too; that
    heals what the watcher may have missed.
    """
    with live.hub(app).listen(investment_id) as listener:
        if listener is None:
            yield f"retry: {RETRY}\n\n"
            return
        woken, shown = True, None
        while not live.hub(app).closing:
            try:
                state = _look(app, investment_id, session_token)
            except SQLAlchemyError:
                state = shown
            else:
                if state is None:
                    return
            yield _event(state) if state and (woken or state != shown) else ": still here\n\n"
            shown = state
            woken = listener.wait(KEEP_ALIVE)


def _event(state: State) -> str:
    # Without data a browser would not pass the event on.
    return f"id: {state[0]}\nevent: status\ndata: changed\n\n"


def _look(app: Flask, investment_id: uuid.UUID, session_token: str) -> State | None:
    """None once the session has ended or the investment is no longer this person's."""
    with app.app_context():
        user = sessions.load_user(session_token)
        if user is None:
            return None
        found = history.with_newest_change([investment_id])
        if not found or found[0][0].user_id != user.id:
            return None
        investment, change = found[0]
        newest = select(Intent.result).where(Intent.investment_id == investment_id).order_by(Intent.id.desc()).limit(1)
        result = db.session.scalar(newest)
        return (change.id if change else 0, investment.units, investment.start_url, investment.released_at, result)
