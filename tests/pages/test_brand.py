"""Another brand needs a folder and a name: no page, mail or document keeps the first one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient

from portal import create_app, mail
from portal.config import Settings
from portal.database import db

from ..schema import migrate
from ..settings import BOND, SECOND_BRAND


def made(environ: dict[str, str]) -> Flask:
    app = create_app(Settings.from_environment(environ))
    migrate(app)
    return app


@pytest.fixture
def harbour(environ: dict[str, str]) -> Iterator[Flask]:
    app = made({**environ, **SECOND_BRAND})
    yield app
    with app.app_context():
        db.engine.dispose()


def soup_of(client: FlaskClient, path: str) -> BeautifulSoup:
    return BeautifulSoup(client.get(path).text, "html.parser")


def addresses(soup: BeautifulSoup, selector: str, attribute: str = "href") -> list[str]:
    return [str(element[attribute]) for element in soup.select(selector)]


PAGES = ["/", f"/campaigns/{BOND}", "/login", "/register", "/how-it-works", "/help", "/imprint", "/privacy", "/terms"]


@pytest.mark.parametrize("path", PAGES)
def test_no_page_keeps_the_first_brand(harbour: Flask, path: str) -> None:
    client = harbour.test_client()
    soup = soup_of(client, path)
    assert "Feldmark" not in str(soup)
    assert soup.title is not None
    assert soup.title.text.endswith(" – Hafenbank")
    sheets = [sheet.partition("?")[0] for sheet in addresses(soup, "link[rel=stylesheet]")]
    assert sheets == ["/static/portal.css", "/brand/brand.css"]
    (logo,) = addresses(soup, ".logo img", "src")
    assert [logo] == addresses(soup, "link[rel=icon]")
    assert logo.startswith("/brand/logo.svg?v=")


def test_all_that_the_brand_brings_is_served_and_kept(harbour: Flask) -> None:
    client = harbour.test_client()
    soup = soup_of(client, "/help")
    linked = addresses(soup, "link[rel=stylesheet]") + addresses(soup, "link[rel=icon]")
    for address in (linked[1], linked[2]):
        with client.get(address) as answer:
            assert answer.status_code == 200
            assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert addresses(soup, "link[rel=preload]") == ["/brand/fonts/hafen-sans.woff2"]
    with client.get("/brand/fonts/hafen-sans.woff2") as font:
        assert (font.status_code, font.mimetype) == (200, "font/woff2")
    with client.get("/favicon.ico") as icon:
        assert icon.data == Path(SECOND_BRAND["PORTAL_BRAND_DIR"], "logo.svg").read_bytes()


def test_the_stylesheet_names_the_fonts_that_are_preloaded() -> None:
    folder = Path(SECOND_BRAND["PORTAL_BRAND_DIR"])
    named = re.findall(r"url\(([^)]+)\)", (folder / "brand.css").read_text(encoding="utf-8"))
    assert named == [str(font.relative_to(folder)) for font in folder.glob("fonts/*.woff2")]


@pytest.mark.parametrize("name", ["fonts/LICENCE.txt", "nothing.css", "../settings.py", "%2e%2e/settings.py", "fonts"])
def test_nothing_else_of_the_folder_is_served(harbour: Flask, name: str) -> None:
    assert harbour.test_client().get(f"/brand/{name}").status_code == 404


def test_a_brand_that_sets_fonts_of_the_system_preloads_none(environ: dict[str, str], tmp_path: Path) -> None:
    folder = tmp_path / "brand"
    folder.mkdir()
    for css, fonts in ((":root{--brand:#14357a}", 2), (":root{--font-body:Verdana}", 0)):
        (folder / "brand.css").write_text(css)
        soup = soup_of(made({**environ, "PORTAL_BRAND_DIR": str(folder)}).test_client(), "/help")
        assert len(addresses(soup, "link[rel=preload]")) == fonts
        assert addresses(soup, "link[rel=icon]")[0].startswith("data:image/svg+xml,")


def test_documents_and_mails_bear_the_name(harbour: Flask) -> None:
    client = harbour.test_client()
    with client.get(f"/campaigns/{BOND}/documents/costs.pdf") as document:
        assert b"/Author (Hafenbank)" in document.data
    with harbour.test_request_context():
        message = mail.compose("password_changed", "de")
    for text in (message.subject + message.text, message.html):
        assert "Hafenbank" in text
        assert "Feldmark" not in text
