"""Forgotten and changed passwords: by a link, used once, and all other browsers are out."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import update

from portal.accounts import passwords, tokens
from portal.database import db, now
from portal.models import EmailToken, User

from ..visitor import Visitor, link_in, mails
from .conftest import ALICE, PASSWORD, add_account
from .test_registration import without_chance

NEW = "a-new-password-of-alice"


@pytest.fixture
def link(app: Flask) -> str:
    """Alice has forgotten her password; this is the path of her link."""
    add_account(app)
    Visitor(app).submit("/password/forgotten", email=ALICE)
    return link_in(mails(app, ALICE)[0])


def test_a_forgotten_password_is_replaced(app: Flask, link: str) -> None:
    elsewhere = Visitor(app)
    elsewhere.sign_in(ALICE, PASSWORD)
    visitor = Visitor(app)
    assert visitor.submit(link, new_password=NEW).location == "/"
    assert visitor.is_signed_in()
    assert not elsewhere.is_signed_in()
    assert Visitor(app).sign_in(ALICE, PASSWORD).status == 422
    assert Visitor(app).sign_in(ALICE, NEW).status == 303
    assert mails(app, ALICE)[-1].subject == "Your password has been changed"


def test_opening_the_link_changes_nothing_and_it_works_once(app: Flask, link: str) -> None:
    visitor = Visitor(app)
    assert visitor.get(link).status == visitor.get(link).status == 200
    assert visitor.submit(link, new_password="short").summary == ["Use at least 12 characters"]
    visitor.submit(link, new_password=NEW)
    assert Visitor(app).get(link).status == 410
    assert Visitor(app).post(link, new_password="a-password-of-mallory").status == 410
    assert Visitor(app).sign_in(ALICE, NEW).status == 303


def test_of_two_that_choose_at_once_one_wins(app: Flask, link: str, monkeypatch: pytest.MonkeyPatch) -> None:
    Visitor(app).submit(link, new_password=NEW)
    with monkeypatch.context() as patch:
        patch.setattr(tokens, "is_usable", lambda *_: True)
        second = Visitor(app)
        assert second.submit(link, new_password="a-password-of-mallory").location == link
    assert not second.is_signed_in()
    assert second.sign_in(ALICE, NEW).status == 303


def test_the_link_is_valid_for_an_hour(app: Flask, link: str) -> None:
    with app.app_context():
        db.session.execute(update(EmailToken).values(expires_at=EmailToken.expires_at))
        (expires_at,) = db.session.scalars(db.select(EmailToken.expires_at))
        assert timedelta(minutes=59) < expires_at - now() <= timedelta(hours=1)
        db.session.execute(update(EmailToken).values(expires_at=now()))
        db.session.commit()
    assert Visitor(app).get(link).status == 410


def test_an_unknown_address_gets_the_same_answer_and_no_mail(app: Flask, visitor: Visitor) -> None:
    add_account(app)
    answers = [visitor.submit("/password/forgotten", email=email) for email in (ALICE, "bob@example.org")]
    assert {(answer.status, answer.location) for answer in answers} == {(303, "/password/sent")}
    assert without_chance(visitor.get("/password/sent"), ALICE)
    assert mails(app, "bob@example.org") == []
    assert len(mails(app, ALICE)) == 1
    visitor.submit("/password/forgotten", email=ALICE)
    assert len(mails(app, ALICE)) == 1


def test_an_unknown_address_takes_the_same_slow_hash(
    app: Flask, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_account(app)
    checked = []
    monkeypatch.setattr(passwords, "check_password_hash", lambda *given: checked.append(given[0]))
    for email in (ALICE, "bob@example.org"):
        visitor.submit("/password/forgotten", email=email)
    assert checked == [passwords.NOBODYS] * 2


def test_who_has_not_confirmed_gets_the_link_for_that(app: Flask, visitor: Visitor) -> None:
    add_account(app, confirmed=False)
    visitor.submit("/password/forgotten", email=ALICE)
    link = link_in(mails(app, ALICE)[0])
    assert link.startswith("/confirm-email/")
    assert visitor.submit(link, new_password=NEW).location == "/investor"


def test_changing_the_password_ends_the_other_browsers(app: Flask, alice: Visitor) -> None:
    phone = Visitor(app)
    phone.sign_in(ALICE, PASSWORD)
    assert alice.submit("/account/password", password=PASSWORD, new_password=NEW).location == "/account"
    assert alice.is_signed_in()
    assert not phone.is_signed_in()
    assert phone.sign_in(ALICE, PASSWORD).status == 422
    assert phone.sign_in(ALICE, NEW).status == 303
    assert [mail.subject for mail in mails(app, ALICE)] == ["Your password has been changed"]


def test_changing_the_password_is_a_new_session(app: Flask, alice: Visitor) -> None:
    """Whoever has copied this browser's cookie before is out; the browser itself goes on."""
    cookie = alice.client.get_cookie("portal_session")
    assert cookie is not None
    thief = Visitor(app)
    thief.client.set_cookie("portal_session", cookie.value)
    assert thief.is_signed_in()
    assert alice.submit("/account/password", password=PASSWORD, new_password=NEW).location == "/account"
    assert alice.is_signed_in()
    assert not thief.is_signed_in()


