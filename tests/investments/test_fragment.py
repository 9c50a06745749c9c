"""What the script of an open page asks for: the part that changes, and only when it has changed."""

from __future__ import annotations

from bs4 import BeautifulSoup
from flask import Flask
from sqlalchemy import delete

from portal.database import db
from portal.models import UserSession

from .person import Page, Person


def test_the_fragment_is_title_and_status_alone(dana: Person) -> None:
    investment = dana.invest("KYC_PENDING")
    answer = dana.client.get(f"/investments/{investment}/status", headers={"Accept-Language": "en"})
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    fragment, page = Page(BeautifulSoup(answer.text, "html.parser")), dana.progress(investment)
    assert fragment.words("title") == page.words("title")
    assert fragment.words("#status") == page.words("#status")
    assert fragment.soup.select("header, footer, script") == []


def test_the_page_knows_the_tag_of_what_it_shows(dana: Person) -> None:
    investment = dana.invest("KYC_PENDING")
    tag = dana.progress(investment).soup.select_one("#status")["data-tag"]  # type: ignore[index]
    answer = dana.client.get(f"/investments/{investment}/status", headers={"If-None-Match": f'"{tag}"'})
    assert answer.status_code == 304
    assert answer.data == b""
    assert answer.headers["ETag"] == f'"{tag}"'
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_tag_changes_with_all_that_is_shown(dana: Person) -> None:
    investment = dana.invest("KYC_PENDING")

    def tag(language: str = "en") -> str:
        dana.client.set_cookie("portal_language", language)
        return str(dana.client.get(f"/investments/{investment}/status").headers["ETag"])

    tags = [tag(), tag("de")]
    dana.tell(investment, "REVIEW_PENDING")
    tags.append(tag())
    with dana.app.app_context():
        db.session.execute(db.text("UPDATE investment SET units = 50"))
        db.session.commit()
    tags.append(tag())
    assert len(set(tags)) == 4
    assert tag() == tags[-1]


def test_only_a_status_that_can_change_asks_for_a_stream(dana: Person) -> None:
    for number, (status, final) in enumerate([("ACCEPTED", False), ("DELIVERED", True), ("REJECTION", True)], 1):
        element = dana.progress(dana.invest(status, number=number)).soup.select_one("#status")
        assert element is not None
        assert element.has_attr("data-final") == final


def test_the_spoken_sentence_ends_with_whose_turn_it_is(dana: Person) -> None:
    investment = dana.invest("KYC_PENDING")
    element = dana.progress(investment).soup.select_one("#status")
    assert element is not None
    assert element["data-say"] == "Confirm your identity. It is your turn."
    dana.tell(investment, "REVIEW_PENDING")
    element = dana.progress(investment, "de").soup.select_one("#status")
    assert element is not None
    assert element["data-say"] == "Ihre Zeichnung wird geprüft. Sie müssen im Moment nichts tun."


def test_a_session_that_has_ended_is_401_without_a_redirect(app: Flask, dana: Person) -> None:
    investment = dana.invest("KYC_PENDING")
    assert dana.client.get(f"/investments/{investment}/status").status_code == 200
    with app.app_context():
        db.session.execute(delete(UserSession))
        db.session.commit()
    for part in ("status", "events"):
        answer = dana.client.get(f"/investments/{investment}/{part}")
        assert answer.status_code == 401
        assert "Location" not in answer.headers
