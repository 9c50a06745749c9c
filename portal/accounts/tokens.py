"""Links that are mailed: random, kept as a hash, valid once and for a while."""

from __future__ import annotations

import secrets
from datetime import timedelta

from sqlalchemy import delete, select, update

from ..database import changes_one_row, db, now
from ..models import EmailToken, User
from .sessions import hash_token

CONFIRM = "confirm"
RESET = "reset"
CHANGE = "change"
# Not mailed: the browser that has registered keeps it, so that the address stands in no cookie.
REGISTRATION = "registration"
LIFETIMES = {
    CONFIRM: timedelta(hours=24),
    RESET: timedelta(hours=1),
    CHANGE: timedelta(hours=24),
    REGISTRATION: timedelta(hours=24),
}


def issue(user: User, purpose: str, email: str | None = None) -> str:
    """A new token for a user's present address, or for the one that it is to become; the caller commits."""
    instant = now()
    db.session.execute(
        delete(EmailToken).where(EmailToken.user_id == user.id, EmailToken.expires_at < instant - timedelta(days=7))
    )
    token = secrets.token_urlsafe(32)
    row = EmailToken(token_hash=hash_token(token), user_id=user.id, purpose=purpose, email=email or user.email)
    row.expires_at = instant + LIFETIMES[purpose]
    db.session.add(row)
    return token


def find(token: str, purpose: str) -> tuple[EmailToken, User] | None:
    """The row of a token, used or expired ones too."""
    statement = select(EmailToken, User).join(User, User.id == EmailToken.user_id)
    row = db.session.execute(
        statement.where(EmailToken.token_hash == hash_token(token), EmailToken.purpose == purpose)
    ).first()
    return (row[0], row[1]) if row else None


def is_usable(row: EmailToken, user: User) -> bool:
    """Unused, not too old, and mailed to the address that the account still has, or is to get."""
    is_open = row.used_at is None and row.expires_at > now() and user.deletion_asked_at is None
    return is_open and (row.purpose == CHANGE or row.email == user.email)


def pending(user: User, purpose: str) -> EmailToken | None:
    """The newest link of a kind that still waits to be opened."""
    mine = (EmailToken.user_id == user.id, EmailToken.purpose == purpose, EmailToken.used_at.is_(None))
    statement = select(EmailToken).where(*mine, EmailToken.expires_at > now())
    return db.session.scalars(statement.order_by(EmailToken.expires_at.desc()).limit(1)).first()


def use(row: EmailToken) -> bool:
    """Use a token up: one guarded UPDATE, so that of two requests one wins. The caller commits."""
    unused = (EmailToken.token_hash == row.token_hash, EmailToken.used_at.is_(None))
    return changes_one_row(update(EmailToken).where(*unused).values(used_at=now()))


def void(user: User, purpose: str) -> None:
    """End all other links of a kind; the caller commits."""
    db.session.execute(
        update(EmailToken)
        .where(EmailToken.user_id == user.id, EmailToken.purpose == purpose, EmailToken.used_at.is_(None))
        .values(used_at=now())
        .execution_options(synchronize_session=False)
    )
