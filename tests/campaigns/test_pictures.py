"""Each picture and the table beside it are made of the same numbers: change one, and both move."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from bs4 import BeautifulSoup, Tag
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.campaigns import content, funding, view
from portal.database import db
from portal.language import today
from portal.models import FundingDay

from ..settings import BOND, SOLAR
from ..world import World, wait_until
from .conftest import rewrite
from .people import product, tell_funding
from .test_campaign_page import DAIRY, page, words


def picture(soup: BeautifulSoup, name: str) -> Tag:
    (svg,) = soup.select(f"svg[aria-labelledby={name}]")
    assert words(svg.title)
    return svg


def table(soup: BeautifulSoup, name: str) -> Tag:
    """The first table that follows the picture."""
    found = picture(soup, name).find_next("table")
    assert isinstance(found, Tag)
    return found


def shapes(svg: Tag) -> list[tuple[str, ...]]:
    """What stands where, but for the texts."""
    places = ("class", "x", "y", "width", "height", "d", "cx", "cy")
    return [tuple(str(shape.get(place)) for place in places) for shape in svg.select("rect, path, circle")]


def told(app: Flask, *sums: int) -> None:
    """One sum a week since the subscription began."""
    with app.test_request_context():
        opens = content.load(BOND, today()).opens
        for week, euros in enumerate(sums):
            row = FundingDay(campaign=BOND, day=opens + timedelta(7 * week), cents=euros * 100, subscriptions=week)
            db.session.merge(row)
        db.session.commit()


def in_file(old: str, new: str) -> Callable[[Path, Flask, pytest.MonkeyPatch], None]:
    def change(folder: Path, _app: Flask, _patch: pytest.MonkeyPatch) -> None:
        rewrite(folder, old, new)
        content.load.cache_clear()

    return change


def longer_review(_folder: Path, _app: Flask, patch: pytest.MonkeyPatch) -> None:
    steps = [replace(step, days=(1, 4)) if step.days == (1, 2) else step for step in view.STEPS]
    patch.setattr(view, "STEPS", tuple(steps))
    # Set once a day, since code does not change in between.
    patch.setattr(view, "_offer", view._offer.__wrapped__)


def more_funding(_folder: Path, app: Flask, _patch: pytest.MonkeyPatch) -> None:
    told(app, 80_000, 900_000)


CHANGES = {
    "chart-funded": more_funding,
    "chart-planned": in_file("interest = 5.75", "interest = 6.75"),
    "chart-loss": in_file("loss_after_payments = 2", "loss_after_payments = 1"),
    "chart-sources": in_file("amount = 1400000", "amount = 1500000"),
    "chart-uses": in_file("amount = 3600000", "amount = 3700000"),
    "chart-plan": in_file("ebitda = [160000", "ebitda = [260000"),
    "chart-journey": longer_review,
}


@pytest.mark.parametrize("name", CHANGES)
def test_picture_and_table_move_together(
    name: str, app: Flask, client: FlaskClient, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told(app, 80_000, 800_000)
    before = page(client, f"/campaigns/{BOND}", "de")
    CHANGES[name](folder, app, monkeypatch)
    after = page(client, f"/campaigns/{BOND}", "de")
    assert shapes(picture(before, name)) != shapes(picture(after, name))
    assert words(table(before, name)) != words(table(after, name))


def test_every_campaign_has_its_drawing(client: FlaskClient) -> None:
    sources = set()
    for slug in (BOND, SOLAR, DAIRY):
        drawing = page(client, f"/campaigns/{slug}").select_one("main img.art")
        assert drawing is not None
        assert str(drawing["alt"]).startswith("Illustration: ")
        sources.add(str(drawing["src"]))
        with client.get(str(drawing["src"])) as answer:
            assert (answer.status_code, answer.mimetype) == (200, "image/svg+xml")
    assert len(sources) == 3


def test_days_are_drawn_where_they_lie(app: Flask, client: FlaskClient) -> None:
    told(app, 0, 2_000_000, 4_000_000)
    svg = picture(page(client, f"/campaigns/{BOND}"), "chart-funded")
    dots = [(float(str(dot["cx"])), float(str(dot["cy"]))) for dot in svg.select("circle")]
    assert [round(x / dots[1][0], 1) for x, _y in dots] == [0, 1, 2]
    assert [y for _x, y in dots] == [240, 140, 40]


@pytest.mark.parametrize(
    "euros", [300_000, 1_400_000, 1_600_000, 2_431_500, 3_700_000, 3_990_000, 4_000_000, 4_100_000]
)
def test_the_newest_sum_is_written_beside_the_lines(app: Flask, client: FlaskClient, euros: int) -> None:
    told(app, 0, euros // 2, euros)
    svg = picture(page(client, f"/campaigns/{BOND}"), "chart-funded")
    (label,) = svg.select("text.v")
    # As large as letters are on the narrowest screens.
    first = float(str(label["y"])) - (0 if label.get("dominant-baseline") else 30)
    goals = [float(str(line["y1"])) for line in svg.select("line.goal")]
    assert len(goals) == 2
    assert not [goal for goal in goals if first <= goal <= first + 30]


def test_without_a_past_there_is_no_picture_and_it_says_why(app: Flask, client: FlaskClient) -> None:
    told(app, 80_000)
    soup = page(client, f"/campaigns/{BOND}")
    assert not soup.select("svg[aria-labelledby=chart-funded]")
    assert "Once Cashlink has told the sum on two days, a picture stands here." in words(soup.main)
    assert not page(client, f"/campaigns/{DAIRY}").select("#funding")


def noted(app: Flask) -> list[tuple[str, int, int]]:
    with app.app_context():
        rows = db.session.scalars(select(FundingDay).order_by(FundingDay.campaign))
        return [(row.campaign, row.cents, row.subscriptions) for row in rows]


def test_the_last_answer_of_a_day_is_that_of_the_day(app: Flask) -> None:
    for euros, count in ((2_431_500, 612), (2_440_000, 613), (2_439_000, 612)):
        tell_funding(app, product("Wärmeanleihe Hollerbrück", 4_000_000, euros, count))
        with app.app_context():
            funding.note_day()
            db.session.commit()
        assert noted(app) == [(BOND, euros * 100, count)]


def test_the_loop_notes_what_cashlink_says(world: World) -> None:
    rows = wait_until(lambda: noted(world.app), what="a row for today")
    assert (BOND, 243_150_000, 612) in rows
