"""People on their way through the investor data, and imports in every state."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from portal.accounts import passwords
from portal.database import db, now
from portal.models import Consent, Intent, Investor, User

from ..visitor import Visitor

ALICE = "alice@example.org"
PASSWORD = "a-password-of-alice"

# What Alice types, step by step.
TYPED: dict[str, dict[str, Any]] = {
    "person": {"salutation": "MS", "forename": "Alice Maria", "surname": "Beispiel"},
    "birth": {
        "birth_day": "14", "birth_month": "3", "birth_year": "1986", "birth_place": "Bremen", "citizenship": "DEU",
    },
    "address": {
        "street": "Musterweg 1", "zip": "28195", "city": "Bremen", "country": "DEU", "phone": "030 23125 101",
    },
    "tax": {"tax_country": "DEU", "tax_identification_number": "11 234 567 890"},
    "bank": {"account_holder": "Alice Beispiel", "iban": "de67 9000 0000 1111 1111 11", "bic": "mustdex0xxx"},
    "statements": {"is_beneficiary": "true", "pep_status": "false", "is_subject_to_us_tax": "false"},
    "identification": {},
}  # fmt: skip
# What is stored of it, and sent.
STORED: dict[str, Any] = {
    "person": {"salutation": "MS", "forename": "Alice Maria", "surname": "Beispiel"},
    "birth": {"birth_date": "1986-03-14", "birth_place": "Bremen", "citizenship": "DEU"},
    "address": {
        "street": "Musterweg 1", "zip": "28195", "city": "Bremen", "country": "DEU", "phone": "+493023125101",
    },
    "tax": {"tax_identification_number": "11234567890", "non_assessment_certificate": False},
    "tax_country": "DEU",
    "bank": {
        "account_holder": "Alice Beispiel", "iban": "DE67900000001111111111", "bic": "MUSTDEX0XXX",
        "country": "DEU", "currency": "EUR",
    },
    "statements": {"is_beneficiary": True, "pep_status": False, "is_subject_to_us_tax": False},
    "identification": {},
}  # fmt: skip


@pytest.fixture
def alice(app: Flask) -> Visitor:
    """Signed in, with nothing filled in."""
    return signed_in(app)


def signed_in(app: Flask, email: str = ALICE, language: str = "en") -> Visitor:
    """Somebody with a confirmed account, signed in."""
    with app.app_context():
        user = User(email=email, password_hash=_hash(), language=language, email_confirmed_at=now())
        db.session.add(user)
        db.session.commit()
    visitor = Visitor(app, language)
    assert visitor.sign_in(email, PASSWORD).status == 303
    return visitor


def _hash() -> str:
    return passwords.generate_password_hash(PASSWORD, "scrypt:1024:8:1")


def fill_in(visitor: Visitor, *steps: str) -> None:
    """Walk steps with what Alice types."""
    for step in steps or TYPED:
        answer = visitor.submit(f"/investor/{step}", **TYPED[step])
        assert answer.status == 303, (step, answer.summary)


def investor_of(app: Flask, email: str = ALICE) -> Investor | None:
    with app.app_context():
        return db.session.scalars(select(Investor).join(User).where(User.email == email)).first()


def receipts(app: Flask) -> list[str]:
    """The texts that were agreed to, the oldest first."""
    with app.app_context():
        return list(db.session.scalars(select(Consent.text).order_by(Consent.id)))


def answers_of(app: Flask) -> dict[str, Any]:
    investor = investor_of(app)
    return (investor.answers if investor else None) or {}


@pytest.fixture
def put(app: Flask) -> Callable[..., None]:
    """Put Alice's import into a state, as if Cashlink had answered so."""

    def put(state: str, **columns: Any) -> None:
        with app.app_context():
            investor = db.session.scalars(select(Investor)).one()
            investor.consented_at = now() - timedelta(seconds=2)
            if state == "done":
                investor.cashlink_id, investor.imported_at, investor.answers = "at-cashlink", now(), None
            elif state != "none":
                result = None if state == "open" else state
                row = {"kind": "investor", "result": result, "closed_at": now() if result else None, "reason": "test"}
                db.session.add(Intent(investor_id=investor.id, body=b"{}", **{**row, **columns}))
            db.session.commit()

    return put
