"""What the Studio's pages show, read in a handful of statements however many rows there are."""

from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from ..funding import Funding, funding, signed_here
from ..models import Attempt, Campaign, Delivery, Investment, db

PAGE_SIZE = 200


class Row(NamedTuple):
    investment: Investment
    delivery: Delivery | None
    attempt: Attempt | None


class Page(NamedTuple):
    rows: list[Row]
    older: int | None


class CampaignFunding(NamedTuple):
    campaign: Campaign
    here: Funding
    total: Funding


def investments(page: int) -> Page:
    """Newest first, with the latest webhook of each and its latest attempt."""
    newest = select(Investment).order_by(Investment.number.desc()).limit(PAGE_SIZE + 1).offset((page - 1) * PAGE_SIZE)
    found = list(db.session.scalars(newest))
    shown = found[:PAGE_SIZE]
    deliveries = _latest_deliveries([investment.id for investment in shown])
    attempts = _latest_attempts([delivery.id for delivery in deliveries.values()])
    rows = []
    for investment in shown:
        delivery = deliveries.get(investment.id)
        rows.append(Row(investment, delivery, attempts.get(delivery.id) if delivery else None))
    return Page(rows, page + 1 if len(found) > PAGE_SIZE else None)


def _latest_deliveries(investment_ids: list[str]) -> dict[str, Delivery]:
    latest = select(func.max(Delivery.id)).where(Delivery.investment_id.in_(investment_ids))
    rows = db.session.scalars(select(Delivery).where(Delivery.id.in_(latest.group_by(Delivery.investment_id))))
    return {row.investment_id: row for row in rows}


def _latest_attempts(delivery_ids: list[int]) -> dict[int, Attempt]:
    latest = select(func.max(Attempt.id)).where(Attempt.delivery_id.in_(delivery_ids)).group_by(Attempt.delivery_id)
    return {row.delivery_id: row for row in db.session.scalars(select(Attempt).where(Attempt.id.in_(latest)))}


def campaigns() -> list[CampaignFunding]:
    found = db.session.scalars(select(Campaign).order_by(Campaign.position))
    return [CampaignFunding(campaign, signed_here(campaign), funding(campaign)) for campaign in found]


def deliveries(investment_id: str | None = None) -> list[Delivery]:
    """The newest deliveries, of all investments or of one."""
    newest = select(Delivery).options(selectinload(Delivery.attempts)).order_by(Delivery.id.desc()).limit(PAGE_SIZE)
    if investment_id:
        newest = newest.where(Delivery.investment_id == investment_id)
    return list(db.session.scalars(newest))


def names(delivered: list[Delivery]) -> dict[str, Investment]:
    wanted = {delivery.investment_id for delivery in delivered}
    return {row.id: row for row in db.session.scalars(select(Investment).where(Investment.id.in_(wanted)))}
