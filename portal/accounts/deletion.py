"""Deleting an account: at once, or after the definite answer to a call that is under way, a day later at most.

What has been signed goes on at Cashlink and the issuer. The rows of such investments stay without a person, so that
later webhooks find them and are confirmed.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, or_, select, update

from ..database import db, now, scrub
from ..models import EmailToken, Intent, Investment, Investor, User
from .sessions import end_all_sessions

# An answer that has not come by then is not waited for any longer.
LONGEST_WAIT = timedelta(hours=24)
UNCONFIRMED_FOR = timedelta(days=30)


def ask(user: User) -> bool:
    """Sign the account out everywhere and delete it as soon as no call is open.

    Returns:
        Whether it is gone already; else the loop does it.
    """
    user.deletion_asked_at = now()
    end_all_sessions(user)
    db.session.commit()
    return _delete_if_possible(user)


def delete_asked() -> int:
    """Delete the accounts whose calls have been answered; called by the loop. Returns how many."""
    users = db.session.scalars(select(User).where(User.deletion_asked_at.is_not(None))).all()
    return sum(_delete_if_possible(user) for user in users)


def delete_unconfirmed() -> int:
    """Delete accounts whose address nobody has confirmed in a month: somebody may have typed another person's. Returns
    how many."""
    old = (User.email_confirmed_at.is_(None), User.created_at < now() - UNCONFIRMED_FOR)
    users = set(db.session.scalars(select(User.id).where(*old).order_by(User.created_at).limit(100)))
    if users:
        # Whoever has registered with it again has a link that is still good.
        links = select(EmailToken.user_id).where(EmailToken.user_id.in_(users), EmailToken.expires_at > now())
        users -= set(db.session.scalars(links))
    if users:
        db.session.execute(delete(User).where(User.id.in_(users)).execution_options(synchronize_session=False))
        db.session.commit()
        scrub()
    return len(users)


def _delete_if_possible(user: User) -> bool:
    asked_at = user.deletion_asked_at
    if asked_at is None or (_has_open_call(user) and now() - asked_at < LONGEST_WAIT):
        return False
    _delete(user)
    return True


def _has_open_call(user: User) -> bool:
    """Whether something may yet come to be at Cashlink that only this account's rows know of."""
    calls = (
        select(Intent.id)
        .outerjoin(Investor, Intent.investor_id == Investor.id)
        .outerjoin(Investment, Intent.investment_id == Investment.id)
        .where(Intent.result.is_(None), or_(Investor.user_id == user.id, Investment.user_id == user.id))
    )
    return db.session.scalars(calls.limit(1)).first() is not None


def _delete(user: User) -> None:
    """Sessions, links, mails, investor data and their calls go with the account, by the database's own cascades."""
    mine = Investment.user_id == user.id
    db.session.execute(delete(Investment).where(mine, Investment.cashlink_id.is_(None)))
    # The start_url opens the person's subscription; and nobody is left who would want to know the status.
    db.session.execute(update(Investment).where(mine).values(start_url=None, final_at=now()))
    db.session.execute(delete(User).where(User.id == user.id).execution_options(synchronize_session=False))
    db.session.commit()
    db.session.expunge(user)
    scrub()
