"""The figures of the complete campaign, computed, are those that were worked out by hand for it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from portal.campaigns import content, figures
from portal.campaigns.content import Campaign

from ..settings import BOND, SOLAR

DAIRY = "genussrecht-kaeserei-brunnenau"
TODAY = date(2026, 11, 22)


@pytest.fixture
def bond() -> Campaign:
    return content.load(BOND, TODAY)


def in_thousands(value: Decimal) -> int:
    return int((value / 1000).quantize(Decimal(1)))


def rounded(value: Decimal, digits: str = "0.01") -> str:
    return str(value.quantize(Decimal(digits)))


def test_bank_is_paid_interest_only_first_and_then_in_equal_redemptions(bond: Campaign) -> None:
    plan = figures.plan(bond)
    assert plan is not None
    assert [in_thousands(year.bank) for year in plan.years] == [189, 495, 483, 470, 458]


def test_plan_carries_the_cash_and_covers_the_debt_as_worked_out(bond: Campaign) -> None:
    plan = figures.plan(bond)
    assert plan is not None
    assert [in_thousands(year.surplus) for year in plan.years] == [-259, 35, 367, 470, 532]
    assert [in_thousands(year.cash) for year in plan.years] == [541, 576, 943, 1413, 1946]
    assert [rounded(year.cover) for year in plan.years] == ["0.38", "1.05", "1.52", "1.67", "1.77"]


def test_what_is_missing_at_maturity_is_computed(bond: Campaign) -> None:
    plan = figures.plan(bond)
    assert plan is not None
    assert rounded(plan.refinancing / 1_000_000) == "2.05"
    assert rounded(plan.refinancing_multiple, "0.1") == "1.7"
    assert rounded(plan.debt_multiple, "0.1") == "4.4"


def test_stress_lowers_the_cover_as_worked_out(bond: Campaign) -> None:
    plan = figures.plan(bond)
    assert plan is not None
    cover = figures.stressed_cover(bond, plan)
    assert cover is not None
    assert [rounded(value) for value in (cover.fewer_customers, cover.dearer_energy, cover.both)] == [
        "1.20",
        "1.42",
        "1.11",
    ]


def test_delay_of_a_year_empties_the_reserve(bond: Campaign) -> None:
    delayed = figures.plan(bond, delay_years=1)
    assert delayed is not None
    assert (delayed.lowest_cash.number, in_thousands(delayed.lowest_cash.cash)) == (2, -24)
    assert rounded(delayed.refinancing / 1_000_000) == "3.11"
    assert rounded(delayed.refinancing / bond.volume) == "0.78"


def test_example_shows_interest_and_the_loss_case(bond: Campaign) -> None:
    example = figures.example(bond, Decimal(5000))
    assert (example.interest_a_year, example.interest) == (Decimal("287.50"), Decimal("1437.50"))
    assert (example.received_in_loss, example.lost) == (Decimal("575.00"), Decimal("4425.00"))
    assert example.payments[-1].on == bond.maturity == date(2032, 1, 22)


@pytest.mark.parametrize("slug", [BOND, SOLAR, DAIRY])
def test_content_agrees_with_itself(slug: str) -> None:
    campaign = content.load(slug, TODAY)
    uses = sum(part.amount for part in campaign.uses)
    assert uses == sum(part.amount for part in campaign.sources)
    assert campaign.sources[0].amount == campaign.volume
    assert campaign.volume * campaign.issue_costs in [part.amount for part in campaign.uses]
    if campaign.plan and campaign.loan:
        assert len(campaign.plan.revenue) == len(campaign.plan.ebitda) == campaign.term_years
        assert campaign.plan.opening_cash == campaign.uses[-1].amount
        assert campaign.loan.amount == campaign.sources[1].amount
