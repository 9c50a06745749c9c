"""How an investment begins and changes. Each change is one transaction: status, line of the history, webhook.

Changes are guarded by the status they start from, so that of two simultaneous ones only one happens.
"""

import secrets
from datetime import datetime, timedelta

from sqlalchemy import select, update

from .assumptions import START_URL_DAYS, STATUS_AFTER_SIGNING, STATUS_AFTER_SIGNING_IDENTIFIED
from .deliveries import new_delivery, queue_webhook, webhook_body
from .funding import funding
from .models import Campaign, Delivery, Identification, Investment, StartLink, StatusChange, db
from .runtime import runtime
from .statuses import next_status

# Longer than any attempt takes.
EARLY_WEBHOOK_TIME = timedelta(seconds=30)


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
    if runtime().modes.start_url == "once":
        usable = usable.where(StartLink.opened_by.is_(None))
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
    changed_at = runtime().clock.stamp()
    _move(investment, old, new, changed_at)
    _commit(investment, changed_at)
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
    _commit(investment, signed_at)
    return new


def sign_on_defaults(investment: Investment) -> str:
    """Signed by the control API, without a visit to the hosted pages."""
    _choose_minimum(investment)
    return sign(investment)


def _choose_minimum(investment: Investment) -> None:
    if investment.status is None:
        investment.units = investment.campaign.minimum // investment.campaign.nominal
        db.session.flush()


def sign_unseen(investment: Investment) -> Delivery:
    """For the fault "early": signed before its creation was answered. The webhook is left to the caller to send."""
    _choose_minimum(investment)
    signed_at = runtime().clock.stamp()
    _move(investment, None, STATUS_AFTER_SIGNING, signed_at)
    investment.signed_at = signed_at
    body = webhook_body(investment.id, STATUS_AFTER_SIGNING, signed_at)
    delivery = new_delivery(investment.id, body, "early")
    # The sender takes over should the caller be killed meanwhile.
    delivery.next_try_at = delivery.created_at + EARLY_WEBHOOK_TIME
    db.session.add(delivery)
    db.session.commit()
    return delivery


def _move(investment: Investment, old: str | None, new: str, changed_at: datetime) -> None:
    """Change the status if it still is the old one, and write the history."""
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
    if new == "ACCEPTED":
        investment.pay_until = changed_at + timedelta(days=investment.campaign.payment_days)


def _commit(investment: Investment, changed_at: datetime) -> None:
    """Queue the webhook, as the last thing of the transaction, and let it go."""
    queue_webhook(investment.id, investment.status or "", changed_at)
    db.session.commit()
    runtime().wake_sender.set()
