"""What list and campaign page show: content, figures, funding and the person's own subscription, put together."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from typing import Any, Literal, NamedTuple

from flask import current_app, g
from jinja2.environment import TemplateModule
from sqlalchemy import bindparam, select

from .. import history, integration
from ..config import settings
from ..database import db
from ..investments.holdings import Entry, read_entry
from ..language import ago, day, language, today
from ..language import gettext as _
from ..models import Investor, User
from . import charts, documents, figures, funding
from .content import Campaign, Event
from .funding import Funding, State, state
from .journey import STEPS, whole_duration
from .wording import Wording, month, wording

Action = Literal["sign_in", "invest", "continue", "again", "none"]
Needs = Literal["", "data", "consent"]
# Built once: the relation would build its statement for each page.
_INVESTOR = select(Investor).where(Investor.user_id == bindparam("user"))
NEEDS: dict[str, Needs] = {"none": "data", "refused": "data", "withdrawn": "consent"}


class Card(NamedTuple):
    """A campaign in the list."""

    campaign: Campaign
    funding: Funding | None
    state: State
    said: Wording

    @classmethod
    def of(cls, campaign: Campaign, funding: Funding | None) -> Card:
        return cls(campaign, funding, state(campaign, funding), wording(campaign))

    @property
    def is_open(self) -> bool:
        return self.state in ("open", "almost_full")

    @property
    def days_left(self) -> int:
        return days_left(self.campaign)


def in_order(cards: Iterable[Card]) -> list[Card]:
    """Open ones by their end, then those to come by their start, then those that are full or closed."""

    def place(card: Card) -> tuple[int, date]:
        if card.is_open:
            return 0, card.campaign.closes
        return (1, card.campaign.opens) if card.state == "coming" else (2, card.campaign.closes)

    return sorted(cards, key=place)


class InvestBox(NamedTuple):
    """The card beside the campaign: how far it is funded, and the one button.

    Attributes:
        number: what the form posts, so that a double click stays one subscription.
        entry: the subscription that the button continues, or the newest of those already signed.
        needs: what the person has to do before Cashlink: nothing, to enter "data", or to give the "consent" again.
        host: where "Invest now" leads.
    """

    funding: Funding | None
    state: State
    action: Action
    host: str
    number: int = 1
    entry: Entry | None = None
    needs: Needs = ""

    @property
    def age(self) -> str:
        """`2 minutes ago`"""
        return ago(self.funding.age) if self.funding else ""


def invest_box(campaign: Campaign, told: Funding | None, user: User | None) -> InvestBox:
    found = state(campaign, told)
    host = settings().start_url_hosts[0] if settings().start_url_hosts else ""
    mine = history.in_campaign(user, campaign.slug) if user else history.InCampaign()
    entry = read_entry(*mine.shown) if mine.shown else None
    if found not in ("open", "almost_full"):
        return InvestBox(told, found, "none", host, entry=entry)
    if user is None:
        return InvestBox(told, found, "sign_in", host)
    investor = db.session.scalars(_INVESTOR, {"user": user.id}).first()
    action: Action = "continue" if mine.unsigned else "again" if entry else "invest"
    return InvestBox(
        told,
        found,
        action,
        host,
        number=mine.next_number,
        entry=entry,
        needs=NEEDS.get(integration.import_state(investor), ""),
    )


def page(campaign: Campaign) -> dict[str, Any]:
    """What the template of the campaign page needs of the content."""
    return {
        "campaign": campaign,
        "said": wording(campaign),
        "days_left": days_left(campaign),
        "funded": charts.funded(campaign, funding.past(campaign)),
        "offer": _offer(campaign, language(), today()),
    }


@lru_cache(maxsize=64)
def _offer(campaign: Campaign, spoken: str, present: date) -> TemplateModule:
    """The offer itself, made once a day for each language, as `head` and `body`: rendered without a request's
    variables, so that nothing of a person can get into it."""
    # Each word of the glossary is linked at its first use in the offer, whoever asks for it first.
    g.pop("terms_seen", None)
    examples = [figures.example(campaign, amount) for amount in campaign.examples]
    plan = figures.plan(campaign)
    content = {
        "campaign": campaign,
        "said": wording(campaign),
        "language": spoken,
        "examples": examples,
        "plan": plan,
        "plan_chart": charts.plan_bars(plan) if plan else None,
        "payment_charts": charts.payment_bars(examples[-1]),
        "use_chart": charts.share_bar(campaign.uses),
        "source_chart": charts.share_bar(campaign.sources),
        "journey_chart": charts.journey(STEPS),
        "whole_duration": whole_duration(),
        "present": present,
        "when": when,
        "documents": documents.files(campaign),
    }
    return current_app.jinja_env.get_template("campaigns/_offer.html").make_module(content)


def contents(campaign: Campaign, coming: bool) -> list[tuple[str, str]]:
    """The anchors of the page and what they are called, in its order."""
    return _contents(campaign, coming, language())


@lru_cache(maxsize=64)
def _contents(campaign: Campaign, coming: bool, _spoken: str) -> list[tuple[str, str]]:
    places = [
        ("facts", _("Key facts")),
        *([] if coming else [("funding", _("Funding"))]),
        ("returns", _("Return and loss")),
        ("project", _("The project")),
        ("funds", _("Money")),
        *([("plan", _("Business plan"))] if campaign.plan else []),
        ("honest", _("Before you decide")),
        ("timeline", _("Course")),
        ("risks", _("Risks")),
        *([("news", _("News"))] if campaign.updates else []),
        ("documents", _("Documents")),
        ("questions", _("Questions")),
    ]
    return [(anchor, str(name)) for anchor, name in places]


def days_left(campaign: Campaign) -> int:
    return (campaign.closes - today()).days


def when(event: Event) -> str:
    """`22 November 2026`, or `November 2027` where the day is not known."""
    return month(event.at) if event.rough else day(event.at)
