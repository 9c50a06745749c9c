"""GET /api/external-info/: the funding information [doc: more-information/platform-information-api]."""

from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, jsonify
from sqlalchemy import select

from ..funding import funding, signed_investments
from ..models import Campaign, Investment, db
from ..rules import instant
from .operations import READ_FUNDING

bp = Blueprint("info", __name__)

RECENT = 6


@bp.get(READ_FUNDING.path)
def funding_information() -> Response:
    campaigns = db.session.scalars(select(Campaign).order_by(Campaign.position))
    return jsonify(user=None, products=[_product(campaign) for campaign in campaigns])


def money(cents: int) -> dict[str, Any]:
    """Cashlink writes euros with three decimals, the amount as a string."""
    return {"amount": str(cents * 10), "decimals": 3, "currency": "EUR"}


def _product(campaign: Campaign) -> dict[str, Any]:
    funded = funding(campaign)
    return {
        "name": campaign.name,
        "type": campaign.type,
        "volume": money(campaign.volume),
        "investment_sum": money(funded.amount),
        "investment_count": funded.subscriptions,
        "recent_investments": _recent(campaign),
    }


def _recent(campaign: Campaign) -> list[dict[str, Any]]:
    """The newest six: those signed here, then those of the declared base."""
    signed = signed_investments(campaign).order_by(Investment.signed_at.desc()).limit(RECENT)
    rows = [
        (investment.signed_at, investment.amount, investment.investor.data["natural_person"]["zip"])
        for investment in db.session.scalars(signed)
    ]
    rows += [
        (campaign.seeded_at - timedelta(hours=row["hours_ago"]), row["amount"] * 100, row.get("postal_code"))
        for row in campaign.content["recent"]
    ]
    dated = [(at, amount, postal_code) for at, amount, postal_code in rows if at and amount]
    newest = sorted(dated, key=lambda row: row[0], reverse=True)[:RECENT]
    return [{"signed_date": instant(at), "amount": money(amount), "postal_code": code} for at, amount, code in newest]
