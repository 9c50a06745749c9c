"""What the progress page and the portfolio know of a campaign: the one place where they read its content."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from ..campaigns import content, documents, figures
from ..campaigns.content import Campaign
from ..campaigns.figures import Payment
from ..config import settings
from ..language import day, language, percent, today
from ..language import gettext as _
from .texts import Holding


class Facts(NamedTuple):
    """A campaign as the summary shows it.

    Attributes:
        nominal: of one unit; None for a campaign whose content is no longer there.
        terms: further lines of the summary, label and value.
        documents: title and address of each, for a page.
        campaign: the content itself, while it is there.
    """

    name: str
    nominal: Decimal | None = None
    first_interest: date | None = None
    terms: tuple[tuple[str, str], ...] = ()
    documents: tuple[tuple[str, str], ...] = ()
    campaign: Campaign | None = None

    def holding(self, units: int | None) -> Holding:
        """Units as Cashlink told them, and the amount that follows [assumed: units × nominal]."""
        amount = units * self.nominal if units is not None and self.nominal is not None else None
        return Holding(units, amount, self.first_interest)

    def payments(self, amount: Decimal | None) -> tuple[Payment, ...]:
        """What is still to be paid for a holding as planned; nothing where the return depends on the profit."""
        if self.campaign is None or amount is None or not self.campaign.interest_fixed:
            return ()
        planned = figures.example(self.campaign, amount).payments
        return tuple(payment for payment in planned if payment.on >= today())

    def withdrawal_ends(self, accepted: date) -> date | None:
        """The last day on which one can withdraw from a contract that was made on a day."""
        return accepted + timedelta(self.campaign.product.withdrawal_days) if self.campaign else None


def campaign_facts(slug: str) -> Facts:
    """The facts of a campaign; of one that has been taken out, its name at least."""
    campaign = content.campaign(slug)
    if campaign is None:
        mapping = settings().campaign(slug)
        return Facts(mapping.product_name if mapping and mapping.product_name else slug)
    return _facts(campaign, language(), today())


@lru_cache(maxsize=64)
def _facts(campaign: Campaign, _spoken: str, present: date) -> Facts:
    first_interest = campaign.payment_day(1)
    share = percent(campaign.interest, 2)
    interest = _("%(share)s a year", share=share) if campaign.interest_fixed else _("%(share)s held out", share=share)
    return Facts(
        name=campaign.name,
        nominal=campaign.nominal,
        first_interest=first_interest if campaign.interest_fixed and first_interest >= present else None,
        terms=(
            (_("Interest"), interest),
            (_("Until"), day(campaign.maturity)),
            (_("Issuer"), str(campaign.issuer)),
        ),
        documents=tuple(
            (title, f"/campaigns/{campaign.slug}/documents/{name}.pdf") for name, title in documents.titles()
        ),
        campaign=campaign,
    )
