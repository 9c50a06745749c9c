"""How an investment begins and changes. Each change is one transaction: status, line of the history, webhook.

Changes are guarded by the status they start from, so that of two simultaneous ones only one happens.
"""

import json
import secrets
from datetime import datetime, timedelta

from sqlalchemy import select, update

from .assumptions import START_URL_DAYS, STATUS_AFTER_SIGNING, STATUS_AFTER_SIGNING_IDENTIFIED
from .funding import funding
from .models import Campaign, Delivery, Identification, Investment, StartLink, StatusChange, db
from .runtime import runtime
from .statuses import next_status


class Impossible(Exception):
    """The investment is in a status from which this cannot be done."""


class NotEnoughLeft(Exception):
    """The campaign has less left than the investment wants."""


def open_investment(campaign_id: str, investor_id: str) -> Investment:
    """Add an unsigned investment to the session; the caller commits."""
    investment = Investment(
        campaign_id=campaign_id, investor_id=investor_id, created_at=runtime().clock.now(), step="welcome"
    )
    db.session.add(investment)
    db.session.flush()
    return investment


def start_url(investment: Investment) -> str:
    """An address at which the investor can go on for at least a day; the caller commits."""
    now = runtime().clock.now()
    usable = select(StartLink).where(
        StartLink.investment_id == investment.id, StartLink.expires_at > now + timedelta(days=1)
    )
    link = db.session.scalar(usable.limit(1))
    if link is None:
        link = StartLink(
            token=secrets.token_urlsafe(24),
            investment_id=investment.id,
            expires_at=now + timedelta(days=START_URL_DAYS),
        )
        db.session.add(link)
    return f"{runtime().settings.public_url}/subscribe/{link.token}"


def note_progress(investment: Investment, step: str, units: int | None) -> None:
    """Keep how far the investor has come; what is signed is not changed any more."""
    values = {"step": step} if units is None else {"step": step, "units": units}
    unsigned = update(Investment).where(Investment.id == investment.id, Investment.status.is_(None))
    db.session.execute(unsigned.values(values))
    db.session.commit()


def act(investment: Investment, action: str, reason: str | None = None) -> str:
    """Do what the table of statuses.py allows, and return the new status; else raise Impossible."""
    old = investment.status
    new = next_status(old, action, reason)
    if new is None:
        raise Impossible(action)
    _move(investment, old, new, runtime().clock.stamp())
    _commit()
    return new


def sign(investment: Investment) -> str:
    """The investor's signature: from now on the amount counts and the status has a code.

    Raises NotEnoughLeft, or Impossible when it is signed already or its amount was changed since it was read.
    """
    identified = select(Identification.id).where(Identification.investor_id == investment.investor_id).limit(1)
    new = STATUS_AFTER_SIGNING_IDENTIFIED if db.session.scalar(identified) else STATUS_AFTER_SIGNING
    signed_at = runtime().clock.stamp()
    _move(investment, None, new, signed_at)
    investment.signed_at = signed_at
    campaign = db.session.get_one(Campaign, investment.campaign_id)
    db.session.flush()
    # Judged inside the write transaction, which there is only one of: two last units cannot both be sold.
    if funding(campaign).amount > campaign.volume:
        db.session.rollback()
        raise NotEnoughLeft
    _commit()
    return new


def _move(investment: Investment, old: str | None, new: str, changed_at: datetime) -> None:
    """Change the status if it still is the old one, write the history, queue the webhook."""
    guarded = (
        update(Investment)
        .where(
            Investment.id == investment.id,
            Investment.status.is_not_distinct_from(old),
            Investment.units.is_not_distinct_from(investment.units),
        )
        .values(status=new)
        .execution_options(synchronize_session=False)
    )
    if db.session.execute(guarded).rowcount != 1:  # type: ignore[attr-defined]
        db.session.rollback()
        raise Impossible(new)
    db.session.refresh(investment)
    db.session.add(StatusChange(investment_id=investment.id, status=new, changed_at=changed_at))
    queue_webhook(investment.id, new, changed_at)


def queue_webhook(investment_id: str, status: str, changed_at: datetime) -> None:
    body = {"investment_id": investment_id, "status": status, "changed_at": instant(changed_at)}
    now = runtime().clock.now()
    db.session.add(Delivery(investment_id=investment_id, body=json.dumps(body), created_at=now, next_try_at=now))


def _commit() -> None:
    db.session.commit()
    runtime().wake_sender.set()


def instant(at: datetime) -> str:
    """As Cashlink writes instants: UTC, with a Z; the microseconds are always there."""
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
