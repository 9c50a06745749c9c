"""The plain pages, and what stands around every page."""

from __future__ import annotations

import gzip
import itertools
import re
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient

from portal.web import asset

from ..campaigns.people import signed_in
from ..people import add_user

PAGES = ["/how-it-works", "/help", "/imprint", "/terms", "/privacy", "/risks", "/accessibility", "/withdraw"]


def page(client: FlaskClient, path: str, language: str) -> BeautifulSoup:
    client.set_cookie("portal_language", language)
    return BeautifulSoup(client.get(path).text, "html.parser")


@pytest.mark.parametrize("path", PAGES)
def test_page_speaks_both_languages(client: FlaskClient, path: str) -> None:
    german, english = page(client, path, "de"), page(client, path, "en")
    assert (german.html["lang"], english.html["lang"]) == ("de", "en")  # type: ignore[index]
    assert german.main.text != english.main.text  # type: ignore[union-attr]
    for soup in (german, english):
        assert len(soup.select("h1")) == 1
        assert soup.title is not None
        assert soup.title.text.endswith(" – Feldmark")
        levels = [int(heading.name[1]) for heading in soup.select("main h1, main h2, main h3, main h4")]
        assert all(next_one - level <= 1 for level, next_one in itertools.pairwise(levels))


def test_every_page_leads_to_the_legal_pages(client: FlaskClient) -> None:
    links = [link["href"] for link in page(client, "/", "en").select("footer a")]
    assert links == ["/imprint", "/privacy", "/risks", "/accessibility", "/withdraw", "/help"]
    assert all(client.get(str(link)).status_code == 200 for link in links)


def test_missing_page_offers_a_way_on(client: FlaskClient) -> None:
    client.set_cookie("portal_language", "de")
    answer = client.get("/nowhere")
    assert answer.status_code == 404
    soup = BeautifulSoup(answer.text, "html.parser")
    assert soup.h1 is not None
    assert soup.h1.text == "Diese Seite gibt es nicht"
    assert soup.select("main a[href='/']")


def test_language_can_be_switched_where_one_is(client: FlaskClient) -> None:
    form = page(client, "/risks?from=mail", "en").select_one(".tools form")
    assert form is not None
    data = {"csrf_token": str(form.input["value"]), "language": "de"}  # type: ignore[index]
    answer = client.post(str(form["action"]), data=data)
    assert (answer.status_code, answer.location) == (303, "/risks?from=mail")
    assert "Risikohinweise" in client.get("/risks").text


def test_header_offers_signing_in_or_out(app: Flask, client: FlaskClient) -> None:
    assert page(client, "/help", "en").select(".tools a[href='/login']")
    tools = page(signed_in(app, add_user(app)), "/help", "en").select_one(".tools")
    assert tools is not None
    assert tools.select("a[href='/account']")
    assert tools.select("form[method=post][action='/logout'] button")


def test_browsers_find_an_icon(client: FlaskClient) -> None:
    with client.get("/favicon.ico") as answer:
        assert answer.mimetype == "image/svg+xml"


def test_fonts_of_the_stylesheet_are_those_that_are_preloaded(app: Flask) -> None:
    css = Path(app.static_folder or "", "portal.css").read_text()
    fonts = re.findall(r"url\((fonts/[^)]+)\)", css)
    assert len(fonts) == 2
    with app.test_request_context():
        assert all(asset(font.partition("?")[0]) == f"/static/{font}" for font in fonts)


def test_stylesheet_and_script_stay_small(app: Flask) -> None:
    folder = Path(app.static_folder or "")
    assert len(gzip.compress((folder / "portal.css").read_bytes())) <= 8 * 1024
    assert len(gzip.compress((folder / "invest.js").read_bytes())) <= 1024
