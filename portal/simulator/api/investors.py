"""/api/external/v2/investors/: natural persons, their communication details and identifications.

Fields as in the documentation's examples [doc: distributor-api/concepts/investors]. Legal and benefiting persons are
not imitated, for no document at hand shows their shape.
"""

from datetime import date, datetime, timedelta
from typing import Any

from flask import Blueprint, g
from sqlalchemy import select

from .. import rules
from ..assumptions import DOCUMENT_TYPES, IDENTITY_PROVIDERS, SALUTATIONS, UNKNOWN_REFERENCE
from ..models import Document, Identification, Investor, db, new_id
from ..runtime import runtime
from .dispatch import Answer, endpoint, read_body
from .errors import not_found, refused
from .validation import (
    Check,
    Field,
    Invalid,
    boolean,
    check_fields,
    country,
    day,
    false,
    matching,
    moment,
    one_of,
    text,
)

bp = Blueprint("investors", __name__, url_prefix="/api/external/v2/investors")

# A clock that is a little ahead of ours is no reason to refuse.
CLOCK_TOLERANCE = timedelta(minutes=5)


def nested(fields: dict[str, Field]) -> Check:
    return lambda value: check_fields(value, fields, runtime().settings.strict)


def birth_date(value: Any) -> str:
    born: date = day(value)
    years = rules.age(born, runtime().clock.now().date())
    if years < rules.ADULT_YEARS:
        raise Invalid("The investor must be at least 18 years old.")
    if years > rules.OLDEST_YEARS:
        raise Invalid("The date of birth is too long ago.")
    return born.isoformat()


def past_moment(value: Any) -> str:
    at: datetime = moment(value)
    if at > runtime().clock.now() + CLOCK_TOLERANCE:
        raise Invalid("The instant must not be in the future.")
    return at.isoformat()


PERSON = {
    "salutation": Field(one_of(*SALUTATIONS), required=False),
    "forename": Field(text()),
    "surname": Field(text()),
    "birth_date": Field(birth_date),
    "birth_place": Field(text()),
    "citizenship": Field(country),
    "street": Field(text()),
    "city": Field(text()),
    "zip": Field(text(20)),
    "country": Field(country),
    "phone": Field(matching(rules.is_phone, "A phone number is expected, for example +49 30 1234567.")),
    # Newer versions take these two; true is refused for the latter.
    "is_pep": Field(boolean, required=False),
    "is_subject_to_us_tax": Field(false, required=False),
}

BANK_ACCOUNT = {
    "account_holder": Field(text()),
    "iban": Field(matching(rules.is_iban, "The IBAN is not valid.")),
    "bic": Field(matching(rules.is_bic, "The BIC is not valid."), required=False),
    "bank": Field(text(), required=False),
    "country": Field(country, required=False),
    "currency": Field(one_of("EUR"), required=False),
}

TAX_INFORMATION = {
    "tax_identification_number": Field(text(50), required=False),
    "non_assessment_certificate": Field(boolean, required=False),
}

INVESTOR = {
    "natural_person": Field(nested(PERSON)),
    "bank_account": Field(nested(BANK_ACCOUNT), required=False),
    "tax_information": Field(nested(TAX_INFORMATION), required=False),
    "is_beneficiary": Field(boolean),
    "pep_status": Field(boolean),
    "account_setup_accepted_at": Field(past_moment),
}

COMMUNICATION = {
    "email": Field(matching(rules.is_email, "An email address is expected.")),
    "email_confirmed": Field(boolean, required=False),
}

IDENTIFICATION = {
    "document_type": Field(one_of(*DOCUMENT_TYPES)),
    "document_id": Field(text(50)),
    "document_issuer": Field(text()),
    "document_valid_from": Field(day),
    "document_valid_to": Field(day),
    "identity_provider": Field(one_of(*IDENTITY_PROVIDERS)),
    "legitimation_process_id": Field(text()),
    "legitimation_protocol_id": Field(text(50)),
    "verified_at": Field(past_moment),
}


@endpoint(bp, "/", "POST", "investors:write")
def create_investor() -> Answer:
    data = read_body(INVESTOR)
    investor = Investor(id=new_id(), created_at=runtime().clock.now(), data=data)
    db.session.add(investor)
    g.object_id = investor.id
    return {"id": investor.id}, 201


@endpoint(bp, "/<investor_id>/", "GET", "investors:read")
def read_investor(investor_id: str) -> Answer:
    return represent(find_investor(investor_id)), 200


@endpoint(bp, "/<investor_id>/", "PATCH", "investors:write")
def change_investor(investor_id: str) -> Answer:
    investor = find_investor(investor_id)
    body = read_body({"communication": Field(nested(COMMUNICATION))})
    investor.communication = {"email_confirmed": False} | body["communication"]
    return represent(investor), 200


@endpoint(bp, "/<investor_id>/identifications/", "POST", "investors:write")
def create_identification(investor_id: str) -> Answer:
    investor = find_investor(investor_id)
    data = read_body(IDENTIFICATION)
    errors = {}
    if data["document_valid_from"] > runtime().clock.now().date():
        errors["document_valid_from"] = ["The document is not valid yet."]
    if data["document_valid_to"] < runtime().clock.now().date():
        errors["document_valid_to"] = ["The document has expired."]
    if db.session.get(Document, data["legitimation_protocol_id"]) is None:
        errors["legitimation_protocol_id"] = [UNKNOWN_REFERENCE]
    if errors:
        raise refused(errors)
    for name in ("document_valid_from", "document_valid_to"):
        data[name] = data[name].isoformat()
    identification = Identification(
        id=new_id(),
        created_at=runtime().clock.now(),
        investor_id=investor.id,
        document_id=data["legitimation_protocol_id"],
        data=data,
    )
    db.session.add(identification)
    return {"id": identification.id}, 201


def find_investor(investor_id: str) -> Investor:
    investor = db.session.scalar(select(Investor).where(Investor.id == investor_id))
    if investor is None:
        raise not_found()
    g.object_id = investor.id
    return investor


def represent(investor: Investor) -> dict[str, Any]:
    return {"id": investor.id, **investor.data, "communication": investor.communication}
