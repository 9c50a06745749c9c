"""List and page: every state, funding with its age, and risk beside every way to invest."""

from __future__ import annotations

import gzip
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from bs4 import BeautifulSoup, Tag
from flask import Flask
from flask.testing import FlaskClient

from portal import create_app, migrations
from portal.campaigns import content, view
from portal.config import Settings
from portal.database import now
from portal.language import ZONE

from ..people import add_user
from ..settings import BOND, SOLAR
from .people import product, signed_in, tell_funding

DAIRY = "genussrecht-kaeserei-brunnenau"
HEAT = "Wärmeanleihe Hollerbrück"


def page(client: FlaskClient, path: str, language: str = "en") -> BeautifulSoup:
    client.set_cookie("portal_language", language)
    answer = client.get(path)
    assert answer.status_code == 200
    return BeautifulSoup(answer.text, "html.parser")


def words(element: Tag | None) -> str:
    assert element is not None
    return " ".join(element.get_text(" ").replace("\N{NO-BREAK SPACE}", " ").split())


def test_list_shows_open_ones_by_their_end_then_those_to_come(app: Flask, client: FlaskClient) -> None:
    tell_funding(app, product(HEAT, 4_000_000, 2_431_500), product("Solarpark Wendelau", 2_500_000, 2_300_000))
    cards = page(client, "/").select(".offer")
    assert [words(card.h3) for card in cards] == ["Solarpark Wendelau", HEAT, "Genussrecht Käserei Brunnenau"]
    assert [words(card.select_one(".tag"))[:9] for card in cards] == ["Open, alm", "Open for ", "Starts on"]
    assert "€2,431,500 of €4,000,000 subscribed" in words(cards[1])
    assert "61% · 61 days left" in words(cards[1])


def test_full_campaign_comes_last_and_takes_nobody(app: Flask, client: FlaskClient) -> None:
    tell_funding(app, product("Solarpark Wendelau", 2_500_000, 2_500_000))
    assert words(page(client, "/").select(".offer")[-1].h3) == "Solarpark Wendelau"
    soup = page(client, f"/campaigns/{SOLAR}")
    assert "This campaign is fully funded." in words(soup.select_one("#invest"))
    assert not soup.select("#invest .btn, .dock")


def test_only_mapped_campaigns_are_shown(environ: dict[str, str]) -> None:
    environ["CASHLINK_CAMPAIGNS"] = f"{BOND}=5b1d0c5e-7c1a-4e0b-9a51-0d5f3f1a2b01={HEAT}"
    app = create_app(Settings.from_environment(environ))
    migrations.migrate(app)
    client = app.test_client()
    assert len(page(client, "/").select(".offer")) == 1
    assert client.get(f"/campaigns/{SOLAR}").status_code == 404


def test_list_without_campaigns_says_so(environ: dict[str, str]) -> None:
    settings = Settings.from_environment(environ)
    object.__setattr__(settings, "campaigns", ())
    app = create_app(settings)
    migrations.migrate(app)
    assert "Zurzeit ist keine Kampagne offen." in page(app.test_client(), "/", "de").text


@pytest.mark.parametrize("slug", [BOND, SOLAR, DAIRY])
@pytest.mark.parametrize("language", ["de", "en"])
def test_page_fills_in_every_figure_and_stays_light(client: FlaskClient, slug: str, language: str) -> None:
    soup = page(client, f"/campaigns/{slug}", language)
    assert "{" not in words(soup.main)
    assert len(gzip.compress(str(soup).encode())) < 15_000


def test_complete_campaign_is_complete(client: FlaskClient) -> None:
    soup = page(client, f"/campaigns/{BOND}", "de")
    assert len(soup.select("#risks ~ .folds details")) == 14
    assert len(soup.select("#questions ~ .folds details")) == 8
    assert len(soup.select(".news")) == 4
    assert len(soup.select(".news--bad")) == 1
    assert "2,05 Mio. €" in words(soup.main)
    assert "4.425,00 € sind verloren" in words(soup.main)


def test_notice_is_german_and_beside_a_translation_shown_in_the_original(client: FlaskClient) -> None:
    original = "Der Erwerb dieses Wertpapiers ist mit erheblichen Risiken verbunden"
    german, english = page(client, f"/campaigns/{BOND}", "de"), page(client, f"/campaigns/{BOND}", "en")
    assert original in words(german.select_one(".risk"))
    assert original in words(german.select_one("#invest"))
    assert original in words(english.select_one(".risk [lang=de]"))
    assert "may lead to the complete loss" in words(english.select_one("#invest"))


