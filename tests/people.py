"""The people of the tests: rows of the portal as if they had walked the forms. All invented."""

from __future__ import annotations

from typing import Any

from flask import Flask
from werkzeug.security import generate_password_hash

from portal.database import db, now
from portal.models import Investor, User

PASSWORD = "meadow-copper-violin-7"

ANSWERS: dict[str, Any] = {
    "person": {"salutation": "MS", "forename": "Alice", "surname": "Beispiel"},
    "birth": {"birth_date": "1988-05-17", "birth_place": "Musterstadt", "citizenship": "DEU"},
    "address": {
        "street": "Beispielweg 12",
        "zip": "60316",
        "city": "Frankfurt",
        "country": "DEU",
        "phone": "+4969900099999",
    },
    "tax": {"tax_identification_number": "86095742719", "non_assessment_certificate": False},
    "bank": {
        "account_holder": "Alice Beispiel",
        "iban": "DE89370400440532013000",
        "bic": "MUSTDEFFXXX",
        "bank": "Musterbank",
        "country": "DEU",
        "currency": "EUR",
    },
    "statements": {"is_beneficiary": True, "pep_status": False},
}
IDENTIFICATION: dict[str, Any] = {
    "document_type": "IDCARD",
    "document_id": "T22000129",
    "document_issuer": "Stadt Musterstadt",
    "document_valid_from": "2020-08-10",
    "document_valid_to": "2030-08-10",
    "identity_provider": "POSTIDENT",
    "legitimation_process_id": "4711",
    "verified_at": "2020-08-10T14:06:22.134Z",
}
PROTOCOL = b"%PDF-1.4\nthe protocol of an identification\n"


def add_user(app: Flask, name: str = "alice", *, identified: bool = False, consented: bool = False) -> int:
    """A confirmed account with complete answers, before the consent or just after it; returns its id."""
    answers = {**ANSWERS, "person": {**ANSWERS["person"], "forename": name.title()}}
    with app.app_context():
        user = User(
            email=f"{name}@example.org",
            password_hash=generate_password_hash(PASSWORD, "pbkdf2:sha256:1000"),
            email_confirmed_at=now(),
            language="en",
        )
        investor = Investor(user=user, answers=answers, forename=name.title(), surname="Beispiel")
        if identified:
            investor.answers = {**answers, "identification": IDENTIFICATION}
            investor.protocol, investor.protocol_name = PROTOCOL, "protocol.pdf"
        if consented:
            investor.consented_at = now()
        db.session.add_all([user, investor])
        db.session.commit()
        return user.id
