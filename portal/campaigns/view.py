"""What list and campaign page show: content, figures, funding and the person's own subscription, put together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from flask_babel import format_timedelta

from .. import history, integration
from ..config import settings
from ..language import NO_BREAK_SPACE, day
from ..models import Investment, User
from . import charts, documents, figures
from .content import Campaign, Event, today
from .funding import Funding, State, state
from .journey import STEPS
from .wording import Wording, month

Action = Literal["sign_in", "invest", "continue", "again", "none"]
Needs = Literal["", "data", "consent"]
NEEDS: dict[str, Needs] = {"none": "data", "refused": "data", "withdrawn": "consent"}


@dataclass(frozen=True)
class Card:
    """A campaign in the list."""

    campaign: Campaign
    funding: Funding | None
    state: State
    said: Wording

    @classmethod
    def of(cls, campaign: Campaign, funding: Funding | None) -> Card:
        return cls(campaign, funding, state(campaign, funding), Wording(campaign))

    @property
    def days_left(self) -> int:
        return days_left(self.campaign)


def in_order(cards: Iterable[Card]) -> list[Card]:
    """Open ones by their end, then those to come by their start, then those that are full or closed."""

    def place(card: Card) -> tuple[int, date]:
        if card.state in ("open", "almost_full"):
            return 0, card.campaign.closes
        return (1, card.campaign.opens) if card.state == "coming" else (2, card.campaign.closes)

    return sorted(cards, key=place)


@dataclass(frozen=True)
class InvestBox:
    """The card beside the campaign: how far it is funded, and the one button.

    Attributes:
        number: what the form posts, so that a double click stays one subscription.
        investment: the subscription that the button continues, or the newest of those already signed.
        needs: what the person has to do before Cashlink: nothing, to enter "data", or to give the "consent" again.
        host: where "Invest now" leads.
    """

    funding: Funding | None
    state: State
    action: Action
    host: str
    number: int = 1
    investment: Investment | None = None
    needs: Needs = ""

    @property
    def age(self) -> str:
        """`2 minutes ago`"""
        if self.funding is None:
            return ""
        words = str(format_timedelta(-self.funding.age, granularity="second", threshold=1.2, add_direction=True))
        return words.replace(" ", NO_BREAK_SPACE)


def invest_box(campaign: Campaign, funding: Funding | None, user: User | None) -> InvestBox:
    found = state(campaign, funding)
    host = settings().start_url_hosts[0] if settings().start_url_hosts else ""
    running = _newest_investment(user, campaign.slug) if user else None
    if found not in ("open", "almost_full"):
        return InvestBox(funding, found, "none", host, investment=running)
    if user is None:
        return InvestBox(funding, found, "sign_in", host)
    unsigned = integration.open_subscription(user, campaign.slug)
    action: Action = "continue" if unsigned else "again" if running else "invest"
    return InvestBox(
        funding,
        found,
        action,
        host,
        number=integration.next_number(user, campaign.slug),
        investment=unsigned or running,
        needs=NEEDS.get(integration.import_state(user.investor), ""),
    )


def _newest_investment(user: User, slug: str) -> Investment | None:
    mine = (investment for investment, _change in history.investments_of(user) if investment.campaign == slug)
    return next(mine, None)


def page(campaign: Campaign) -> dict[str, Any]:
    """What the template of the campaign page needs of the content."""
    examples = [figures.example(campaign, amount) for amount in campaign.examples]
    plan = figures.plan(campaign)
    return {
        "campaign": campaign,
        "said": Wording(campaign),
        "examples": examples,
        "plan": plan,
        "plan_chart": charts.plan_bars(plan) if plan else None,
        "payment_charts": charts.payment_bars(examples[-1]),
        "days_left": days_left(campaign),
        "present": today(),
        "when": when,
        "journey": STEPS,
        "documents": documents.files(campaign),
    }


def days_left(campaign: Campaign) -> int:
    return (campaign.closes - today()).days


def when(event: Event) -> str:
    """`22 November 2026`, or `November 2027` where the day is not known."""
    return month(event.at) if event.rough else day(event.at)
