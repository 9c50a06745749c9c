"""Another email address. The old one is valid until the link in the new one's mailbox has been opened, and is told.

Nobody learns which addresses are known: the page is the same for each, and only the mail differs.
"""

from __future__ import annotations

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError

from .. import intents, logs, mail
from ..database import db, now
from ..models import EmailToken, User
from . import passwords, registration, tokens
from .addresses import find_user


def ask(user: User, password_hash: str, email: str, language: str) -> bool:
    """Mail the link to the new address and a notice to the old one; commits.

    Args:
        password_hash: of the password that the user has just given.
        email: normalised, and not the present one.

    Returns:
        False where the last mail to that address is less than a minute old, or the password is another one by now.
    """
    if not (registration.may_mail(email) and passwords.hold(user, password_hash)):
        return False
    owner = find_user(email)
    tokens.void(user, tokens.CHANGE)
    token = tokens.issue(user, tokens.CHANGE, email)
    if owner is not None and owner.email_confirmed_at is not None:
        mail.queue(owner, "email_taken", owner.language or language)
    else:
        mail.send_to(email, "email_change", language, user, link=mail.link("accounts.confirm_change", token=token))
    mail.queue(user, "email_change_asked", language)
    db.session.commit()
    return True


def confirm(row: EmailToken, user: User) -> bool:
    """Make the new address the account's; commits.

    Returns:
        False where it cannot be any more: another request has used the link, or the address has an account by now.
    """
    try:
        if not tokens.use(row):
            db.session.rollback()
            return False
        _take_over(user, row.email)
        db.session.commit()
        logs.note("address changed", user=user.id)
    except IntegrityError:
        db.session.rollback()
        return False
    return True


def _take_over(user: User, email: str) -> None:
    # Whoever has opened the link owns the mailbox; an account that nobody has confirmed there holds nothing.
    unconfirmed = (User.email == email, User.email_confirmed_at.is_(None))
    db.session.execute(delete(User).where(*unconfirmed).execution_options(synchronize_session=False))
    mail.queue(user, "email_changed", user.language or "de")
    user.email, user.email_confirmed_at = email, now()
    registration.close_links(user)
    investor = user.investor
    # Before the first call there is nothing to correct: that call will carry the address of its time.
    if investor is not None and intents.newest("communication", investor) is not None:
        investor.email_changed_at = now()
