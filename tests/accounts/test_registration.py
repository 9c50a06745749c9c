"""Registering: one account per person, and nobody learns which addresses are known."""

from __future__ import annotations

import base64
import io
import re
import zlib
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from portal.accounts import passwords
from portal.database import db, now
from portal.models import Attempt, EmailToken, Mail, User

from ..visitor import Answer, Visitor, link_in, mails
from .conftest import ALICE, PASSWORD, add_account


def accounts(app: Flask) -> list[str]:
    with app.app_context():
        return list(db.session.scalars(select(User.email).order_by(User.id)))


def a_minute_passes(app: Flask) -> None:
    with app.app_context():
        db.session.execute(update(Attempt).values(at=now() - timedelta(seconds=61)))
        db.session.commit()


def without_chance(answer: Answer, email: str) -> str:
    """The bytes of a page but for the CSRF token and the address that was typed."""
    text = re.sub(r'(name="csrf_token" value=")[^"]+', r"\1", answer.response.text)
    return text.replace(email, "ADDRESS")


def test_registering_sends_a_link_and_says_where_to(app: Flask, visitor: Visitor) -> None:
    answer = visitor.register(ALICE, PASSWORD)
    assert (answer.status, answer.location) == (303, "/register/sent")
    page = visitor.get("/register/sent")
    assert page.heading == "Check your email"
    assert ALICE in page.text
    (mail,) = mails(app, ALICE)
    assert link_in(mail).startswith("/confirm-email/")
    assert not visitor.is_signed_in()


@pytest.mark.parametrize(
    "typed", ["ALICE@EXAMPLE.ORG", "  alice@example.org  ", "Ａlice@example.org", "alice@example.ORG"]
)
def test_one_person_is_one_account_however_the_address_is_typed(app: Flask, visitor: Visitor, typed: str) -> None:
    visitor.register(ALICE, PASSWORD)
    assert visitor.register(typed, "another-password-1").location == "/register/sent"
    assert accounts(app) == [ALICE]


def test_two_registrations_at_once_are_one_account(app: Flask) -> None:
    visitors = [Visitor(app) for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda visitor: visitor.register(ALICE, PASSWORD), visitors))
    assert [answer.location for answer in answers] == ["/register/sent"] * 6
    assert accounts(app) == [ALICE]
    assert len(mails(app, ALICE)) == 1


def test_a_known_address_gives_the_same_answer(app: Flask) -> None:
    add_account(app)
    known, unknown = Visitor(app), Visitor(app)
    answers = [
        (known.register(ALICE, "another-password-1"), known.get("/register/sent"), ALICE),
        (
            unknown.register("carol@example.org", "another-password-1"),
            unknown.get("/register/sent"),
            "carol@example.org",
        ),
    ]
    assert len({(answer.status, answer.location) for answer, _, _ in answers}) == 1
    assert len({without_chance(page, email) for _, page, email in answers}) == 1
    assert [mail.subject for mail in mails(app, ALICE)] == ["You already have an account"]
    assert [mail.subject for mail in mails(app, "carol@example.org")] == ["Confirm your email address"]
    assert Visitor(app).sign_in(ALICE, "another-password-1").status == 422


