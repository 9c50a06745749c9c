"""How much of a campaign is subscribed: its declared base and what has been signed here and not ended."""

from typing import NamedTuple

from sqlalchemy import Select, func, select

from .models import Campaign, Investment, db
from .statuses import ENDED


class Funding(NamedTuple):
    amount: int
    subscriptions: int


def signed_investments(campaign: Campaign) -> Select[Investment]:
    """What counts. A cancelled amount is free again [doc: cashlink-studio/cancellations]."""
    return select(Investment).where(
        Investment.campaign_id == campaign.id,
        Investment.status.is_not(None),
        Investment.status.not_in(ENDED),
    )


def signed_here(campaign: Campaign) -> Funding:
    columns = (func.sum(Investment.units), func.count())
    units, count = db.session.execute(signed_investments(campaign).with_only_columns(*columns)).one()
    return Funding((units or 0) * campaign.nominal, count)


def funding(campaign: Campaign) -> Funding:
    here = signed_here(campaign)
    return Funding(campaign.base_sum + here.amount, campaign.base_count + here.subscriptions)


def remaining(campaign: Campaign) -> int:
    """What can still be subscribed, in cents."""
    return max(0, campaign.volume - funding(campaign).amount)
