"""The campaigns' content: a data file each in `data/`, read into frozen objects with today's dates.

Knows nothing of funding, accounts or pages. What can be computed is computed in `figures.py`, not typed.
"""

from __future__ import annotations

import calendar
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from ..config import ConfigurationError
from ..language import NO_BREAK_SPACE, language, today

FOLDER = Path(__file__).parent / "data"
_UNIT = re.compile(
    r"(?<=\d) (?=[€%]|Mio\.|million\b|[kMG]W|k?m[²³]?\b|p\. a\.|Jahre?n?\b|years?\b|Tagen?\b|days?\b)"
    r"|(?<=§) |(?<=%) (?=p\. a\.)|(?<=p\.) (?=a\.)"
)


class Text(NamedTuple):
    """A text in both languages; as a string it is that of the request's language."""

    en: str
    de: str

    def __str__(self) -> str:
        return str(getattr(self, language()))


class ProductType(NamedTuple):
    """What the law asks for by kind of product: the notice beside each button, the information sheet, the limits."""

    kind: Text
    sheet: Text
    limits: Text
    self_disclosure_from: Decimal
    withdrawal_days: int
    check: Text
    notice: tuple[Text, ...]


class Fact(NamedTuple):
    """`value` is a word or a figure, `detail` what goes with it. Further ones stand in a fold of the page."""

    name: Text
    value: Text
    detail: Text | None = None
    further: bool = False


class Project(NamedTuple):
    title: Text
    paragraphs: tuple[Text, ...]


class Share(NamedTuple):
    """A part of the use or of the source of funds; with a `key` its amount can be named in texts."""

    name: Text
    amount: Decimal
    key: str = ""


class Loan(NamedTuple):
    """Rates as a share of one."""

    amount: Decimal
    rate: Decimal
    years: int
    interest_only_years: int


class Plan(NamedTuple):
    opening_cash: Decimal
    revenue: tuple[Decimal, ...]
    ebitda: tuple[Decimal, ...]
    assumptions: Text


class Stress(NamedTuple):
    """What may go wrong with the plan, as shares of one."""

    year: int
    fewer_customers: Decimal
    energy_share_of_costs: Decimal
    energy_price_rise: Decimal
    delay_years: int


class Point(NamedTuple):
    title: Text
    text: Text


class Event(NamedTuple):
    at: date
    text: Text
    # Known to the month only.
    rough: bool = False


class Risk(NamedTuple):
    title: Text
    what: Text
    effect: Text
    reaction: Text


class Update(NamedTuple):
    at: date
    title: Text
    text: Text
    bad: bool = False


class Question(NamedTuple):
    question: Text
    answer: Text


# Compared by identity: what is made of a campaign once a day is kept under the campaign itself.
@dataclass(frozen=True, eq=False)
class Campaign:
    """Everything that its page says. Amounts are euros, rates a share of one."""

    slug: str
    name: str
    product: ProductType
    category: Text
    summary: Text
    issuer: Text
    illustration: str
    illustration_text: Text
    volume: Decimal
    minimum_volume: Decimal
    nominal: Decimal
    minimum: Decimal
    interest: Decimal
    interest_fixed: bool
    term_years: int
    issue_costs: Decimal
    payment_days: int
    opens: date
    closes: date
    examples: tuple[Decimal, ...]
    loss_after_payments: int
    facts: tuple[Fact, ...]
    project: Project
    uses: tuple[Share, ...]
    sources: tuple[Share, ...]
    honest: tuple[Point, ...]
    timeline: tuple[Event, ...]
    risks: tuple[Risk, ...]
    questions: tuple[Question, ...]
    updates: tuple[Update, ...] = ()
    loan: Loan | None = None
    plan: Plan | None = None
    stress: Stress | None = None
    # Why the issuer takes no subscriptions at the moment.
    paused: Text | None = None

    def payment_day(self, year: int) -> date:
        """When the interest of this year is due; that of the last year is the maturity."""
        return add_months(self.closes, 12 * year)

    @property
    def maturity(self) -> date:
        return self.payment_day(self.term_years)


_LISTS: Mapping[str, type] = {
    "facts": Fact,
    "uses": Share,
    "sources": Share,
    "honest": Point,
    "timeline": Event,
    "risks": Risk,
    "updates": Update,
    "questions": Question,
}
_TABLES: Mapping[str, type] = {"project": Project, "loan": Loan, "plan": Plan, "stress": Stress}
_PERCENT = {"interest", "issue_costs", "rate", "fewer_customers", "energy_share_of_costs", "energy_price_rise"}
_COUNTS = {
    "term_years",
    "payment_days",
    "withdrawal_days",
    "loss_after_payments",
    "years",
    "interest_only_years",
    "year",
    "delay_years",
}


def campaign(slug: str) -> Campaign | None:
    """The campaign of this slug with its dates as of today; None where there is no such file."""
    return load(slug, today()) if is_there(slug) else None


@lru_cache(maxsize=256)
def is_there(slug: str) -> bool:
    return bool(re.fullmatch(r"[a-z0-9-]+", slug)) and (FOLDER / f"{slug}.toml").is_file()


@lru_cache(maxsize=32)
def load(slug: str, present: date) -> Campaign:
    """Read a data file.

    Args:
        present: what the file's dates are counted from.

    Raises:
        ConfigurationError: the file cannot be read as a campaign.
    """
    path = FOLDER / f"{slug}.toml"
    try:
        raw = _toml(path)
        end = _date(raw["closes"], present, present)
        content = {name: _value(name, value, present, end) for name, value in raw.items() if name != "product_type"}
        return Campaign(slug=slug, product=product_types()[raw["product_type"]], **content)
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
        raise ConfigurationError(f"{path} cannot be read as a campaign: {error}") from error


@lru_cache(maxsize=1)
def product_types() -> dict[str, ProductType]:
    present = date.min
    return {
        name: ProductType(**{field: _value(field, value, present, present) for field, value in fields.items()})
        for name, fields in _toml(FOLDER / "product_types.toml").items()
    }


def _toml(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        return tomllib.load(file, parse_float=Decimal)


def _value(name: str, value: Any, present: date, end: date) -> Any:
    """A value of the file as the records above want it, by its name and shape."""
    if name in ("at", "opens", "closes"):
        return _date(value, present, end)
    if name in _TABLES:
        return _TABLES[name](**_fields(value, present, end))
    if name in _LISTS:
        return tuple(_LISTS[name](**_fields(row, present, end)) for row in value)
    if isinstance(value, dict):
        return Text(en=_UNIT.sub(NO_BREAK_SPACE, value["en"]), de=_UNIT.sub(NO_BREAK_SPACE, value["de"]))
    if isinstance(value, list):
        return tuple(_value(name, item, present, end) for item in value)
    if isinstance(value, (int, Decimal)) and not isinstance(value, bool) and name not in _COUNTS:
        return Decimal(value) / 100 if name in _PERCENT else Decimal(value)
    return value


def _fields(row: dict[str, Any], present: date, end: date) -> dict[str, Any]:
    fields = {name: _value(name, value, present, end) for name, value in row.items()}
    if isinstance(row.get("at"), dict) and "months" in row["at"]:
        fields["rough"] = True
    return fields


def _date(value: Any, present: date, end: date) -> date:
    if isinstance(value, date):
        return value
    start = end if value.get("after") == "end" else present
    return add_months(start, 12 * value.get("years", 0) + value.get("months", 0)) + timedelta(value.get("days", 0))


def add_months(start: date, months: int) -> date:
    """The same day some months on, or the last day of that month."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return date(year, month + 1, min(start.day, calendar.monthrange(year, month + 1)[1]))
