"""Another email address: it counts once its owner has opened the link, and Cashlink is told then."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import request
from sqlalchemy import delete, select, update

from portal.database import db, now
from portal.models import Attempt, EmailToken, Intent, Investor, User

from ..acts import Acts
from ..people import PASSWORD, add_user
from ..visitor import Answer, Visitor, mails
from ..world import World

pytestmark = pytest.mark.slow

OLD, NEW = "alice@example.org", "alice@elsewhere.example"


# What has arrived at Cashlink's address, key and body.
ARRIVED: list[tuple[str, bytes]] = []


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    world = World(tmp_path_factory.mktemp("email"), background=False)

    def listen() -> None:
        if request.method == "PATCH":
            ARRIVED.append((request.headers["X-Idempotency-Key"], request.get_data(cache=True)))

    # Before all others, since one of them answers in place of the view.
    world.simulator.before_request_funcs.setdefault(None, []).insert(0, listen)
    with world:
        yield world


@pytest.fixture
def acts(running: World) -> Acts:
    ARRIVED.clear()
    acts = Acts(running)
    acts.start_over()
    acts.come_back()
    return acts


@pytest.fixture
def user_id(acts: Acts) -> int:
    return add_user(acts.world.app, "alice")


@pytest.fixture
def alice(acts: Acts, user_id: int) -> Visitor:
    visitor = Visitor(acts.world.app)
    assert visitor.sign_in(OLD, PASSWORD).status == 303
    return visitor


def ask(visitor: Visitor, email: str = NEW, password: str = PASSWORD) -> Answer:
    return visitor.submit("/account/email", email=email, password=password)


def link(acts: Acts, email: str = NEW) -> str:
    """The path of the link that was mailed last."""
    body = mails(acts.world.app, email)[-1].body_text or ""
    found = re.search(r"/account/email/\S+", body)
    assert found is not None
    return found[0]


def address(acts: Acts, user_id: int) -> str:
    with acts.world.app.app_context():
        return db.session.get_one(User, user_id).email


def told() -> list[tuple[str, bool]]:
    """The addresses that Cashlink was told, in this order."""
    bodies = [json.loads(body)["communication"] for _key, body in ARRIVED]
    return [(body["email"], body["email_confirmed"]) for body in bodies]


def wait_a_minute(acts: Acts) -> None:
    with acts.world.app.app_context():
        db.session.execute(delete(Attempt))
        db.session.commit()


def test_the_new_address_counts_once_it_is_confirmed(acts: Acts, user_id: int, alice: Visitor) -> None:
    acts.import_investor(user_id)
    assert ask(alice).location == "/account/email"
    assert f"{NEW} waits to be confirmed" in alice.get("/account/email").text
    assert [mail.subject for mail in mails(acts.world.app, OLD)] == ["Your email address is to be changed"]
    page = alice.get(link(acts))
    assert page.heading == "Confirm your new email address"
    assert address(acts, user_id) == OLD
    assert told() == [(OLD, True)]

    assert alice.submit(link(acts)).location == "/account"
    assert address(acts, user_id) == NEW
    assert told() == [(OLD, True), (NEW, True)]
    assert "Cashlink knows it" in alice.get("/account").text
    assert mails(acts.world.app, OLD)[-1].subject == "Your email address has been changed"
    assert alice.get(link(acts)).status == 410
    assert Visitor(acts.world.app).sign_in(OLD, PASSWORD).status == 422
    assert Visitor(acts.world.app).sign_in(NEW, PASSWORD).status == 303


def test_without_the_password_nothing_changes(acts: Acts, user_id: int, alice: Visitor) -> None:
    page = ask(alice, password="a-password-of-mallory")
    assert page.status == 422
    assert page.message("password") == "This is not your present password"
    assert page.typed("email") == NEW
    assert ask(alice, email=OLD).message("email") == "This is your address already"
    assert mails(acts.world.app, NEW) == []


def test_a_stranger_who_gets_the_link_needs_the_password(acts: Acts, user_id: int, alice: Visitor) -> None:
    """A mistyped address must not hand the account over."""
    ask(alice)
    stranger = Visitor(acts.world.app)
    assert stranger.submit(link(acts)).status == 422
    assert stranger.submit(link(acts), password="a-guess-of-mallory").status == 422
    assert address(acts, user_id) == OLD
    elsewhere = Visitor(acts.world.app)
    assert elsewhere.submit(link(acts), password=PASSWORD).location == "/account"
    assert elsewhere.is_signed_in()
    assert address(acts, user_id) == NEW


def test_nobody_learns_which_addresses_are_known(acts: Acts, user_id: int, alice: Visitor) -> None:
    add_user(acts.world.app, "bob")
    pages = []
    for email in ("bob@example.org", "nobody@example.org"):
        answer = ask(alice, email=email)
        shown = alice.get(answer.location)
        pages.append((answer.status, shown.text.replace(email, "")))
    assert pages[0] == pages[1]
    (mail,) = mails(acts.world.app, "bob@example.org")
    assert mail.subject == "You already have an account"
    assert "/account/email/" not in (mail.body_text or "")


def test_an_unconfirmed_account_does_not_hold_the_address(acts: Acts, user_id: int, alice: Visitor) -> None:
    Visitor(acts.world.app).register(NEW, "a-password-of-mallory")
    wait_a_minute(acts)
    ask(alice)
    assert alice.submit(link(acts)).location == "/account"
    assert address(acts, user_id) == NEW
    assert Visitor(acts.world.app).sign_in(NEW, "a-password-of-mallory").status == 422


def test_an_address_that_was_taken_meanwhile_stays_its_owners(acts: Acts, user_id: int, alice: Visitor) -> None:
    ask(alice)
    with acts.world.app.app_context():
        db.session.add(User(email=NEW, password_hash="-", email_confirmed_at=now()))
        db.session.commit()
    assert alice.submit(link(acts)).status == 410
    assert address(acts, user_id) == OLD


def test_only_the_newest_link_is_valid_and_for_a_day(acts: Acts, user_id: int, alice: Visitor) -> None:
    ask(alice)
    first = link(acts)
    wait_a_minute(acts)
    ask(alice)
    assert alice.get(first).status == 410
    with acts.world.app.app_context():
        db.session.execute(update(EmailToken).values(expires_at=now() - timedelta(seconds=1)))
        db.session.commit()
    assert alice.get(link(acts)).status == 410


def test_a_reset_password_ends_the_change(acts: Acts, user_id: int, alice: Visitor) -> None:
    ask(alice)
    alice.submit("/account/password", password=PASSWORD, new_password="meadow-copper-violin-8")
    assert alice.get(link(acts)).status == 410


@pytest.mark.parametrize("fault", ["before:503", "after:500"])
def test_a_lost_answer_heals_by_the_same_key_and_bytes(acts: Acts, user_id: int, alice: Visitor, fault: str) -> None:
    acts.import_investor(user_id)
    acts.arm("update_communication", fault, 1)
    ask(alice)
    assert alice.submit(link(acts)).location == "/account"
    assert "Cashlink is being told" in alice.get("/account").text
    acts.run_loop()
    _imported, first, repeated = ARRIVED
    assert first == repeated
    acts.run_loop()
    assert told() == [(OLD, True), (NEW, True), (NEW, True)]
    assert "Cashlink knows it" in alice.get("/account").text


def test_a_process_that_died_before_the_call_has_its_row_made_by_the_loop(
    acts: Acts, user_id: int, alice: Visitor
) -> None:
    acts.import_investor(user_id)
    with acts.world.app.app_context():
        db.session.execute(update(User).values(email=NEW))
        db.session.execute(update(Investor).values(email_changed_at=now()))
        db.session.commit()
    acts.run_loop()
    acts.run_loop()
    assert told() == [(OLD, True), (NEW, True)]


def test_two_changes_while_cashlink_is_away_arrive_in_their_order(acts: Acts, user_id: int, alice: Visitor) -> None:
    acts.import_investor(user_id)
    acts.go_away()
    newer = "alice@newest.example"
    for email in (NEW, newer):
        ask(alice, email=email)
        assert alice.submit(link(acts, email)).location == "/account"
    # One at a time, or the older address could arrive last.
    assert acts.intents().count(("communication", None)) == 1
    acts.come_back()
    for _ in range(3):
        acts.run_loop()
    assert told() == [(OLD, True), (NEW, True), (newer, True)]
    with acts.world.app.app_context():
        assert set(db.session.scalars(select(Intent.result))) == {"done"}


def test_after_a_withdrawn_consent_cashlink_is_told_once_it_is_given_again(
    acts: Acts, user_id: int, alice: Visitor
) -> None:
    acts.import_investor(user_id)
    alice.post("/account/consents/withdraw")
    ask(alice)
    alice.submit(link(acts))
    acts.run_loop()
    assert told() == [(OLD, True)]
    alice.submit("/investor/consent", consent="y")
    assert told() == [(OLD, True), (NEW, True)]


def test_what_one_may_download_does_not_tell_which_addresses_are_known(
    acts: Acts, user_id: int, alice: Visitor
) -> None:
    add_user(acts.world.app, "bob")
    told = []
    for email in (NEW, "bob@example.org"):
        assert ask(alice, email=email).location == "/account/email"
        data = json.loads(alice.get("/account/data").response.text)
        told.append([mail["subject"] for mail in data["mails"]])
        wait_a_minute(acts)
    assert told == [["Your email address is to be changed"], ["Your email address is to be changed"] * 2]
