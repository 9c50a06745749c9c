"""How far a campaign is funded, as Cashlink last told, and what state follows from that and from the calendar."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal, NamedTuple

from sqlalchemy import bindparam, select, update

from ..cashlink.money import to_decimal
from ..config import settings
from ..database import db, insert_or_ignore, now
from ..history import UNUSABLE
from ..language import today
from ..models import FundingDay, FundingInformation
from .content import Campaign

State = Literal["open", "almost_full", "coming", "full", "closed", "paused"]

ALMOST_FULL = Decimal("0.9")
# The loop asks several times a minute: after this long, Cashlink has not been answering.
STALE = timedelta(minutes=5)

# Columns of the tables, not objects, and built once: each page of a campaign asks.
_TOLD, _NOTED = FundingInformation.__table__.c, FundingDay.__table__.c
_LAST = select(_TOLD.products, _TOLD.answered_at).where(_TOLD.id == 1)
_DAYS = (
    select(_NOTED.day, _NOTED.cents, _NOTED.subscriptions)
    .where(_NOTED.campaign == bindparam("slug"), _NOTED.day.between(bindparam("opens"), bindparam("closes")))
    .order_by(_NOTED.day)
)


class Funding(NamedTuple):
    """What the funding information API said about one product. It counts subscriptions, not people."""

    raised: Decimal
    volume: Decimal
    subscriptions: int
    answered_at: datetime

    @property
    def share(self) -> Decimal:
        return self.raised / self.volume if self.volume else Decimal()

    @property
    def age(self) -> timedelta:
        return max(now() - self.answered_at, timedelta())

    @property
    def is_stale(self) -> bool:
        return self.age > STALE


def read(slug: str) -> Funding | None:
    """The funding of a campaign; None before the first answer, or where the answer does not name its product."""
    return read_all().get(slug)


def read_all() -> dict[str, Funding]:
    """The funding of all campaigns that Cashlink's last answer names. Told apart by the product's name.

    Source: https://docs.cashlink.de, more-information/platform-information-api.
    """
    row = db.session.execute(_LAST).first()
    if row is None or row.answered_at <= UNUSABLE:
        return {}
    products = {product.get("name"): product for product in row.products if isinstance(product, Mapping)}
    found = {
        mapping.slug: _funding(products[mapping.product_name], row.answered_at)
        for mapping in settings().campaigns
        if mapping.product_name in products
    }
    return {slug: funding for slug, funding in found.items() if funding is not None}


def _funding(product: Mapping[str, Any], answered_at: datetime) -> Funding | None:
    """A product as the API writes it; None for one that is not as documented: rather no figure than a wrong one."""
    try:
        raised, volume = to_decimal(product["investment_sum"]), to_decimal(product["volume"])
        count = int(product["investment_count"])
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
    return Funding(raised, volume, count, answered_at)


class Day(NamedTuple):
    """What was known at the end of a day."""

    on: date
    raised: Decimal
    subscriptions: int


def note_day() -> None:
    """Keep the present answer as that of today. The caller commits."""
    for slug, told in read_all().items():
        row = {"cents": int(told.raised * 100), "subscriptions": told.subscriptions}
        db.session.execute(insert_or_ignore(FundingDay, campaign=slug, day=today(), **row))
        same_day = update(FundingDay).where(FundingDay.campaign == slug, FundingDay.day == today())
        changed = (FundingDay.cents != row["cents"]) | (FundingDay.subscriptions != row["subscriptions"])
        db.session.execute(same_day.where(changed).values(**row))


def past(campaign: Campaign) -> list[Day]:
    """The subscription period day by day, as far as this portal has heard of it."""
    period = {"slug": campaign.slug, "opens": campaign.opens, "closes": campaign.closes}
    return [Day(row.day, Decimal(row.cents) / 100, row.subscriptions) for row in db.session.execute(_DAYS, period)]


def state(campaign: Campaign, funding: Funding | None, present: date | None = None) -> State:
    """Whether one can subscribe ("open", "almost_full"), not yet, not now, or not any more."""
    present = present or today()
    if present > campaign.closes:
        return "closed"
    if present < campaign.opens:
        return "coming"
    if funding is not None and funding.volume and funding.raised >= funding.volume:
        return "full"
    if campaign.paused:
        return "paused"
    return "almost_full" if funding is not None and funding.share >= ALMOST_FULL else "open"
