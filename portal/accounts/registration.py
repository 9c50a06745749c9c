"""Registering and confirming. Nobody learns which addresses are known: every case does the same work, and only the
mail differs, which its owner alone reads.
"""

from __future__ import annotations

import secrets

from sqlalchemy import select, update
from sqlalchemy.orm.attributes import flag_modified

from .. import logs, mail
from ..database import db, insert_or_ignore, now
from ..models import EmailToken, User
from . import attempts, tokens
from .addresses import find_user
from .passwords import hash_password, is_right
from .sessions import end_all_sessions


def register(email: str, password: str, language: str, back: str | None) -> str:
    """Make an account, or none where there is one already, and mail to its owner.

    Until an address is confirmed, the newest registration's password counts: the page behind the link asks for it, so
    that a stranger's earlier one is worth nothing (`confirm`).

    Args:
        email: normalised.
        back: own path to which the confirmation leads.

    Returns:
        A token for this browser, from which `/register/sent` knows the address.
    """
    password_hash = hash_password(password)
    is_allowed = may_mail(email)
    user = find_user(email) or _create(email, password_hash, language)
    # Guarded, for the owner may be confirming at this very moment: from then on nobody else's password may come in.
    db.session.execute(
        update(User)
        .where(User.id == user.id, User.email_confirmed_at.is_(None))
        .values(password_hash=password_hash, language=language)
        .execution_options(synchronize_session=False)
    )
    if is_allowed:
        _queue_link(user, language, back)
    token = tokens.issue(user, tokens.REGISTRATION)
    db.session.commit()
    return token


def _create(email: str, password_hash: str, language: str) -> User:
    """The account of this address. The unique constraint decides which of two registrations makes it."""
    db.session.execute(
        insert_or_ignore(User, email=email, password_hash=password_hash, language=language, created_at=now())
    )
    return db.session.scalars(select(User).where(User.email == email)).one()


def send_link(user: User, language: str, back: str | None = None) -> bool:
    """Mail the link once more; False where the last mail is less than a minute old."""
    if not may_mail(user.email):
        return False
    _queue_link(user, language, back)
    db.session.commit()
    return True


def send_password_link(email: str, place: str, language: str) -> None:
    """Mail a link for a new password, if there is an account; the answer and its time do not tell.

    An address that is not confirmed yet gets the confirmation link: its page takes a new password as well.

    Args:
        place: the IP address from which it is asked for.
    """
    # The rows of a known address cost a millisecond more; beside a slow hash, and 20 times a day, nobody measures that.
    is_right(None, "")
    if not may_mail(email, place):
        return
    user = find_user(email)
    if user is None:
        mail.compose("reset", language, link=mail.link("accounts.reset_password", token=secrets.token_urlsafe(32)))
    elif user.email_confirmed_at is None:
        _queue_link(user, language, None)
    else:
        link = mail.link("accounts.reset_password", token=tokens.issue(user, tokens.RESET))
        mail.queue(user, "reset", language, link=link)
    db.session.commit()


def confirm(row: EmailToken, user: User, password_hash: str) -> bool:
    """Confirm the address; commits.

    Args:
        password_hash: of the password that was typed behind the link, the one of the registration or a new one. It is
            written in any case, for somebody may be registering with another one at this very moment.

    Returns:
        False where another request has used the link.
    """
    if not tokens.use(row):
        db.session.rollback()
        return False
    user.email_confirmed_at, user.password_hash = now(), password_hash
    flag_modified(user, "password_hash")
    close_links(user)
    db.session.commit()
    logs.note("address confirmed", user=user.id)
    return True


def change_password(user: User, password_hash: str) -> None:
    """Set a new password: all sessions and all links end, and the owner is told. The caller commits.

    It takes the hash, so that nobody makes it (it is slow) while the database waits.
    """
    user.password_hash = password_hash
    end_all_sessions(user)
    close_links(user)
    mail.queue(user, "password_changed", user.language or "de")
    logs.note("password changed", user=user.id)


def close_links(user: User) -> None:
    """End all links that were mailed; the caller commits."""
    tokens.void(user, tokens.CONFIRM)
    tokens.void(user, tokens.RESET)
    tokens.void(user, tokens.CHANGE)


def _queue_link(user: User, language: str, back: str | None) -> None:
    """The confirmation link; for a confirmed address the news that there is an account."""
    if user.email_confirmed_at is not None:
        mail.queue(user, "known", language, link=mail.link("accounts.login"))
        return
    token = tokens.issue(user, tokens.CONFIRM)
    place = {"next": back} if back else {}
    mail.queue(user, "confirm", language, link=mail.link("accounts.confirm_email", token=token, **place))


def may_mail(email: str, place: str = "") -> bool:
    """Nobody's mailbox is filled by pressing a button: one mail a minute and 20 a day to an address, known or not.

    Args:
        place: the IP address from which it is asked for, where that of the owner is to have a count of its own.
    """
    try:
        attempts.take(*(attempts.of_account(limit, email, place) for limit in (attempts.MAIL, attempts.MAILS_A_DAY)))
    except attempts.TooManyError:
        return False
    return True
