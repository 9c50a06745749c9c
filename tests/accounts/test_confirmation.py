"""The link in the mail: whoever has it decides the password, and nobody else gains by having registered."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from portal.accounts import passwords, registration, tokens
from portal.database import db, now
from portal.models import Attempt, EmailToken, User

from ..visitor import BASE, Visitor, link_in, mails
from .conftest import ALICE, MALLORY, PASSWORD
from .test_registration import a_minute_passes, without_chance


@pytest.fixture
def link(app: Flask) -> str:
    """Alice has registered; this is the path of her link."""
    Visitor(app).register(ALICE, PASSWORD)
    return link_in(mails(app, ALICE)[0])


def rows(app: Flask) -> list[tuple[object, ...]]:
    with app.app_context():
        users = db.session.execute(select(User.email, User.password_hash, User.email_confirmed_at)).all()
        tokens = db.session.execute(select(EmailToken.token_hash, EmailToken.used_at)).all()
        return [tuple(row) for row in [*users, *tokens]]


def test_opening_the_link_changes_nothing(app: Flask, link: str) -> None:
    before = rows(app)
    scanner = app.test_client()
    for method in ("GET", "HEAD", "GET"):
        assert scanner.open(link, method=method, base_url=BASE).status_code == 200
    assert rows(app) == before


def test_confirming_works_in_another_browser_and_signs_in(app: Flask, link: str) -> None:
    other = Visitor(app)
    answer = other.submit(link, password=PASSWORD)
    assert (answer.status, answer.location) == (303, "/investor")
    assert other.is_signed_in()


def test_confirming_leads_to_where_the_person_came_from(app: Flask, visitor: Visitor) -> None:
    visitor.register(ALICE, PASSWORD, "/register?next=/campaigns/example")
    assert visitor.submit(link_in(mails(app, ALICE)[0]), password=PASSWORD).location == "/campaigns/example"


def test_confirming_leads_to_no_other_site(app: Flask, link: str) -> None:
    visitor = Visitor(app)
    assert visitor.get(f"{link}?next=//evil.example").typed("next") == ""
    assert visitor.submit(link, password=PASSWORD, next="//evil.example").location == "/investor"


def test_a_link_works_once(app: Flask, link: str) -> None:
    visitor, second = Visitor(app), Visitor(app)
    page = second.get(link)
    visitor.submit(link, password=PASSWORD)
    assert second.get(link).heading == "Already confirmed"
    data = {"csrf_token": page.typed("csrf_token"), "new_password": "a-password-of-mallory"}
    second.client.post(link, base_url=BASE, data=data)
    assert not second.is_signed_in()
    assert second.sign_in(ALICE, "a-password-of-mallory").status == 422
    assert second.sign_in(ALICE, PASSWORD).status == 303


def test_of_two_that_confirm_at_once_one_wins(app: Flask, link: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second one has looked before the first one wrote."""
    assert Visitor(app).submit(link, password=PASSWORD).status == 303
    with monkeypatch.context() as patch:
        patch.setattr(tokens, "is_usable", lambda *_: True)
        second = Visitor(app)
        assert second.submit(link, new_password="a-password-of-mallory").location == link
    assert not second.is_signed_in()
    assert second.sign_in(ALICE, PASSWORD).status == 303


def test_a_strangers_first_password_is_void(app: Flask) -> None:
    """Mallory registers Alice's address; Alice confirms, with a password of her own."""
    mallory, alice = Visitor(app), Visitor(app)
    mallory.register(ALICE, "a-password-of-mallory")
    link = link_in(mails(app, ALICE)[0])
    refused = alice.submit(link, password=PASSWORD)
    assert refused.status == 422
    assert refused.message("password").startswith("This is not the password")
    assert alice.submit(link, new_password=PASSWORD).status == 303
    assert mallory.sign_in(ALICE, "a-password-of-mallory").status == 422
    assert not mallory.is_signed_in()
    assert mallory.get("/investor").status == 303


def test_alice_confirms_with_her_own_password_although_mallory_was_first(app: Flask) -> None:
    Visitor(app).register(ALICE, "a-password-of-mallory")
    Visitor(app).register(ALICE, PASSWORD)
    assert Visitor(app).submit(link_in(mails(app, ALICE)[0]), password=PASSWORD).status == 303
    assert Visitor(app).sign_in(ALICE, PASSWORD).status == 303


