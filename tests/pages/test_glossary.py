"""Words are linked where a page uses them first, once, and each link leads to its explanation."""

from __future__ import annotations

import re
import tomllib

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient

from portal.language import LANGUAGES
from portal.pages.glossary import FILE, link_terms

from ..investments.person import PATH, Person
from ..settings import BOND

ROWS = tomllib.loads(FILE.read_text(encoding="utf-8"))["term"]


def soup_of(client: FlaskClient, path: str, language: str) -> BeautifulSoup:
    client.set_cookie("portal_language", language)
    return BeautifulSoup(client.get(path).text, "html.parser")


@pytest.mark.parametrize("language", LANGUAGES)
def test_how_it_works_explains_every_word(client: FlaskClient, language: str) -> None:
    soup = soup_of(client, "/how-it-works", language)
    for row in ROWS:
        (entry,) = soup.select(f"#term-{row['slug']}")
        assert row["name"][language] in entry.text
        assert row["text"][language] in entry.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_links_its_words_once_and_to_their_explanation(app: Flask, language: str) -> None:
    dana = Person.create(app, "dana@example.org", "Dana", "Muster")
    investment = dana.invest(*PATH[:3], units=50)
    anchors = {
        f"/how-it-works#{entry['id']}" for entry in soup_of(dana.client, "/how-it-works", language).select("[id]")
    }
    for path, least in ((f"/campaigns/{BOND}", 10), (f"/investments/{investment}", 2), ("/", 1), ("/investments", 1)):
        links = [str(link["href"]) for link in soup_of(dana.client, path, language).select("main a.term")]
        assert len(links) == len(set(links)) >= least, path
        assert set(links) <= anchors


def test_a_word_is_found_in_any_case_but_only_whole(app: Flask) -> None:
    with app.test_request_context(headers={"Accept-Language": "de"}):
        text = str(link_terms("Nachrangige Tokenbörse, <Token-Wallet> & Emittentin; die Emittentin"))
    assert re.findall(r"#term-([a-z-]+)", text) == ["subordination", "issuer"]
    assert "&lt;Token-Wallet&gt; &amp;" in text


def test_every_form_of_a_word_leads_to_it_alone(app: Flask) -> None:
    for language in LANGUAGES:
        forms = [form.lower() for row in ROWS for form in row["found"][language]]
        assert len(forms) == len(set(forms))
