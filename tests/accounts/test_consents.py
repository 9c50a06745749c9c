"""Consents: a receipt for each, and a withdrawal after which nothing is passed on until the person agrees again."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from sqlalchemy import select
from sqlalchemy.orm.attributes import set_committed_value

from portal import consents
from portal.database import db
from portal.models import Consent, Intent, Investment, User

from ..acts import Acts
from ..people import PASSWORD, add_user
from ..settings import BOND
from ..visitor import Visitor
from ..world import World

pytestmark = pytest.mark.slow

EMAIL = "alice@example.org"
PAGE = f"/campaigns/{BOND}"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with World(tmp_path_factory.mktemp("consents"), background=False) as world:
        yield world


@pytest.fixture
def acts(running: World) -> Acts:
    acts = Acts(running)
    acts.start_over()
    return acts


@pytest.fixture
def user_id(acts: Acts) -> int:
    return add_user(acts.world.app, "alice")


@pytest.fixture
def alice(acts: Acts, user_id: int) -> Visitor:
    visitor = Visitor(acts.world.app)
    assert visitor.sign_in(EMAIL, PASSWORD).status == 303
    return visitor


def withdraw(visitor: Visitor) -> str:
    """By the page and its button; returns what is said afterwards."""
    assert visitor.get("/account/consents/withdraw").status == 200
    assert visitor.post("/account/consents/withdraw").location == "/account/consents"
    return visitor.get("/account/consents").text


def calls_that_create(acts: Acts) -> list[str]:
    return [call["path"] for call in acts.requests() if call["method"] in ("POST", "PATCH") and "/v2/" in call["path"]]


def invest(visitor: Visitor) -> str:
    return visitor.post(f"{PAGE}/invest", number="1").location


def test_withdrawing_stops_new_subscriptions_until_agreed_again(acts: Acts, user_id: int, alice: Visitor) -> None:
    acts.import_investor(user_id)
    passed_on = calls_that_create(acts)
    assert "Your consent is withdrawn" in withdraw(alice)
    assert invest(alice) == f"/investor?next={PAGE}"
    assert alice.get(f"/investor?next={PAGE}").location == "/investor/consent"
    page = alice.get("/investor/consent")
    assert "you withdrew your consent" in page.text
    assert "Then I cannot subscribe" in page.text
    assert alice.submit("/investor/consent").status == 422
    acts.run_loop()
    assert calls_that_create(acts) == passed_on

    assert alice.submit("/investor/consent", consent="y").location == PAGE
    assert "/subscribe/" in invest(alice)
    with acts.world.app.app_context():
        first, second = db.session.scalars(select(Consent).order_by(Consent.id))
        assert (first.withdrawn_at is None, second.withdrawn_at is None) == (False, True)


def test_withdrawing_twice_is_withdrawing_once(acts: Acts, user_id: int, alice: Visitor) -> None:
    acts.import_investor(user_id)
    withdraw(alice)
    with acts.world.app.app_context():
        at = db.session.scalars(select(Consent.withdrawn_at)).one()
    assert alice.post("/account/consents/withdraw").location == "/account/consents"
    with acts.world.app.app_context():
        assert db.session.scalars(select(Consent.withdrawn_at)).one() == at


def test_a_signed_subscription_goes_on(acts: Acts, user_id: int, alice: Visitor) -> None:
    acts.import_investor(user_id)
    acts.sign(acts.invest(user_id)[1])
    withdraw(alice)
    acts.run_loop()
    (investment,) = acts.state()["investments"]
    assert acts.status(investment["id"]) == "KYC_PENDING"
    assert "Confirm your identity" in alice.get("/investments").text


def test_what_has_no_answer_stops_and_goes_on_under_the_same_key(acts: Acts, user_id: int, alice: Visitor) -> None:
    acts.arm("create_investor", "before:500", None)
    assert acts.import_investor(user_id) == "open"
    (tried,) = {call["idempotency_key"] for call in acts.requests("/investors/", "POST")}
    withdraw(alice)
    acts.clear_faults()
    before = len(acts.requests("/investors/"))
    acts.run_loop()
    acts.run_loop()
    assert acts.state()["investors"] == []
    assert len(acts.requests("/investors/")) == before
    assert "do not know whether it arrived" in alice.get("/account/passed-on").text
    assert alice.get("/investor/person").heading == "You have withdrawn your consent"

    assert alice.submit("/investor/consent", consent="y").status == 303
    assert len(acts.state()["investors"]) == 1
    assert {call["idempotency_key"] for call in acts.requests("/investors/", "POST")} == {tried}


def test_a_click_that_still_waits_ends_with_the_withdrawal(acts: Acts, user_id: int, alice: Visitor) -> None:
    """It was kept while the import was open. A later consent must not bring it to life."""
    acts.arm("create_investor", "before:500", None)
    acts.import_investor(user_id)
    investment_id, _start_url = acts.invest(user_id)
    withdraw(alice)
    assert "ended before you signed" in alice.get(f"/investments/{investment_id}").text
    acts.clear_faults()
    alice.submit("/investor/consent", consent="y")
    acts.run_loop()
    assert acts.state()["investments"] == []


def test_an_unanswered_subscription_stops(acts: Acts, user_id: int, alice: Visitor) -> None:
    acts.import_investor(user_id)
    acts.arm("create_investment", "before:500", None)
    investment_id, _start_url = acts.invest(user_id)
    withdraw(alice)
    acts.clear_faults()
    acts.run_loop()
    assert acts.state()["investments"] == []
    page = alice.get(f"/investments/{investment_id}")
    assert "you have withdrawn your consent" in page.text
    assert page.soup.select_one("main a[href='/investor']")
    assert acts.intents()[-1] == ("investment", "stopped")
    alice.submit("/investor/consent", consent="y")
    acts.run_loop()
    assert len(acts.state()["investments"]) == 1


def test_deletion_does_not_wait_for_what_was_stopped(acts: Acts, user_id: int, alice: Visitor) -> None:
    acts.arm("create_investor", "before:500", None)
    acts.import_investor(user_id)
    withdraw(alice)
    alice.submit("/account/delete", password=PASSWORD)
    with acts.world.app.app_context():
        assert [db.session.query(model).count() for model in (User, Consent, Intent, Investment)] == [0, 0, 0, 0]


def test_two_clicks_on_agree_are_one_consent(acts: Acts, user_id: int) -> None:
    with acts.user(user_id) as user:
        assert user.investor is not None
        consents.give(user.investor, "I agree.", "en")
        # What the second request had read before.
        set_committed_value(user.investor, "consented_at", None)
        consents.give(user.investor, "I agree.", "en")
        assert db.session.query(Consent).count() == 1


def test_the_receipt_can_be_read_later_and_by_nobody_else(acts: Acts, user_id: int, alice: Visitor) -> None:
    acts.import_investor(user_id)
    link = alice.get("/account/consents").soup.select_one(".topics a")
    assert link is not None
    withdraw(alice)
    page = alice.get(str(link["href"]))
    assert page.heading == "Receipt for your consent"
    assert "I agree." in page.text
    assert "Cashlink-Simulator (Test)" in page.text
    assert "withdrawn for the future on" in page.text
    add_user(acts.world.app, "mallory")
    mallory = Visitor(acts.world.app)
    mallory.sign_in("mallory@example.org", PASSWORD)
    assert mallory.get(str(link["href"])).status == 404


def test_what_was_passed_on_is_listed_with_its_instant(acts: Acts, user_id: int, alice: Visitor) -> None:
    acts.import_investor(user_id)
    acts.invest(user_id)
    page = alice.get("/account/passed-on")
    assert len(page.soup.select(".passed time")) == 3
    for words in ("Wärmeanleihe Hollerbrück", "Your email address", "Your investor data", "account holder, IBAN"):
        assert words in page.text
    told = json.loads(alice.get("/account/data").response.text)["investor"]
    assert [call["state"] for call in told["passed_on"]] == ["done", "done", "done"]
    assert [consent["text"] for consent in told["consents"]] == ["I agree."]
