"""Where the shapes of the charts stand, in units of the drawing. The templates write them as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from .content import Campaign, Share
from .figures import Example, Payment, Plan, PlanYear
from .funding import Day
from .journey import Step


class Bar(NamedTuple):
    x: float
    y: float
    width: float
    height: float

    @property
    def middle(self) -> float:
        return self.x + self.width / 2


class PaymentColumn(NamedTuple):
    """A year's payment: the interest, on it the repayment; in the loss case what fails to come instead."""

    payment: Payment
    interest: Bar | None
    repayment: Bar | None
    missing: Bar | None


class PlanColumn(NamedTuple):
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


class Segment(NamedTuple):
    """A part of a bar that shows a whole; the letter leads to its row in the table."""

    share: Share
    letter: str
    bar: Bar


def share_bar(shares: Sequence[Share]) -> list[Segment]:
    whole = sum((share.amount for share in shares), Decimal())
    segments, x = [], 0.0
    for index, share in enumerate(shares):
        width = round(float(share.amount / whole) * WIDTH, 1)
        segments.append(Segment(share, chr(ord("A") + index), Bar(round(x, 1), 18, width, 34)))
        x += width
    return segments


class Label(NamedTuple):
    """The newest sum; `hangs` below its `y` instead of standing on it."""

    x: float
    y: float
    anchor: str
    hangs: bool


class Funded(NamedTuple):
    """What was subscribed, over the subscription period.

    Attributes:
        days: those that are drawn: each week's, and the newest.
        dots: where they stand.
        line: the path through them; `area` is closed below.
        top, minimum: where the volume and the minimum volume lie.
        label: where the newest sum is written.
    """

    days: list[Day]
    dots: list[tuple[float, float]]
    line: str
    area: str
    top: float
    minimum: float
    label: Label


FUNDED_WIDTH, FUNDED_BASE, FUNDED_HEIGHT = 640, 240, 200
# On the narrowest screens, where letters are largest: their height, and how long a sum in millions is.
LETTERS, LONGEST_SUM = 30, 170


def funded(campaign: Campaign, days: Sequence[Day]) -> Funded | None:
    """The picture of the days that are known; None before there are two."""
    shown = _weekly(campaign.opens, days)
    if len(shown) < 2:
        return None
    most = max(campaign.volume, shown[-1].raised)
    period = max((campaign.closes - campaign.opens).days, 1)

    def place(day: Day) -> tuple[float, float]:
        x = round((day.on - campaign.opens).days / period * FUNDED_WIDTH, 1)
        return x, round(FUNDED_BASE - _height(day.raised, most, FUNDED_HEIGHT), 1)

    dots = [place(day) for day in shown]
    line = "M" + "L".join(f"{x} {y}" for x, y in dots)
    area = f"{line}V{FUNDED_BASE}H{dots[0][0]}z"
    goals = (campaign.volume, campaign.minimum_volume)
    top, minimum = (round(FUNDED_BASE - _height(amount, most, FUNDED_HEIGHT), 1) for amount in goals)
    return Funded(shown, dots, line, area, top, minimum, _label(dots, (top, minimum)))


def _label(dots: Sequence[tuple[float, float]], goals: Sequence[float]) -> Label:
    """Above the newest dot; where a goal's line or its name is there, below the curve, as far right as it goes."""
    x, y = dots[-1]
    taken = [(goal - 8 - LETTERS, goal) for goal in goals]

    def is_free(start: float) -> bool:
        return all(start + LETTERS < first or last < start for first, last in taken)

    if is_free(y - 12 - LETTERS):
        return Label(x, y - 12, "end" if x > LONGEST_SUM else "start", hangs=False)
    left = min(x, FUNDED_WIDTH - LONGEST_SUM)
    before = max((place for place, _y in dots if place <= left), default=0)
    start = max(height for place, height in dots if place >= before) + 10
    for _first, last in taken:
        start = start if is_free(start) else max(start, last + 4)
    return Label(left, start, "start", hangs=True)


def _weekly(opens: date, days: Sequence[Day]) -> list[Day]:
    """The last known day of each week after the first day, and that one."""
    return list({((day.on - opens).days - 1) // 7: day for day in days}.values())


class Stage(NamedTuple):
    """A step of the journey: `sure` is the time it takes at least, `maybe` what may come on top."""

    step: Step
    y: int
    sure: Bar
    maybe: Bar | None


class Journey(NamedTuple):
    stages: list[Stage]
    ticks: list[tuple[int, float]]
    height: int


ROW = 42


def journey(steps: Sequence[Step]) -> Journey:
    """One step below the other, each beginning where the one before ends at the latest; in working days."""
    days = sum(step.days[1] for step in steps)
    unit = (WIDTH - 12) / days
    stages, begun = [], 0
    for index, step in enumerate(steps):
        x, y = round(6 + begun * unit, 1), index * ROW + 22
        least, most = step.days
        sure = Bar(x, y, max(round(least * unit, 1), 4), 10)
        more = Bar(round(x + least * unit, 1), y, round((most - least) * unit, 1), 10) if most > least else None
        stages.append(Stage(step, index * ROW + 14, sure, more))
        begun += most
    ticks = [(day, round(6 + day * unit, 1)) for day in range(days + 1)]
    return Journey(stages, ticks, len(steps) * ROW)
