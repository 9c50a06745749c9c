"""Limits on what must not be tried without end. A small table holds the tries, so that all processes count together.

A try is counted before it is made, or a hundred at once would all pass; a success is given back.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import current_app
from sqlalchemy import delete, select

from ..database import db, now
from ..models import Attempt


@dataclass(frozen=True)
class Limit:
    name: str
    tries: int
    window: timedelta


SIGN_IN = Limit("sign-in", 10, timedelta(minutes=15))
# Production: behind a reverse proxy the address is right only with werkzeug's ProxyFix.
SIGN_IN_ADDRESS = Limit("sign-in from", 100, timedelta(minutes=15))
MAIL = Limit("mail", 1, timedelta(minutes=1))
MAILS_A_DAY = Limit("mails a day", 20, timedelta(days=1))
WITHDRAWAL = Limit("withdrawal", 5, timedelta(hours=1))
WITHDRAWAL_FROM = Limit("withdrawal from", 20, timedelta(hours=1))

LONGEST = timedelta(days=1)


class TooManyError(Exception):
    """The limit is reached.

    Attributes:
        until: when the next try is possible.
    """

    def __init__(self, until: datetime) -> None:
        super().__init__()
        self.until = until


def take(*limited: tuple[Limit, str]) -> list[int]:
    """Count one try for each limit, and commit.

    Args:
        limited: pairs of the limit and whom it is for (an email address, an IP address).

    Returns:
        What `give_back` takes when the try has succeeded.

    Raises:
        TooManyError: nothing was counted.
    """
    instant = now()
    taken = [Attempt(key_hash=_key(limit, subject), at=instant) for limit, subject in limited]
    db.session.add_all(taken)
    db.session.flush()
    for (limit, _subject), own in zip(limited, taken, strict=True):
        others = db.session.scalars(
            select(Attempt.at)
            .where(Attempt.key_hash == own.key_hash, Attempt.at > instant - limit.window, Attempt.id != own.id)
            .order_by(Attempt.at.desc())
            .limit(limit.tries)
        ).all()
        if len(others) == limit.tries:
            db.session.rollback()
            raise TooManyError(others[-1] + limit.window)
    if taken[0].id % 100 == 0:
        db.session.execute(delete(Attempt).where(Attempt.at < instant - LONGEST))
    db.session.commit()
    return [attempt.id for attempt in taken]


def give_back(taken: list[int]) -> None:
    """Successes do not count; the caller commits."""
    db.session.execute(delete(Attempt).where(Attempt.id.in_(taken)))


def _key(limit: Limit, subject: str) -> str:
    secret = current_app.config["SECRET_KEY"].encode()
    return hmac.new(secret, f"{limit.name}\0{subject}".encode(), hashlib.sha256).hexdigest()
