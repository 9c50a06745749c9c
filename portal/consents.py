"""Consents to passing on a person's data: each one given is kept as a receipt, and can be withdrawn for the future.

Knows the rows and makes no calls; `integration` asks `is_in_force` before each call that passes data on.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, select, update

from . import intents
from .config import settings
from .database import changes_one_row, db, now
from .models import Consent, Intent, Investment, Investor


def is_in_force(investor: Investor) -> bool:
    return investor.consented_at is not None and investor.consent_withdrawn_at is None


def in_force() -> ColumnElement[bool]:
    """The same as a condition on `Investor`."""
    return and_(Investor.consented_at.is_not(None), Investor.consent_withdrawn_at.is_(None))


def of(investor: Investor | None) -> Sequence[Consent]:
    """All receipts, the newest first."""
    if investor is None:
        return ()
    mine = select(Consent).where(Consent.investor_id == investor.id)
    return db.session.scalars(mine.order_by(Consent.given_at.desc(), Consent.id.desc())).all()


def give(investor: Investor, text: str, language: str) -> None:
    """Write down what a person has agreed to, and let go on what a withdrawal had stopped; commits.

    Of two clicks the guarded UPDATE lets one through.
    """
    seen = Investor.consented_at
    unchanged = seen.is_(None) if investor.consented_at is None else seen == investor.consented_at
    instant = now()
    values = {"consented_at": instant, "consent_withdrawn_at": None}
    if changes_one_row(update(Investor).where(Investor.id == investor.id, unchanged).values(values)):
        receipt = Consent(investor_id=investor.id, given_at=instant, text=text, language=language)
        receipt.recipient = settings().company
        db.session.add(receipt)
        intents.resume(investor)
    db.session.commit()
    db.session.refresh(investor)


def withdraw(investor: Investor) -> bool:
    """Pass nothing on any more until the person agrees again; commits. False where that was so already.

    What has been signed goes on at Cashlink. What waits for a call of ours is stopped, and a click on "Invest now" that
    has not led to a call yet ends here: nobody expects it to come to life with a later consent.
    """
    instant = now()
    guarded = update(Investor).where(Investor.id == investor.id, in_force()).values(consent_withdrawn_at=instant)
    is_news = changes_one_row(guarded)
    if is_news:
        mine = (Consent.investor_id == investor.id, Consent.withdrawn_at.is_(None))
        db.session.execute(update(Consent).where(*mine).values(withdrawn_at=instant))
        intents.stop(investor)
        not_called = ~select(Intent.id).where(Intent.investment_id == Investment.id).exists()
        waiting = (Investment.user_id == investor.user_id, Investment.released_at.is_(None), not_called)
        unknown_there = Investment.cashlink_id.is_(None)
        db.session.execute(update(Investment).where(*waiting, unknown_there).values(released_at=instant))
    db.session.commit()
    db.session.refresh(investor)
    return is_news
