"""Signing in and out: back to where one was, no guessing, and sessions that end for good."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from portal import create_app
from portal.accounts import attempts, passwords
from portal.config import Settings
from portal.database import db, now
from portal.models import Attempt, UserSession

from ..visitor import BASE, Answer, Visitor, words
from .conftest import ALICE, MALLORY, PASSWORD, add_account
from .test_registration import without_chance

UNPATCHED = (passwords.METHOD, passwords.NOBODYS)


@pytest.fixture
def age(app: Flask) -> Callable[..., None]:
    """Make sessions or attempts as old as if time had passed."""

    def make_older(model: type[UserSession | Attempt], **columns: timedelta) -> None:
        with app.app_context():
            db.session.execute(update(model).values({name: now() - ago for name, ago in columns.items()}))
            db.session.commit()

    return make_older


def test_signing_in_leads_back(app: Flask, visitor: Visitor) -> None:
    add_account(app)
    asked = visitor.get("/investor/person?from=here")
    assert asked.status == 303
    page = visitor.get(asked.location)
    assert "Please sign in to go on" in page.text
    assert visitor.sign_in(ALICE, PASSWORD, asked.location).location == "/investor/person?from=here"


@pytest.mark.parametrize(
    "target",
    ["//evil.example", "/\\evil.example", "https:evil.example", "https://evil.example/", "\t//evil.example",
     "/\t/evil.example", "javascript:alert(1)", "/%0d%0aLocation:x\n", "///evil.example", "evil.example", "\\\\evil"],
)  # fmt: skip
def test_signing_in_leads_to_no_other_site(app: Flask, visitor: Visitor, target: str) -> None:
    add_account(app)
    answer = visitor.submit("/login", email=ALICE, password=PASSWORD, next=target)
    assert answer.location == "/"
    assert Answer(visitor.client.get("/login", base_url=BASE, query_string={"next": target})).location == "/"
    assert Answer(visitor.client.get("/register", base_url=BASE, query_string={"next": target})).location == "/"


def test_an_unknown_address_and_a_wrong_password_look_the_same(app: Flask, visitor: Visitor) -> None:
    add_account(app)
    answers = [(visitor.sign_in(email, "a-wrong-password"), email) for email in (ALICE, "bob@example.org")]
    assert {answer.status for answer, _ in answers} == {422}
    assert len({without_chance(answer, email) for answer, email in answers}) == 1
    assert answers[0][0].summary == ["Email or password is not right"]
    assert answers[0][0].typed("email") == ALICE
    assert answers[0][0].typed("password") == ""


def test_an_unknown_address_takes_the_same_work(app: Flask, visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    add_account(app)
    checked = []
    check = passwords.check_password_hash
    monkeypatch.setattr(passwords, "check_password_hash", lambda *given: checked.append(given[0]) or check(*given))
    for email in (ALICE, "bob@example.org", "no address", "a\x00@example.org"):
        assert visitor.sign_in(email, "a-wrong-password").status == 422
    assert len(checked) == 4
    assert all(hashed.split("$")[0] == passwords.METHOD for hashed in checked)


def test_the_hash_for_unknown_addresses_is_as_slow_as_any() -> None:
    method, nobodys = UNPATCHED
    assert method == "scrypt:32768:8:3"
    assert nobodys.startswith(f"{method}$")


def test_ten_failures_close_the_account_for_a_while(app: Flask, visitor: Visitor, age: Callable[..., None]) -> None:
    add_account(app)
    add_account(app, "bob@example.org")
    for _ in range(10):
        assert visitor.sign_in(ALICE, "a-wrong-password").status == 422
    answer = visitor.sign_in(ALICE, PASSWORD)
    assert answer.status == 429
    assert 800 < int(answer.response.headers["Retry-After"]) <= 901
    assert answer.summary[0].startswith("Too many attempts. Try again at ")
    assert answer.typed("email") == ALICE
    assert Visitor(app).sign_in("bob@example.org", PASSWORD).status == 303
    age(Attempt, at=timedelta(minutes=15, seconds=1))
    assert visitor.sign_in(ALICE, PASSWORD).status == 303


def test_an_unknown_address_is_closed_in_the_same_way(visitor: Visitor) -> None:
    for _ in range(10):
        assert visitor.sign_in("nobody@example.org", "a-wrong-password").status == 422
    assert visitor.sign_in("nobody@example.org", "a-wrong-password").status == 429


def test_the_count_is_shared_between_processes(app: Flask, environ: dict[str, str]) -> None:
    add_account(app)
    another = create_app(Settings.from_environment(environ))
    for count in range(10):
        Visitor((app, another)[count % 2]).sign_in(ALICE, "a-wrong-password")
    assert Visitor(another).sign_in(ALICE, PASSWORD).status == 429
    assert Visitor(app).sign_in(ALICE, PASSWORD).status == 429


def test_successes_do_not_count(app: Flask) -> None:
    add_account(app)
    for _ in range(12):
        assert Visitor(app).sign_in(ALICE, PASSWORD).status == 303


def test_many_accounts_from_one_address_are_limited_too(
    app: Flask, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempts, "SIGN_IN_ADDRESS", attempts.SIGN_IN_ADDRESS._replace(tries=3))
    for count in range(3):
        assert visitor.sign_in(f"person{count}@example.org", "a-wrong-password").status == 422
    assert visitor.sign_in("another@example.org", "a-wrong-password").status == 429


def test_the_count_keeps_neither_emails_nor_addresses(app: Flask, visitor: Visitor) -> None:
    visitor.sign_in(ALICE, "a-wrong-password")
    with app.app_context():
        kept = db.session.scalars(select(Attempt.key_hash)).all()
    assert len(kept) == 3
    assert all(len(key) == 64 and "alice" not in key and key != "127" for key in kept)


def test_a_copied_cookie_is_dead_after_signing_out(app: Flask, alice: Visitor) -> None:
    cookie = alice.client.get_cookie("portal_session")
    assert cookie is not None
    thief = Visitor(app)
    thief.client.set_cookie("portal_session", cookie.value)
    assert thief.is_signed_in()
    answer = alice.post("/logout")
    assert (answer.status, answer.location) == (303, "/")
    assert answer.response.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert not alice.is_signed_in()
    assert not thief.is_signed_in()


def test_signing_out_takes_a_form(app: Flask, alice: Visitor) -> None:
    assert alice.get("/logout").status == 405
    assert alice.client.post("/logout", base_url=BASE).status_code == 400
    assert alice.is_signed_in()


def test_each_sign_in_is_a_new_session(app: Flask, alice: Visitor) -> None:
    def tokens() -> list[str]:
        with app.app_context():
            return list(db.session.scalars(select(UserSession.token_hash)))

    before = tokens()
    alice.post("/logout")
    alice.sign_in(ALICE, PASSWORD)
    assert len(tokens()) == 1
    assert tokens() != before


@pytest.mark.parametrize(
    "ago",
    [{"seen_at": timedelta(hours=2, seconds=1)}, {"created_at": timedelta(hours=12, seconds=1)}],
    ids=["two hours idle", "twelve hours in all"],
)
def test_after_the_session_has_ended_one_is_back_on_the_page(
    alice: Visitor, age: Callable[..., None], ago: dict[str, timedelta]
) -> None:
    age(UserSession, **ago)
    asked = alice.get("/investor/tax")
    assert asked.location == "/login?next=/investor/tax"
    assert "Please sign in again. Then you are back on this page." in alice.get(asked.location).text
    assert alice.sign_in(ALICE, PASSWORD, asked.location).location == "/investor/tax"


def test_a_form_sent_after_the_session_leads_back_to_its_page(alice: Visitor, age: Callable[..., None]) -> None:
    page = alice.get("/investor/person")
    age(UserSession, seen_at=timedelta(hours=3))
    data = {"csrf_token": page.typed("csrf_token"), "forename": "Alice"}
    answer = Answer(alice.client.post("/investor/person", base_url=BASE, data=data))
    assert answer.location == "/login?next=/investor/person"
    referrer = {"Referer": f"{BASE}/investor/person?x=1"}
    answer = Answer(alice.client.post("/account/sign-out-everywhere", base_url=BASE, data=data, headers=referrer))
    assert answer.location == "/login?next=/investor/person?x%3D1"
    elsewhere = {"Referer": "http://evil.example/investor/person"}
    answer = Answer(alice.client.post("/account/sign-out-everywhere", base_url=BASE, data=data, headers=elsewhere))
    assert answer.location == "/login?next=/"


def test_an_open_page_counts_as_activity(app: Flask, alice: Visitor, age: Callable[..., None]) -> None:
    age(UserSession, seen_at=timedelta(minutes=119))
    assert alice.is_signed_in()
    with app.app_context():
        (seen_at,) = db.session.scalars(select(UserSession.seen_at))
    assert now() - seen_at < timedelta(minutes=1)


def test_signing_out_everywhere_ends_all_browsers(app: Flask, alice: Visitor) -> None:
    phone = Visitor(app)
    phone.sign_in(ALICE, PASSWORD)
    answer = alice.post("/account/sign-out-everywhere")
    assert answer.location == "/login"
    assert answer.response.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert not alice.is_signed_in()
    assert not phone.is_signed_in()


def test_the_account_page_shows_what_is_known(app: Flask, alice: Visitor) -> None:
    page = alice.get("/account")
    assert ALICE in page.text
    assert "Your data for investing" in page.text
    assert "not passed on yet" in page.text
    assert "Nothing has been passed on yet" in alice.get("/account/passed-on").text
    assert "You have not agreed to anything yet" in alice.get("/account/consents").text


def test_each_signed_in_browser_is_listed_and_can_be_ended(app: Flask, alice: Visitor) -> None:
    other = Visitor(app)
    other.client.environ_base["HTTP_USER_AGENT"] = "Mozilla/5.0 (Windows NT 10.0) Gecko/20100101 Firefox/140.0"
    other.sign_in(ALICE, PASSWORD)
    page = alice.get("/account/sessions")
    this, elsewhere = (words(item) for item in page.soup.select(".topics li"))
    assert "this one" in this
    assert "Firefox, Windows" in elsewhere
    assert "140" not in elsewhere
    (name,) = [str(field["value"]) for field in page.soup.select("[name=session]")]
    for wrong in ("", "%" * 16, name[:15]):
        alice.post("/account/sessions", session=wrong)
    assert other.is_signed_in()
    assert alice.post("/account/sessions", session=name).location == "/account/sessions"
    assert not other.is_signed_in()
    assert alice.is_signed_in()


def test_nobody_ends_another_persons_session(app: Flask, alice: Visitor) -> None:
    add_account(app, MALLORY)
    mallory = Visitor(app)
    mallory.sign_in(MALLORY, PASSWORD)
    with app.app_context():
        names = [row.token_hash[:16] for row in db.session.scalars(select(UserSession))]
    for name in names:
        mallory.post("/account/sessions", session=name)
    assert alice.is_signed_in()


def test_ended_sessions_are_not_listed(app: Flask, alice: Visitor, age: Callable[..., None]) -> None:
    Visitor(app).sign_in(ALICE, PASSWORD)
    age(UserSession, seen_at=timedelta(hours=2, seconds=1))
    alice.sign_in(ALICE, PASSWORD)
    assert len(alice.get("/account/sessions").soup.select(".topics li")) == 1


def test_the_script_of_an_open_page_keeps_the_session(app: Flask, alice: Visitor, age: Callable[..., None]) -> None:
    """What its script asks for every five minutes, for two hours and a half."""
    assert alice.get("/account").soup.select_one("script[src*='session.js']")
    assert not Visitor(app).get("/login").soup.select("script")
    for _ in range(3):
        age(UserSession, seen_at=timedelta(minutes=50))
        assert alice.get("/account/session").response.get_json() == {"signed_in": True}
    age(UserSession, seen_at=timedelta(minutes=100))
    assert alice.is_signed_in()
    age(UserSession, created_at=timedelta(hours=12, seconds=1))
    assert alice.get("/account/session").response.get_json() == {"signed_in": False}
