"""What follows from a campaign's content by arithmetic: payments, the loss case, the loan, the plan, its stress.

Everything is computed unrounded in Decimal and rounded where it is shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from .content import Campaign, Loan


class Payment(NamedTuple):
    """What an investor receives on a day if all goes as planned."""

    year: int
    on: date
    interest: Decimal
    repayment: Decimal

    @property
    def total(self) -> Decimal:
        return self.interest + self.repayment


class Example(NamedTuple):
    """An amount invested: what comes back as planned, and what in the loss case."""

    amount: Decimal
    payments: tuple[Payment, ...]
    loss_payments: int

    @property
    def interest_a_year(self) -> Decimal:
        return self.payments[0].interest

    @property
    def interest(self) -> Decimal:
        return sum((payment.interest for payment in self.payments), Decimal())

    @property
    def total(self) -> Decimal:
        return self.interest + self.amount

    @property
    def received_in_loss(self) -> Decimal:
        return sum((payment.interest for payment in self.payments[: self.loss_payments]), Decimal())

    @property
    def lost(self) -> Decimal:
        return self.amount - self.received_in_loss


def example(campaign: Campaign, amount: Decimal) -> Example:
    interest = amount * campaign.interest
    years = range(1, campaign.term_years + 1)
    payments = tuple(
        Payment(year, campaign.payment_day(year), interest, amount if year == campaign.term_years else Decimal())
        for year in years
    )
    return Example(amount, payments, campaign.loss_after_payments)


class PlanYear(NamedTuple):
    number: int
    revenue: Decimal
    ebitda: Decimal
    bank: Decimal
    interest: Decimal
    cash: Decimal

    @property
    def debt_service(self) -> Decimal:
        return self.bank + self.interest

    @property
    def surplus(self) -> Decimal:
        return self.ebitda - self.debt_service

    @property
    def cover(self) -> Decimal:
        """How many times the year's EBITDA pays for bank and investors."""
        return self.ebitda / self.debt_service


class Plan(NamedTuple):
    """The issuer's plan over the term of the investment."""

    years: tuple[PlanYear, ...]
    refinancing: Decimal
    bank_debt_at_maturity: Decimal

    @property
    def last(self) -> PlanYear:
        return self.years[-1]

    @property
    def lowest_cash(self) -> PlanYear:
        return min(self.years, key=lambda year: year.cash)

    @property
    def refinancing_multiple(self) -> Decimal:
        return self.refinancing / self.last.ebitda

    @property
    def debt_multiple(self) -> Decimal:
        return (self.refinancing + self.bank_debt_at_maturity) / self.last.ebitda


def plan(campaign: Campaign, delay_years: int = 0) -> Plan | None:
    """The plan, or what becomes of it when the operating result comes later while bank and investors are paid on time.

    During a delay the first year's result repeats.
    """
    if campaign.plan is None or campaign.loan is None:
        return None
    ebitda = _delayed(campaign.plan.ebitda, delay_years)
    revenue = _delayed(campaign.plan.revenue, delay_years)
    interest = campaign.volume * campaign.interest
    cash = campaign.plan.opening_cash
    years = []
    for number in range(1, len(ebitda) + 1):
        bank = bank_payment(campaign.loan, number)
        cash += ebitda[number - 1] - bank - interest
        years.append(PlanYear(number, revenue[number - 1], ebitda[number - 1], bank, interest, cash))
    return Plan(tuple(years), campaign.volume - cash, debt_after(campaign.loan, len(years)))


def _delayed(values: Sequence[Decimal], years: int) -> Sequence[Decimal]:
    return [values[0]] * years + list(values[: len(values) - years])


def _redemption(loan: Loan) -> Decimal:
    return loan.amount / (loan.years - loan.interest_only_years)


def debt_after(loan: Loan, years: int) -> Decimal:
    """What is still owed at the end of a year: equal redemptions after the years without any."""
    return loan.amount - _redemption(loan) * max(0, years - loan.interest_only_years)


def bank_payment(loan: Loan, year: int) -> Decimal:
    """Interest on what is owed at the beginning of the year, and the redemption."""
    redemption = _redemption(loan) if year > loan.interest_only_years else Decimal()
    return debt_after(loan, year - 1) * loan.rate + redemption


class StressedCover(NamedTuple):
    """The cover of one year: as planned, with fewer customers, with dearer energy, with both."""

    planned: Decimal
    fewer_customers: Decimal
    dearer_energy: Decimal
    both: Decimal


def stressed_cover(campaign: Campaign, plan: Plan) -> StressedCover | None:
    """Fewer customers cost revenue and save energy in proportion; all other costs stay."""
    stress = campaign.stress
    if stress is None:
        return None
    year = plan.years[stress.year - 1]
    energy = (year.revenue - year.ebitda) * stress.energy_share_of_costs
    staying = 1 - stress.fewer_customers
    fewer = year.ebitda - (year.revenue - energy) * stress.fewer_customers
    dearer = year.ebitda - energy * stress.energy_price_rise
    both = fewer - energy * staying * stress.energy_price_rise
    return StressedCover(year.cover, *(result / year.debt_service for result in (fewer, dearer, both)))
