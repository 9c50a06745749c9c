"""/api/external/v2/investments/: the web-based subscription is begun here, and its status read."""

from typing import Any

from flask import Blueprint, g, request
from sqlalchemy import func, select

from ..assumptions import CAMPAIGN_NOT_OPEN, PAGE_SIZE, UNKNOWN_REFERENCE
from ..lifecycle import open_investment, start_url
from ..models import Campaign, Investment, Investor, db
from ..rules import instant
from ..runtime import runtime
from .dispatch import Answer, endpoint, read_body
from .errors import not_found, refused
from .validation import Field, Invalid, text

bp = Blueprint("investments", __name__, url_prefix="/api/external/v2/investments")


def no_signature(value: Any) -> None:
    raise Invalid("The simulator knows the web-based subscription only: leave the signed date out.")


INVESTMENT = {
    "campaign_id": Field(text(50)),
    "investor_id": Field(text(50)),
    "signed_date": Field(no_signature, required=False),
}


@endpoint(bp, "/", "POST", "investments:write")
def create_investment() -> Answer:
    body = read_body(INVESTMENT)
    campaign = db.session.get(Campaign, body["campaign_id"])
    investor = db.session.scalar(select(Investor).where(Investor.id == body["investor_id"]))
    errors = {}
    if campaign is None:
        errors["campaign_id"] = [UNKNOWN_REFERENCE]
    elif not campaign.opens_on <= runtime().clock.now().date() <= campaign.closes_on:
        errors["campaign_id"] = [CAMPAIGN_NOT_OPEN]
    if investor is None:
        errors["investor_id"] = [UNKNOWN_REFERENCE]
    if errors:
        raise refused(errors)
    investment = open_investment(body["campaign_id"], body["investor_id"])
    g.object_id = investment.id
    return represent(investment), 201


@endpoint(bp, "/", "GET", "investments:read")
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
    }, 200


@endpoint(bp, "/<investment_id>/", "GET", "investments:read")
def read_investment(investment_id: str) -> Answer:
    investment = db.session.scalar(select(Investment).where(Investment.id == investment_id))
    if investment is None:
        raise not_found()
    g.object_id = investment.id
    return represent(investment), 200


def represent(investment: Investment) -> dict[str, Any]:
    return {
        "id": investment.id,
        "start_url": start_url(investment),
        "status": investment.status,
        "campaign_id": investment.campaign_id,
        "investor_id": investment.investor_id,
        "units": investment.units if investment.signed_at else None,
        "signed_date": instant(investment.signed_at) if investment.signed_at else None,
    }


def _page_url(page: int) -> str:
    return f"{runtime().settings.public_url}{request.path}?page={page}"
