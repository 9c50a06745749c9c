"""The card beside a campaign in every state: the button that fits, or the reason why there is none."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.campaigns import content

from ..investments.person import PATH, Person
from ..people import add_user
from ..settings import BOND
from .conftest import rewrite
from .people import product, signed_in, tell_funding
from .test_campaign_page import DAIRY, HEAT, page, words

PAUSED = """
paused.en = "A supplement to the terms is being written."
paused.de = "Ein Nachtrag zu den Bedingungen wird geschrieben."

name = "Wärmeanleihe"""


def card(client: FlaskClient, slug: str = BOND, language: str = "en") -> str:
    return words(page(client, f"/campaigns/{slug}", language).select_one("#invest"))


def change(folder: Path, old: str, new: str) -> None:
    rewrite(folder, old, new)
    content.load.cache_clear()


def test_signed_out_people_sign_in_and_come_back(client: FlaskClient) -> None:
    soup = page(client, f"/campaigns/{BOND}")
    (button,) = soup.select("#invest a.btn")
    assert (words(button), button["href"]) == ("Sign in to invest", f"/login?next=/campaigns/{BOND}")


def test_without_data_the_button_says_what_comes_first(app: Flask) -> None:
    text = card(signed_in(app, add_user(app)))
    assert "Invest now" in text
    assert "First we ask for your data, once, in about 5 minutes." in text


@pytest.mark.parametrize(
    ("told", "status", "button"),
    [
        ((), "You have begun a subscription and not signed it yet.", "Continue your subscription"),
        (("ACCEPTED",), "You have subscribed here. Accepted – payment due", "Invest again"),
        (PATH, "You have subscribed here. Completed", "Invest again"),
    ],
)
def test_who_has_subscribed_sees_the_status_and_the_way_to_it(
    app: Flask, told: tuple[str, ...], status: str, button: str
) -> None:
    carol = Person.create(app, "carol@example.org", "Carol", "Beispiel")
    investment = carol.invest(*told)
    soup = page(carol.client, f"/campaigns/{BOND}")
    text = words(soup.select_one("#invest"))
    assert status in text
    assert button in text
    assert soup.select(f"#invest a[href='/investments/{investment}']")


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("closes = { days = 61 }", "closes = { days = -1 }", "Diese Kampagne ist seit"),
        ("opens = { days = -34 }", "opens = { days = 3 }", "Die Zeichnung beginnt am"),
        ('\nname = "Wärmeanleihe', PAUSED, "Ein Nachtrag zu den Bedingungen wird geschrieben."),
    ],
)
def test_who_cannot_subscribe_learns_why_and_finds_no_button(
    app: Flask, client: FlaskClient, folder: Path, old: str, new: str, reason: str
) -> None:
    change(folder, old, new)
    soup = page(client, f"/campaigns/{BOND}", "de")
    assert reason in words(soup.select_one("#invest"))
    assert not soup.select("#invest .btn, #invest form, .dock")
    browser = signed_in(app, add_user(app), "de")
    token = str(page(browser, "/", "de").select_one("input[name=csrf_token]")["value"])  # type: ignore[index]
    answer = browser.post(f"/campaigns/{BOND}/invest", data={"csrf_token": token, "number": "1"})
    assert answer.status_code == 409
    assert "Nothing was started." in answer.text


def test_the_list_says_when_nothing_is_open(app: Flask, client: FlaskClient, folder: Path) -> None:
    change(folder, '\nname = "Wärmeanleihe', PAUSED)
    assert "No campaign is open right now." not in page(client, "/").text
    tell_funding(app, product("Solarpark Wendelau", 2_500_000, 2_500_000))
    soup = page(client, "/")
    assert "No campaign is open right now." in soup.text
    assert [words(one.select_one(".tag"))[:6] for one in soup.select(".offer")] == ["Starts", "Fully ", "Paused"]


def test_almost_full_is_said_on_list_and_page(app: Flask, client: FlaskClient) -> None:
    tell_funding(app, product(HEAT, 4_000_000, 3_700_000))
    assert "Open, almost fully funded" in words(page(client, f"/campaigns/{BOND}").main)


def test_a_campaign_to_come_names_its_day_and_volume(client: FlaskClient) -> None:
    assert "€800,000 to be subscribed from" in card(client, DAIRY)