def test_nobody_slips_a_password_in_while_alice_confirms(
    app: Flask, link: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Mallory registers after Alice's password was found right, and before the confirmation is written."""
    right = passwords.is_right

    def check(user: User | None, password: str) -> bool:
        found = right(user, password)
        Visitor(app).register(ALICE, "a-password-of-mallory")
        return found

    with monkeypatch.context() as patch:
        patch.setattr(passwords, "is_right", check)
        assert Visitor(app).submit(link, password=PASSWORD).status == 303
    assert Visitor(app).sign_in(ALICE, "a-password-of-mallory").status == 422
    assert Visitor(app).sign_in(ALICE, PASSWORD).status == 303


def test_nobody_slips_a_password_in_with_a_registration_that_began_before(
    app: Flask, link: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Alice confirms after Mallory's registration has read the account, and before it writes."""
    read = registration.find_user

    def find_user(email: str | None) -> User | None:
        user = read(email)
        monkeypatch.setattr(registration, "find_user", read)
        if user is not None:
            db.session.refresh(user)
        with app.app_context():
            assert Visitor(app).submit(link, password=PASSWORD).status == 303
        return user

    monkeypatch.setattr(registration, "find_user", find_user)
    Visitor(app).register(ALICE, "a-password-of-mallory")
    assert Visitor(app).sign_in(ALICE, "a-password-of-mallory").status == 422
    assert Visitor(app).sign_in(ALICE, PASSWORD).status == 303


def test_an_empty_form_changes_nothing(app: Flask, link: str) -> None:
    before = rows(app)
    answer = Visitor(app).submit(link)
    assert answer.status == 422
    assert answer.summary == ["Enter the password that you chose at registration, or choose a new one"]
    assert Visitor(app).submit(link, new_password="short").summary == ["Use at least 12 characters"]
    assert rows(app) == before


def test_an_old_link_ends_and_a_new_one_can_be_had(app: Flask, link: str) -> None:
    with app.app_context():
        db.session.execute(update(EmailToken).values(expires_at=now() - timedelta(seconds=1)))
        db.session.commit()
    visitor = Visitor(app)
    page = visitor.get(link)
    assert (page.status, page.heading) == (410, "This link is not valid any more")
    a_minute_passes(app)
    assert visitor.post(f"{link}/again").heading == "Check your email"
    first, second = mails(app, ALICE)
    assert link_in(second) != link_in(first)
    assert visitor.submit(link_in(second), password=PASSWORD).location == "/investor"


def test_a_link_is_valid_for_a_day(app: Flask, link: str) -> None:
    with app.app_context():
        (expires_at,) = db.session.scalars(select(EmailToken.expires_at).where(EmailToken.purpose == "confirm"))
    assert timedelta(hours=23, minutes=59) < expires_at - now() <= timedelta(hours=24)


def test_a_wrong_link_looks_like_an_old_one(app: Flask, link: str) -> None:
    with app.app_context():
        db.session.execute(update(EmailToken).values(expires_at=now() - timedelta(seconds=1)))
        db.session.commit()
    visitor = Visitor(app)
    wrong = "/confirm-email/" + "x" * 43
    pages = [visitor.get(path) for path in (link, wrong)]
    assert {page.status for page in pages} == {410}
    assert len({without_chance(page, path) for page, path in zip(pages, (link, wrong), strict=True)}) == 1
    answers = [visitor.post(f"{path}/again") for path in (link, wrong)]
    assert (
        len(
            {(answer.status, without_chance(answer, path)) for answer, path in zip(answers, (link, wrong), strict=True)}
        )
        == 1
    )


def test_confirming_ends_all_other_links(app: Flask, link: str) -> None:
    with app.app_context():
        db.session.execute(update(Attempt).values(at=now() - timedelta(minutes=2)))
        db.session.commit()
    Visitor(app).register(ALICE, PASSWORD)
    newer = link_in(mails(app, ALICE)[1])
    assert Visitor(app).submit(newer, password=PASSWORD).status == 303
    assert Visitor(app).get(link).heading == "Already confirmed"


def test_a_link_is_for_its_purpose_only(app: Flask, link: str) -> None:
    assert Visitor(app).get(link.replace("/confirm-email/", "/password/")).status == 410


def test_who_has_not_confirmed_is_told_so(app: Flask, link: str) -> None:
    visitor = Visitor(app)
    assert visitor.sign_in(ALICE, PASSWORD).location == "/register/sent"
    page = visitor.get("/register/sent")
    assert "confirm your email address first" in page.text
    assert ALICE in page.text
    assert not visitor.is_signed_in()
    assert visitor.sign_in(ALICE, "a-wrong-password").status == 422
    assert visitor.sign_in(MALLORY, PASSWORD).status == 422


def test_an_old_form_behind_the_link_is_no_error_of_ours(app: Flask, link: str) -> None:
    visitor = Visitor(app)
    for path, status in ((link, 400), ("/confirm-email/unknown", 410)):
        answer = visitor.client.post(path, base_url=BASE, data={"password": PASSWORD})
        assert answer.status_code == status
