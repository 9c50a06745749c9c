"""How an investment begins and changes. Each change is one transaction: status, line of the history, webhook.

Changes are guarded by the status they start from, so that of two simultaneous ones only one happens.
"""

import secrets
from datetime import datetime, timedelta

from sqlalchemy import select, update

from .assumptions import (
    START_URL_DAYS,
    STATUS_AFTER_SIGNING,
    STATUS_AFTER_SIGNING_IDENTIFIED,
    WITHDRAWAL_DAYS,
)
from .deliveries import new_delivery, queue_webhook, webhook_body
from .funding import funding
from .models import Campaign, Delivery, Identification, Investment, StartLink, StatusChange, db
from .runtime import runtime
from .statuses import (
    ENDED,
    IDENT_STARTED,
    IDENTIFICATION_OPEN,
    KYC_AFTER,
    KYC_REJECTED,
    NOT_AFTER_KYC_REJECTION,
    UNDER_REVIEW,
    next_status,
    possible_kyc,
    reasons_for,
)

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
    if new is None or (investment.kyc == KYC_REJECTED and action in NOT_AFTER_KYC_REJECTION):
        raise Impossible(action)
    changed_at = runtime().clock.stamp()
    reasons = reasons_for(old, action)
    _move(investment, old, new, changed_at, (reason or reasons[0]) if reasons else None)
    investment.kyc = KYC_AFTER.get(action, investment.kyc)
    _commit(investment, changed_at)
    return new


def withdraw(investment: Investment) -> str:
    """The investor withdraws from the contract; raises Impossible when the period is over or there is no contract."""
    if not may_withdraw(investment):
        raise Impossible("withdraw")
    return act(investment, "cancel", "withdrawal")


def may_withdraw(investment: Investment) -> bool:
    ended = investment.status is None or investment.status in ENDED
    return not ended and (investment.withdraw_until or runtime().clock.now()) > runtime().clock.now()


def set_kyc(investment: Investment, state: str) -> None:
    """Note a state of the identification that changes no status, and so is told to nobody; else raise Impossible."""
    if state not in possible_kyc(investment.status, investment.kyc):
        raise Impossible(state)
    unchanged = (Investment.id == investment.id, Investment.status == investment.status)
    if db.session.execute(update(Investment).where(*unchanged).values(kyc=state)).rowcount != 1:  # type: ignore[attr-defined]
        db.session.rollback()
        raise Impossible(state)
    db.session.commit()


def may_identify(investment: Investment) -> bool:
    """Whether it is the investor's turn: not while somebody looks at it, and not after a rejection."""
    return investment.status in IDENTIFICATION_OPEN and investment.kyc in (None, IDENT_STARTED)


def sign(investment: Investment) -> str:
    """The investor's signature: from now on the amount counts and the status has a code.

    Raises NotEnoughLeft, or Impossible when it is signed already or its amount was changed since it was read.
    """
    stamp = runtime().clock.stamp()
    _sign(investment, stamp, stamp)
    _commit(investment, stamp)
    return investment.status or ""


def import_signed(investment: Investment, units: int, signed_at: datetime) -> None:
    """Take over a signature that was given elsewhere; the caller commits. Raises NotEnoughLeft."""
    investment.units, investment.imported = units, True
    db.session.flush()
    stamp = runtime().clock.stamp()
    _sign(investment, stamp, signed_at)
    queue_webhook(investment.id, investment.status or "", stamp)


def _sign(investment: Investment, changed_at: datetime, signed_at: datetime) -> None:
    identified = db.session.scalar(
        select(Identification.id).where(Identification.investor_id == investment.investor_id).limit(1)
    )
    new = STATUS_AFTER_SIGNING_IDENTIFIED if identified else STATUS_AFTER_SIGNING
    _move(investment, None, new, changed_at)
    _note_signature(investment, signed_at)
    investment.kyc = UNDER_REVIEW if identified else IDENT_STARTED
    campaign = db.session.get_one(Campaign, investment.campaign_id)
    db.session.flush()
    # Judged inside the write transaction, which there is only one of: two last units cannot both be sold.
    if funding(campaign).amount > campaign.volume:
        db.session.rollback()
        raise NotEnoughLeft


def _note_signature(investment: Investment, signed_at: datetime) -> None:
    investment.signed_at = signed_at
    investment.withdraw_until = signed_at + timedelta(days=WITHDRAWAL_DAYS)


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
    _note_signature(investment, signed_at)
    investment.kyc = IDENT_STARTED
    body = webhook_body(investment.id, STATUS_AFTER_SIGNING, signed_at)
    delivery = new_delivery(investment.id, body, "early")
    # The sender takes over should the caller be killed meanwhile.
    delivery.next_try_at = delivery.created_at + EARLY_WEBHOOK_TIME
    db.session.add(delivery)
    db.session.commit()
    return delivery


def _move(investment: Investment, old: str | None, new: str, changed_at: datetime, reason: str | None = None) -> None:
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
    db.session.add(StatusChange(investment_id=investment.id, status=new, changed_at=changed_at, reason=reason))
    if new == "ACCEPTED":
        investment.pay_until = changed_at + timedelta(days=investment.campaign.payment_days)


def _commit(investment: Investment, changed_at: datetime) -> None:
    """Queue the webhook, as the last thing of the transaction, and let it go."""
    queue_webhook(investment.id, investment.status or "", changed_at)
    db.session.commit()
    runtime().wake_sender.set()