def test_changing_the_password_takes_the_present_one(app: Flask, alice: Visitor) -> None:
    answer = alice.submit("/account/password", password="a-wrong-password", new_password=NEW)
    assert answer.status == 422
    assert answer.message("password") == "This is not your present password"
    assert alice.submit("/account/password", password=PASSWORD, new_password="short").status == 422
    assert Visitor(app).sign_in(ALICE, PASSWORD).status == 303


def test_guessing_the_present_password_is_limited(alice: Visitor) -> None:
    for _ in range(10):
        alice.submit("/account/password", password="a-wrong-password", new_password=NEW)
    answer = alice.submit("/account/password", password=PASSWORD, new_password=NEW)
    assert answer.status == 429
    assert int(answer.response.headers["Retry-After"]) > 800
    assert answer.summary[0].startswith("Too many attempts")


def test_an_accent_is_the_same_from_every_keyboard(app: Flask) -> None:
    with app.app_context():
        assert passwords.hash_password("caf\N{LATIN SMALL LETTER E WITH ACUTE}-passwort")
        composed = passwords.hash_password("cafe\N{COMBINING ACUTE ACCENT}-passwort")
        assert passwords.check_password_hash(
            composed, passwords.normalised("caf\N{LATIN SMALL LETTER E WITH ACUTE}-passwort")
        )


@pytest.mark.parametrize(
    "typed",
    [
        "\uff50\uff41\uff53\uff53\uff57\uff4f\uff52\uff441234",
        "password123\N{CIRCLED DIGIT FOUR}",
        "e\N{COMBINING ACUTE ACCENT}" * 6,
    ],
    ids=["wide letters", "a digit in a circle", "six letters and six accents"],
)
def test_a_new_password_is_judged_as_it_will_be_stored(app: Flask, link: str, typed: str) -> None:
    """What looks long, or like nothing that has leaked, may be short or have leaked once it is normalised."""
    assert Visitor(app).submit(link, new_password=typed).status == 422


@pytest.mark.both_databases
@pytest.mark.parametrize("meanwhile", ["signs in", "changes it", "asks for another address", "deletes the account"])
def test_an_old_password_is_worth_nothing_after_a_reset(
    app: Flask, link: str, meanwhile: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody who knows it has sent a form, and while its slow hash is being made the owner sets another one."""
    thief, owner = Visitor(app), Visitor(app)
    forms = {
        "signs in": ("/login", {"email": ALICE, "password": PASSWORD}),
        "changes it": ("/account/password", {"password": PASSWORD, "new_password": "a-password-of-mallory"}),
        "asks for another address": ("/account/email", {"password": PASSWORD, "email": "mallory@example.org"}),
        "deletes the account": ("/account/delete", {"password": PASSWORD}),
    }
    path, typed = forms[meanwhile]
    if meanwhile != "signs in":
        thief.sign_in(ALICE, PASSWORD)
    is_right, looked = passwords.is_right, []

    def and_then_the_owner_is_faster(user: User | None, password: str) -> bool:
        found = is_right(user, password)
        if not looked:
            looked.append(password)
            with ThreadPoolExecutor(1) as elsewhere:
                assert elsewhere.submit(owner.submit, link, new_password=NEW).result().status == 303
        return found

    monkeypatch.setattr(passwords, "is_right", and_then_the_owner_is_faster)
    thief.submit(path, **typed)
    assert looked == [PASSWORD]
    assert not thief.is_signed_in()
    assert Visitor(app).sign_in(ALICE, NEW).status == 303
    assert not [mail for mail in mails(app, "mallory@example.org") if "new email address" in mail.subject]
