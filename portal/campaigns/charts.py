"""Where the bars of the charts stand, in units of the drawing. The templates write them as SVG."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from .figures import Example, Payment, Plan, PlanYear


@dataclass(frozen=True)
class Bar:
    x: float
    y: float
    width: float
    height: float

    @property
    def middle(self) -> float:
        return self.x + self.width / 2


@dataclass(frozen=True)
class PaymentColumn:
    """A year's payment: the interest, on it the repayment; in the loss case what fails to come instead."""

    payment: Payment
    interest: Bar | None
    repayment: Bar | None
    missing: Bar | None


@dataclass(frozen=True)
class PlanColumn:
    """A year of the plan: the result beside what bank and investors cost."""

    year: PlanYear
    result: Bar
    cost: Bar


BASE = 170
HEIGHT = 130
WIDTH = 320


def _height(amount: Decimal, most: Decimal, height: float = HEIGHT) -> float:
    return round(float(amount / most) * height, 1)


def payment_bars(example: Example) -> dict[str, list[PaymentColumn]]:
    """The payments as planned and in the loss case, on one scale."""
    most = max(payment.total for payment in example.payments)
    slot = WIDTH / len(example.payments)
    width = round(slot * 0.68, 1)
    planned, loss = [], []
    for index, payment in enumerate(example.payments):
        x = round(index * slot + (slot - width) / 2, 1)
        small = _height(payment.interest, most)
        large = _height(payment.repayment, most)
        interest = Bar(x, BASE - small, width, small)
        above = Bar(x, round(BASE - small - large, 1), width, large) if large else None
        planned.append(PaymentColumn(payment, interest, above, None))
        arrives = index < example.loss_payments
        whole = Bar(x, round(BASE - small - large, 1), width, round(small + large, 1))
        loss.append(PaymentColumn(payment, interest if arrives else None, None, None if arrives else whole))
    return {"planned": planned, "loss": loss}


def plan_bars(plan: Plan) -> list[PlanColumn]:
    most = max(max(year.ebitda, year.debt_service) for year in plan.years)
    slot = 640 / len(plan.years)
    width = round(slot * 0.3, 1)
    columns = []
    for index, year in enumerate(plan.years):
        left = round(index * slot + slot / 2 - width - 2, 1)
        result, cost = _height(year.ebitda, most), _height(year.debt_service, most)
        columns.append(
            PlanColumn(
                year, Bar(left, BASE - result, width, result), Bar(round(left + width + 4, 1), BASE - cost, width, cost)
            )
        )
    return columns
