"""Limits on what must not be tried without end. A small table holds the tries, so that all processes count together.

A try is counted before it is made, or a hundred at once would all pass; a success is given back.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime, timedelta
from typing import NamedTuple

from flask import current_app
from sqlalchemy import delete, func, select

from .. import logs
from ..database import db, now
from ..models import Attempt


class Limit(NamedTuple):
    name: str
    tries: int
    window: timedelta


# Per account, or per address to which something is mailed.
SIGN_IN = Limit("sign-in", 10, timedelta(minutes=15))
# With the right password, too: each costs a slow hash.
SIGN_INS = Limit("sign-ins", 300, timedelta(minutes=15))
MAIL = Limit("mail", 1, timedelta(minutes=1))
MAILS_A_DAY = Limit("mails a day", 20, timedelta(days=1))
WITHDRAWAL = Limit("withdrawal", 5, timedelta(hours=1))
TOKEN_CLIENT = Limit("token for", 200, timedelta(minutes=15))
# Per IP address; behind a proxy it is the person's with PORTAL_PROXIES.
SIGN_IN_ADDRESS = Limit("sign-in from", 100, timedelta(minutes=15))
MAIL_ADDRESS = Limit("mail from", 100, timedelta(hours=1))
LINK_ADDRESS = Limit("link from", 60, timedelta(minutes=15))
TOKEN_ADDRESS = Limit("token from", 30, timedelta(minutes=15))
WITHDRAWAL_FROM = Limit("withdrawal from", 20, timedelta(hours=1))

# Of a place from which an account was opened, how long that is remembered.
KNOWN = Limit("known from", 1, timedelta(days=30))

LONGEST = KNOWN.window


class TooManyError(Exception):
    """The limit is reached.

    Attributes:
        until: when the next try is possible.
    """

    def __init__(self, until: datetime) -> None:
        super().__init__()
        self.until = until

    @property
    def seconds(self) -> int:
        """For `Retry-After`."""
        return max(1, int((self.until - now()).total_seconds()) + 1)


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
    _wait_for_others(taken)
    db.session.add_all(taken)
    db.session.flush()
    for (limit, _subject), own in zip(limited, taken, strict=True):
        _check(limit, own.key_hash, instant, own.id)
    if taken[0].id % 100 == 0:
        db.session.execute(delete(Attempt).where(Attempt.at < instant - LONGEST))
    db.session.commit()
    return [attempt.id for attempt in taken]


def of_account(limit: Limit, account: str, place: str) -> tuple[Limit, str]:
    """What `take` counts for a try on an account. A place from which its owner has come lately is counted by itself, or
    any stranger could close the account to its owner by failing.

    Args:
        place: an IP address.
    """
    there = f"{account}\0{place}"
    known = (Attempt.key_hash == _key(KNOWN, there), Attempt.at > now() - KNOWN.window)
    is_known = db.session.scalars(select(Attempt.id).where(*known).limit(1)).first() is not None
    return limit, there if is_known else account


def remember(account: str, place: str) -> None:
    """Note from where an account was opened; the caller commits."""
    db.session.add(Attempt(key_hash=_key(KNOWN, f"{account}\0{place}")))


def check(limit: Limit, subject: str) -> None:
    """Count nothing, for what is limited only when it fails.

    Raises:
        TooManyError: the limit is reached.
    """
    _check(limit, _key(limit, subject), now(), None)


def give_back(taken: list[int]) -> None:
    """Successes do not count; the caller commits."""
    db.session.execute(delete(Attempt).where(Attempt.id.in_(taken)))


def _check(limit: Limit, key: str, instant: datetime, own: int | None) -> None:
    tries = select(Attempt.at).where(Attempt.key_hash == key, Attempt.at > instant - limit.window)
    if own is not None:
        tries = tries.where(Attempt.id != own)
    others = db.session.scalars(tries.order_by(Attempt.at.desc()).limit(limit.tries)).all()
    if len(others) == limit.tries:
        db.session.rollback()
        logs.note("limit reached", limit=limit.name)
        raise TooManyError(others[-1] + limit.window)


def _wait_for_others(taken: list[Attempt]) -> None:
    """Tries of one key come one after another, or a hundred at once would not see each other. SQLite has one writer."""
    if db.engine.dialect.name == "postgresql":
        for number in sorted(int(attempt.key_hash[:15], 16) for attempt in taken):
            db.session.execute(select(func.pg_advisory_xact_lock(number)))


def _key(limit: Limit, subject: str) -> str:
    secret = current_app.config["SECRET_KEY"].encode()
    return hmac.new(secret, f"{limit.name}\0{subject}".encode(), hashlib.sha256).hexdigest()
