"""The documents: PDFs of every campaign in both languages, made of the same data as the page."""

from __future__ import annotations

import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from reportlab.lib import colors

from portal import mail
from portal.campaigns import content, documents, pdf
from portal.campaigns.documents import DOCUMENTS, Section, files
from portal.campaigns.wording import Wording
from portal.language import today

from ..settings import BOND

LANGUAGES = ("de", "en")


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_document_on_the_page_is_a_pdf_of_so_many_pages(client: FlaskClient, language: str) -> None:
    client.set_cookie("portal_language", language)
    page = BeautifulSoup(client.get(f"/campaigns/{BOND}").text, "html.parser")
    links = page.select(".docs a")
    assert len(links) == len(DOCUMENTS)
    for link in links:
        answer = client.get(str(link["href"]))
        assert answer.mimetype == "application/pdf"
        assert answer.data.startswith(b"%PDF-")
        assert f"/Lang ({language})".encode() in answer.data
        told = re.search(r"PDF, (\d+) ", link.text)
        assert told is not None
        assert len(re.findall(rb"/Type /Page\b", answer.data)) == int(told[1])


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("slug", [file.stem for file in content.FOLDER.glob("*-*.toml")])
def test_every_letter_is_one_that_the_fonts_have(app: Flask, slug: str, language: str) -> None:
    """The fonts that every PDF reader has know the letters of Windows-1252; others would be black boxes."""
    with app.test_request_context(), mail.speaking(language):
        campaign = content.campaign(slug)
        assert campaign is not None
        for document in DOCUMENTS.values():
            for section in document.write(campaign, Wording(campaign)):
                for text in (section.title, *section.paragraphs, *(part for row in section.rows for part in row)):
                    assert text
                    assert "{" not in text
                    text.encode("cp1252")


def test_visitors_who_come_first_at_the_same_moment_all_get_them(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    visitors = 8
    begin = threading.Barrier(visitors)

    def slowly(value: object, kind: type) -> bool:
        time.sleep(0)
        return isinstance(value, kind)

    def visit(_number: int) -> int:
        with app.test_request_context():
            campaign = content.campaign(BOND)
            assert campaign is not None
            begin.wait(10)
            return len(files(campaign))

    # As in a process that has just begun; ReportLab fills its table of colours by asking what each name is.
    documents._file.cache_clear()
    monkeypatch.setattr(colors, "_namedColors", None)
    monkeypatch.setattr(colors, "isinstance", slowly, raising=False)
    with ThreadPoolExecutor(visitors) as pool:
        assert list(pool.map(visit, range(visitors))) == [len(DOCUMENTS)] * visitors


@pytest.mark.parametrize("slug", [file.stem for file in content.FOLDER.glob("*-*.toml")])
def test_no_document_is_younger_than_the_subscription(app: Flask, slug: str) -> None:
    with app.test_request_context():
        campaign = content.campaign(slug)
        assert campaign is not None
        for file in files(campaign):
            assert file.made < campaign.opens
            assert file.made <= today()


def test_a_changed_figure_changes_the_document(app: Flask) -> None:
    with app.test_request_context(), mail.speaking("en"):
        campaign = content.campaign(BOND)
        costs = DOCUMENTS["costs"]
        assert campaign is not None
        dearer = replace(campaign, issue_costs=campaign.issue_costs * 2)
        before, after = (costs.write(one, Wording(one)) for one in (campaign, dearer))
    assert before[0] == after[0]
    assert before[1].rows != after[1].rows


def test_what_looks_like_markup_is_text() -> None:
    labels = pdf.Labels("<b>", "A & B", "SAMPLE", "No offer.", "Page %(number)s", "en", "Feldmark")
    _content, pages = pdf.lay_out(labels, [Section("<i>", ("5 < 6 & </para>" * 1200,), (("<a>", "&"),))])
    assert pages > 2
