"""Withdrawing from a contract: two steps, a receipt with its instant, one mail each, whatever is pressed how often."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from portal import operations
from portal.database import db, now
from portal.models import Mail, Withdrawal

from ..accounts.conftest import ALICE, PASSWORD, add_account
from ..visitor import Answer, Visitor, mails, words

pytestmark = pytest.mark.slow

FIELDS = {"name": "Alice Beispiel", "contract": "Wärmeanleihe Hollerbrück, 12 November", "email": ALICE}


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    settings = app.extensions["settings"]
    app.extensions["settings"] = replace(settings, operator_email="office@feldmark.example")
    return Visitor(app)


def declarations(app: Flask) -> list[Withdrawal]:
    with app.app_context():
        return list(db.session.scalars(select(Withdrawal)))


def confirm(visitor: Visitor, page: Answer) -> Answer:
    """Press the second button."""
    fields = {str(field["name"]): str(field["value"]) for field in page.form().select("input")}
    return visitor.post("/withdraw/confirm", **{name: value for name, value in fields.items() if name != "csrf_token"})


def test_two_steps_lead_to_a_receipt_and_two_mails(app: Flask, visitor: Visitor) -> None:
    page = visitor.submit("/withdraw", **FIELDS)
    assert page.heading == "Confirm withdrawal"
    assert [words(button) for button in page.soup.select("main .btn")] == ["Confirm withdrawal", "Change"]
    assert declarations(app) == []
    assert confirm(visitor, page).location == "/withdraw/receipt"
    receipt = visitor.get("/withdraw/receipt")
    (row,) = declarations(app)
    for told in (*FIELDS.values(), "I withdraw from this contract.", str(row.id)[:13].upper()):
        assert told in receipt.text
    assert receipt.soup.select_one(f'time[datetime="{row.declared_at.isoformat(timespec="seconds")}"]')
    (mail,) = mails(app, ALICE)
    assert mail.subject == "Your withdrawal has arrived"
    assert FIELDS["contract"] in (mail.body_text or "")
    (operators,) = mails(app, "office@feldmark.example")
    assert ALICE in (operators.body_text or "")
    with app.app_context():
        assert any(str(row.id) in line and "Alice" not in line for line in operations.lines())


def test_a_double_click_is_one_declaration(app: Flask, visitor: Visitor) -> None:
    page = visitor.submit("/withdraw", **FIELDS)
    assert [confirm(visitor, page).location for _ in range(3)] == ["/withdraw/receipt"] * 3
    assert len(declarations(app)) == 1
    with app.app_context():
        assert db.session.query(Mail).count() == 2


def test_what_is_missing_is_named_and_the_rest_kept(app: Flask, visitor: Visitor) -> None:
    page = visitor.submit("/withdraw", name="Alice Beispiel", email="alice")
    assert page.status == 422
    assert page.message("contract") == "Name the campaign, or the reference of the subscription"
    assert page.message("email") == "Enter an email address like name@example.org"
    assert page.typed("name") == "Alice Beispiel"
    assert visitor.post("/withdraw/confirm", **{**FIELDS, "declaration": "1"}).status == 422
    back = visitor.post("/withdraw", **FIELDS, change="1")
    assert (back.heading, back.typed("contract")) == ("Withdraw from contract", FIELDS["contract"])
    assert declarations(app) == []


def test_the_receipt_is_shown_to_nobody_else(app: Flask, visitor: Visitor) -> None:
    confirm(visitor, visitor.submit("/withdraw", **FIELDS))
    assert Visitor(app).get("/withdraw/receipt").location == "/withdraw"


def test_the_number_of_another_declaration_opens_nothing(app: Flask, visitor: Visitor) -> None:
    confirm(visitor, visitor.submit("/withdraw", **FIELDS))
    (row,) = declarations(app)
    thief = Visitor(app)
    thief.post("/withdraw/confirm", name="Mallory", contract="x", email="mallory@example.org", declaration=str(row.id))
    assert thief.get("/withdraw/receipt").location == "/withdraw"
    assert len(declarations(app)) == 1


def test_the_receipt_is_gone_after_signing_out_and_after_an_hour(app: Flask, visitor: Visitor) -> None:
    add_account(app)
    visitor.sign_in(ALICE, PASSWORD)
    confirm(visitor, visitor.submit("/withdraw", **FIELDS))
    assert visitor.get("/withdraw/receipt").status == 200
    copied = visitor.client.get_cookie("__Host-portal_session") or visitor.client.get_cookie("portal_session")
    assert copied is not None
    visitor.post("/logout")
    visitor.client.set_cookie(copied.key, copied.value)
    assert visitor.get("/withdraw/receipt").location == "/withdraw"

    stranger = Visitor(app)
    confirm(stranger, stranger.submit("/withdraw", **FIELDS))
    assert stranger.get("/withdraw/receipt").status == 200
    with app.app_context():
        db.session.execute(update(Withdrawal).values(declared_at=now() - timedelta(hours=1, seconds=1)))
        db.session.commit()
    assert stranger.get("/withdraw/receipt").location == "/withdraw"


@pytest.mark.parametrize("typed", ["https://evil.example/", "Look at WWW.evil.example"])
def test_no_address_of_the_web_goes_out_in_the_portals_name(app: Flask, visitor: Visitor, typed: str) -> None:
    for field in ("name", "contract"):
        page = visitor.submit("/withdraw", **{**FIELDS, field: typed})
        assert page.message(field) == "Write it without an address of the web"
    assert mails(app, ALICE) == []


def test_nobodys_mailbox_is_filled(app: Flask, visitor: Visitor) -> None:
    for _ in range(5):
        assert confirm(visitor, visitor.submit("/withdraw", **FIELDS)).status == 303
    page = confirm(visitor, visitor.submit("/withdraw", **FIELDS))
    assert page.status == 429
    assert "Too many attempts. Try again at" in page.text
    assert page.typed("contract") == FIELDS["contract"]
    assert len(declarations(app)) == 5


def test_a_declaration_is_exported_and_outlives_the_account(app: Flask, visitor: Visitor) -> None:
    add_account(app)
    visitor.sign_in(ALICE, PASSWORD)
    assert visitor.get("/withdraw").typed("email") == ALICE
    confirm(visitor, visitor.submit("/withdraw", **FIELDS))
    (told,) = json.loads(visitor.get("/account/data").response.text)["withdrawals"]
    assert told["contract"] == FIELDS["contract"]
    assert "stays, as evidence" in visitor.get("/account/delete").text
    visitor.submit("/account/delete", password=PASSWORD)
    assert [row.user_id for row in declarations(app)] == [None]
    assert mails(app, ALICE) == []


def test_without_an_operators_address_only_the_person_is_mailed(app: Flask) -> None:
    visitor = Visitor(app, "de")
    confirm(visitor, visitor.submit("/withdraw", **FIELDS))
    (mail,) = mails(app, ALICE)
    assert mail.subject == "Ihr Widerruf ist eingegangen"
    with app.app_context():
        assert db.session.query(Mail).count() == 1
