"""The figures that a campaign's texts may name in braces, in the form of the request's language."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import lru_cache

from flask_babel import format_date, format_decimal

from ..language import NO_BREAK_SPACE, day, language, ngettext, percent, whole_money
from ..language import gettext as _
from . import figures
from .content import Campaign, Text


class Wording:
    """Fills in the figures of one campaign: `wording(campaign.summary)`."""

    def __init__(self, campaign: Campaign) -> None:
        self.words = words(campaign)

    def __call__(self, text: Text) -> str:
        return str(text).format_map(self.words)


def wording(campaign: Campaign) -> Wording:
    """The wording in the language of the request, made once a day for each language."""
    return _wording(campaign, language())


@lru_cache(maxsize=64)
def _wording(campaign: Campaign, _spoken: str) -> Wording:
    return Wording(campaign)


def words(campaign: Campaign) -> dict[str, str]:
    """Every name that may stand in braces."""
    return {
        "volume": whole_money(campaign.volume),
        "minimum_volume": whole_money(campaign.minimum_volume),
        "nominal": whole_money(campaign.nominal),
        "minimum": whole_money(campaign.minimum),
        "interest": percent(campaign.interest, 2),
        "term": term(campaign),
        "opens": day(campaign.opens),
        "closes": day(campaign.closes),
        "first_payment": day(campaign.payment_day(1)),
        "maturity": day(campaign.maturity),
        "maturity_month": month(campaign.maturity),
        "payment_days": str(campaign.payment_days),
        "issue_costs": whole_money(campaign.volume * campaign.issue_costs),
        "issue_costs_share": percent(campaign.issue_costs),
        **{share.key: whole_money(share.amount) for share in campaign.uses + campaign.sources if share.key},
        **_plan_words(campaign),
        **_stress_words(campaign),
    }


def _plan_words(campaign: Campaign) -> dict[str, str]:
    plan = figures.plan(campaign)
    if plan is None or campaign.loan is None or campaign.plan is None:
        return {}
    return {
        "loan_rate": percent(campaign.loan.rate),
        "loan_years": str(campaign.loan.years),
        "reserve": whole_money(campaign.plan.opening_cash),
        "last_year": str(plan.last.number),
        "cash_at_maturity": millions(plan.last.cash),
        "refinancing": millions(plan.refinancing),
        "refinancing_multiple": decimal(plan.refinancing_multiple, 1),
        "debt_multiple": decimal(plan.debt_multiple, 1),
        "cover_first": decimal(plan.years[0].cover),
    }


def _stress_words(campaign: Campaign) -> dict[str, str]:
    plan, stress = figures.plan(campaign), campaign.stress
    if plan is None or stress is None:
        return {}
    cover = figures.stressed_cover(campaign, plan)
    delayed = figures.plan(campaign, stress.delay_years)
    if cover is None or delayed is None:
        return {}
    return {
        "stress_year": str(stress.year),
        "fewer_customers": percent(stress.fewer_customers),
        "energy_share": percent(stress.energy_share_of_costs),
        "energy_price_rise": percent(stress.energy_price_rise),
        "cover_planned": decimal(cover.planned),
        "cover_fewer": decimal(cover.fewer_customers),
        "cover_price": decimal(cover.dearer_energy),
        "cover_both": decimal(cover.both),
        "delay_low_year": str(delayed.lowest_cash.number),
        "delay_cash": with_minus(whole_money(delayed.lowest_cash.cash.quantize(Decimal("1E3")))),
        "delay_refinancing": millions(delayed.refinancing),
        "delay_share": percent(delayed.refinancing / campaign.volume, 0),
    }


def month(value: date) -> str:
    """`November 2027`"""
    return str(format_date(value, "MMMM y")).replace(" ", NO_BREAK_SPACE)


def term(campaign: Campaign) -> str:
    return str(ngettext("%(num)d year", "%(num)d years", campaign.term_years)).replace(" ", NO_BREAK_SPACE)


def millions(amount: Decimal) -> str:
    """`€2.05 million`"""
    text = str(_("€%(number)s million", number=decimal(amount / 1_000_000)))
    return text.replace(" ", NO_BREAK_SPACE)


def decimal(value: Decimal, digits: int = 2) -> str:
    return str(format_decimal(value.quantize(Decimal(1).scaleb(-digits)), format="#,##0." + "0" * digits))


def thousands(amount: Decimal) -> str:
    """For tables whose caption says "thousand euros": `1,380` and a real minus."""
    return with_minus(str(format_decimal((amount / 1000).quantize(Decimal(1)))))


def with_minus(text: str) -> str:
    return text.replace("-", "\N{MINUS SIGN}")
