"""/api/external/v2/investments/: the web-based subscription is begun here, and its status read.

An investment that was signed elsewhere is taken as well: with units and signed_at.
"""

from typing import Any

from flask import Blueprint, g, request
from sqlalchemy import func, select

from ..assumptions import CAMPAIGN_NOT_OPEN, NOT_ENOUGH_LEFT, PAGE_SIZE, UNITS_OUT_OF_RANGE, UNKNOWN_REFERENCE
from ..lifecycle import NotEnoughLeft, import_signed, open_investment, start_url
from ..models import Campaign, Investment, Investor, db
from ..rules import instant, read_instant
from ..runtime import runtime
from .dispatch import Answer, endpoint, read_body
from .errors import not_found, refused
from .operations import CREATE_INVESTMENT, LIST_INVESTMENTS, READ_INVESTMENT

bp = Blueprint("investments", __name__)


@endpoint(bp, CREATE_INVESTMENT)
def create_investment() -> Answer:
    body = read_body(CREATE_INVESTMENT)
    campaign = db.session.get(Campaign, body["campaign_id"])
    investor = db.session.scalar(select(Investor).where(Investor.id == body["investor_id"]))
    units = int(body["units"]) if "units" in body else None
    errors = {}
    if campaign is None:
        errors["campaign_id"] = [UNKNOWN_REFERENCE]
    elif not campaign.opens_on <= runtime().clock.now().date() <= campaign.closes_on:
        errors["campaign_id"] = [CAMPAIGN_NOT_OPEN]
    elif units is not None and not campaign.minimum <= units * campaign.nominal <= campaign.maximum:
        errors["units"] = [UNITS_OUT_OF_RANGE]
    if investor is None:
        errors["investor_id"] = [UNKNOWN_REFERENCE]
    if errors:
        raise refused(errors)
    investment = open_investment(body["campaign_id"], body["investor_id"])
    g.object_id = investment.id
    if units is not None:
        _sign_at_once(investment, units, body["signed_at"])
    return represent(investment)


def _sign_at_once(investment: Investment, units: int, signed_at: str) -> None:
    try:
        import_signed(investment, units, read_instant(signed_at.upper()) or runtime().clock.now())
    except NotEnoughLeft:
        raise refused({"units": [NOT_ENOUGH_LEFT]}) from None


@endpoint(bp, LIST_INVESTMENTS)
def list_investments() -> Answer:
    count = db.session.scalar(select(func.count()).select_from(Investment)) or 0
    pages = max(1, -(-count // PAGE_SIZE))
    number = request.args.get("page", "1")
    if not (number.isascii() and number.isdigit() and len(number) < 10 and 1 <= int(number) <= pages):
        raise not_found()
    page = int(number)
    rows = select(Investment).order_by(Investment.number).limit(PAGE_SIZE).offset((page - 1) * PAGE_SIZE)
    return {
        "count": count,
        "next": _page_url(page + 1) if page < pages else None,
        "previous": _page_url(page - 1) if page > 1 else None,
        "results": [represent(investment) for investment in db.session.scalars(rows)],
    }


@endpoint(bp, READ_INVESTMENT)
def read_investment(investment_id: str) -> Answer:
    investment = db.session.scalar(select(Investment).where(Investment.id == investment_id))
    if investment is None:
        raise not_found()
    g.object_id = investment.id
    return represent(investment)


def represent(investment: Investment) -> dict[str, Any]:
    return {
        "id": investment.id,
        "start_url": None if investment.imported else start_url(investment),
        "status": investment.status,
        "campaign_id": investment.campaign_id,
        "investor_id": investment.investor_id,
        "units": investment.units if investment.signed_at else None,
        "signed_at": instant(investment.signed_at) if investment.signed_at else None,
    }


def _page_url(page: int) -> str:
    return f"{runtime().settings.public_url}{request.path}?page={page}"