def test_product_without_fixed_return_carries_the_second_sentence(client: FlaskClient) -> None:
    soup = page(client, f"/campaigns/{DAIRY}", "de")
    assert "Der in Aussicht gestellte Ertrag ist nicht gewährleistet" in words(soup.select_one(".risk"))
    assert "Vermögensanlagen-Informationsblatt" in words(soup.select_one("#facts ~ .facts"))


def test_line_of_risk_stands_beside_every_way_to_invest(app: Flask, client: FlaskClient) -> None:
    for browser in (client, signed_in(app, add_user(app))):
        soup = page(browser, f"/campaigns/{BOND}")
        for place in ("#invest", ".dock"):
            element = soup.select_one(place)
            assert element is not None
            assert element.select(".btn")
            assert "Total loss possible – Risks" in words(element)
    assert all("Total loss possible" in words(card) for card in page(client, "/").select(".offer"))


def test_funding_names_its_age_and_source(app: Flask, client: FlaskClient) -> None:
    tell_funding(app, product(HEAT, 4_000_000, 2_431_500, 612), age=timedelta(minutes=2))
    text = words(page(client, f"/campaigns/{BOND}", "de").select_one("#invest"))
    assert "2.431.500 € von 4.000.000 € gezeichnet" in text
    assert "Anteil 60,8 % Zeichnungen 612 Frist noch 61 Tage" in text
    assert "Mindestvolumen von 1.500.000 € erreicht" in text
    assert "Stand vor 2 Minuten · Quelle: Cashlink" in text
    assert "nicht geantwortet" not in text


def test_old_funding_is_still_shown_and_says_that_cashlink_is_away(app: Flask, client: FlaskClient) -> None:
    tell_funding(app, product(HEAT, 4_000_000, 2_431_500), age=timedelta(hours=3))
    text = words(page(client, f"/campaigns/{BOND}").select_one("#invest"))
    assert "As of 3 hours ago · source: Cashlink. Cashlink has not answered since then." in text


@pytest.mark.parametrize(
    "products",
    [
        [],
        ["nonsense", None],
        [product("Another product", 1, 1)],
        [{"name": HEAT}],
        [product(HEAT, 4_000_000, 1) | {"volume": 4_000_000.0}],
        [product(HEAT, 4_000_000, 1) | {"investment_sum": {"amount": "1.5", "decimals": 3, "currency": "EUR"}}],
    ],
)
def test_funding_that_cannot_be_read_is_not_known(app: Flask, client: FlaskClient, products: list[object]) -> None:
    tell_funding(app, *products)
    text = words(page(client, f"/campaigns/{BOND}").select_one("#invest"))
    assert "How much is subscribed is not known at the moment." in text


def test_signed_in_person_sees_the_open_task_first(app: Flask) -> None:
    from ..investments.person import Person

    carol = Person.create(app, "carol@example.org", "Carol", "Beispiel")
    investment = carol.invest("KYC_PENDING", "ACCEPTED", units=50)
    soup = page(carol.client, "/")
    task = soup.select_one(".tasks a")
    assert task is not None
    assert (task["href"], words(task)) == (f"/investments/{investment}", "Accepted: please transfer €5,000.00")
    assert words(soup.h2) == "You have 1 open task"


def test_who_does_what_and_the_next_site_stand_beside_the_button(app: Flask) -> None:
    soup = page(signed_in(app, add_user(app)), f"/campaigns/{BOND}")
    text = words(soup.select_one("#invest"))
    assert "Cashlink (localhost:9)" in text
    assert "Not binding yet: you only sign there." in text
    assert [words(name) for name in soup.select(".who dt")] == [
        "Feldmark",
        "Nahwärme Hollerbrück GmbH (fictional)",
        "Cashlink",
    ]


def test_the_offer_speaks_the_readers_language_and_moves_with_the_day(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def timeline(language: str) -> str:
        return words(page(client, f"/campaigns/{BOND}", language).select_one('section[aria-labelledby="timeline"]'))

    today = now().astimezone(ZoneInfo(ZONE)).date()
    assert [timeline(language)[:4] for language in ("en", "de", "en")] == ["What", "Was ", "What"]
    assert f"{today.day} {today:%B %Y}" in timeline("en")
    later = today + timedelta(days=40)
    for module in (content, view):
        monkeypatch.setattr(module, "today", lambda: later)
    assert f"{later.day} {later:%B %Y}" in timeline("en")
