"""A campaign is a file: what may stand in it, and what is said when it cannot be used."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from portal import create_app
from portal.campaigns import content
from portal.config import ConfigurationError, Settings

from ..settings import BOND
from .conftest import rewrite

TODAY = date(2026, 8, 31)


def test_dates_are_counted_from_today() -> None:
    campaign = content.load(BOND, TODAY)
    assert (campaign.opens, campaign.closes) == (date(2026, 7, 28), date(2026, 10, 31))


def test_months_end_where_the_month_ends() -> None:
    assert content.add_months(date(2026, 8, 31), 6) == date(2027, 2, 28)
    assert content.add_months(date(2026, 1, 31), -14) == date(2024, 11, 30)


def test_dates_may_stand_for_themselves(folder: Path) -> None:
    rewrite(folder, "closes = { days = 61 }", "closes = 2027-03-31")
    campaign = content.load(BOND, TODAY)
    assert campaign.closes == date(2027, 3, 31)
    assert campaign.payment_day(1) == date(2028, 3, 31)


def test_ordinary_space_before_a_unit_does_not_break() -> None:
    campaign = content.load(BOND, TODAY)
    assert "11,8\N{NO-BREAK SPACE}GWh" in campaign.project.paragraphs[1].de


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("nominal = 100", "nominall = 100"),
        ('product_type = "security"', 'product_type = "lottery"'),
        ("volume = 4000000", "volume = "),
        ('name.de = "Emittentin"', 'name.fr = "Emittentin"'),
    ],
)
def test_file_with_a_mistake_is_named(folder: Path, old: str, new: str) -> None:
    rewrite(folder, old, new)
    with pytest.raises(ConfigurationError, match=rf"{BOND}\.toml"):
        content.load(BOND, TODAY)


def test_slug_cannot_leave_the_folder() -> None:
    assert not content.is_there("../data/solarpark-wendelau")


def test_portal_does_not_start_with_a_campaign_that_has_no_file(environ: dict[str, str]) -> None:
    environ["CASHLINK_CAMPAIGNS"] = "windpark=5b1d0c5e-7c1a-4e0b-9a51-0d5f3f1a2b09=Windpark"
    with pytest.raises(ConfigurationError, match=r"CASHLINK_CAMPAIGNS.*windpark\.toml"):
        create_app(Settings.from_environment(environ))