def test_a_known_address_is_the_same_work(app: Flask, visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    """One slow hash, one commit with the rows, the same number of statements but for the account's own row."""
    add_account(app)
    hashed = []
    monkeypatch.setattr(passwords, "generate_password_hash", lambda *_: hashed.append(1) or "scrypt:1:1:1$a$b")
    for count, email in enumerate((ALICE, "carol@example.org"), 1):
        visitor.register(email, PASSWORD)
        assert len(hashed) == count
        with app.app_context():
            assert db.session.scalar(select(func.count()).select_from(Mail).where(Mail.recipient == email)) == 1


def test_sending_again_is_the_same_for_a_known_address(app: Flask) -> None:
    add_account(app)
    for email, subject in ((ALICE, "You already have an account"), ("bob@example.org", "Confirm your email address")):
        visitor = Visitor(app)
        visitor.register(email, PASSWORD)
        visitor.post("/register/sent")
        assert "less than a minute old" in visitor.get("/register/sent").text
        assert len(mails(app, email)) == 1
        a_minute_passes(app)
        visitor.post("/register/sent")
        assert "We have sent the message again" in visitor.get("/register/sent").text
        assert [mail.subject for mail in mails(app, email)] == [subject] * 2


def test_mistakes_are_named_and_what_was_typed_is_kept(visitor: Visitor) -> None:
    answer = visitor.submit("/register", email="alice@", password="short")
    assert answer.status == 422
    assert answer.summary == [
        "Enter an email address like name@example.org",
        "Use at least 12 characters",
        "Agree to the terms of use to create an account",
    ]
    assert answer.message("email") == "Enter an email address like name@example.org"
    assert answer.message("terms") == "Agree to the terms of use to create an account"
    assert answer.typed("email") == "alice@"
    assert answer.typed("password") == ""
    assert "short" not in answer.form().decode()
    assert answer.soup.title is not None
    assert answer.soup.title.text.startswith("Error: ")


@pytest.mark.parametrize(
    "email", ["a\x00@example.org", "\u202e@example.org", "<script>@x", "a" * 300 + "@example.org", "@"]
)
def test_a_hostile_address_is_refused(visitor: Visitor, email: str) -> None:
    assert visitor.register(email, PASSWORD).status == 422


@pytest.mark.parametrize("password", ["lower case words", "ÄÖÜ ßßß 中文 🌾🌾🌾", "84012-73559-21667", "a" + " " * 255])
def test_a_password_of_any_composition_is_taken(visitor: Visitor, password: str) -> None:
    assert visitor.register(ALICE, password).status == 303


@pytest.mark.parametrize(
    ("password", "message"),
    [
        ("eleven char", "Use at least 12 characters"),
        ("a" * 257, "Use at most 256 characters"),
        ("aaaaaaaaaaaa", "This password has leaked"),
        ("Password1234", "This password has leaked"),
        ("Qwertyuiop123", "This password has leaked"),
        ("ALICE@example.org 1", "Use more than your email address"),
        ("Feldmark-Cashlink-2026", "Use more than your email address"),
    ],
)
def test_a_password_that_would_be_tried_first_is_refused(visitor: Visitor, password: str, message: str) -> None:
    answer = visitor.register(ALICE, password)
    assert answer.status == 422
    assert answer.message("password").startswith(message)


def test_a_body_that_is_no_form_is_not_taken_for_one(visitor: Visitor) -> None:
    token = visitor.get("/register").typed("csrf_token")
    for body in ("[1, 2]", '{"email": 5}', "nonsense"):
        response = visitor.client.post(
            "/register", base_url="http://localhost:8000", data=body, content_type="application/json",
            headers={"X-CSRFToken": token},
        )  # fmt: skip
        assert response.status_code == 422


def test_a_file_in_place_of_text_counts_as_nothing(visitor: Visitor) -> None:
    for path, field, status in (("/register", "email", 422), ("/login", "password", 422), ("/login", "next", 422)):
        data = {"csrf_token": visitor.get(path).typed("csrf_token"), field: (io.BytesIO(b"x"), "file.txt")}
        assert visitor.client.post(path, base_url="http://localhost:8000", data=data).status_code == status


def test_the_account_and_its_mail_speak_the_language_of_the_page(app: Flask) -> None:
    Visitor(app, "de").register(ALICE, PASSWORD)
    with app.app_context():
        assert db.session.scalar(select(User.language)) == "de"
    (mail,) = mails(app, ALICE)
    assert mail.subject == "Bestätigen Sie Ihre E-Mail-Adresse"
    assert "Guten Tag" in (mail.body_text or "")
    assert '<html lang="de">' in (mail.body_html or "")


def test_the_cookie_does_not_tell_the_address(visitor: Visitor) -> None:
    visitor.register(ALICE, PASSWORD)
    cookie = visitor.client.get_cookie("portal_session")
    assert cookie is not None
    compressed, payload = cookie.value.startswith("."), cookie.value.lstrip(".").split(".")[0]
    raw = base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
    assert b"alice" not in (zlib.decompress(raw) if compressed else raw)


def test_a_token_stands_in_the_database_as_a_hash_only(app: Flask, visitor: Visitor) -> None:
    visitor.register(ALICE, PASSWORD)
    token = link_in(mails(app, ALICE)[0]).rpartition("/")[2]
    with app.app_context():
        assert token not in db.session.scalars(select(EmailToken.token_hash)).all()


def test_switching_the_language_keeps_what_was_typed(app: Flask, visitor: Visitor) -> None:
    page = visitor.get("/register")
    data = {"csrf_token": page.typed("csrf_token"), "email": "alice@exam", "terms": "y", "language": "de"}
    response = visitor.client.post("/language?form=1&next=/register", base_url="http://localhost:8000", data=data)
    answer = Answer(response)
    assert (answer.status, answer.heading) == (200, "Konto anlegen")
    assert answer.typed("email") == "alice@exam"
    assert answer.typed("terms") == "y"
    assert answer.summary == []
    assert accounts(app) == []


def test_an_old_form_keeps_what_was_typed(app: Flask, visitor: Visitor) -> None:
    data = {"csrf_token": "too-old", "email": ALICE, "password": PASSWORD, "terms": "y"}
    answer = Answer(visitor.client.post("/register", base_url="http://localhost:8000", data=data))
    assert answer.status == 400
    assert answer.typed("email") == ALICE
    assert "open too long" in answer.text
    assert accounts(app) == []


def test_who_is_signed_in_need_not_register(alice: Visitor) -> None:
    assert alice.get("/register?next=/investments").location == "/investments"


def test_the_page_after_registering_is_for_those_who_have(visitor: Visitor) -> None:
    assert visitor.get("/register/sent").location == "/register"
    assert visitor.post("/register/sent").location == "/register"
