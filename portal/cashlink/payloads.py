"""What goes into the requests, typed, and as the bytes that are sent.

Source: https://docs.cashlink.de, distributor-api/concepts/investors and more-information/web-based-subscription.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal, NotRequired, TypedDict


class NaturalPerson(TypedDict):
    """Countries and citizenship are ISO 3166-1 alpha-3; the birth date is ISO 8601."""

    salutation: NotRequired[str]
    forename: str
    surname: str
    birth_date: str
    birth_place: str
    citizenship: str
    street: str
    city: str
    zip: str
    country: str
    phone: str


class BankAccount(TypedDict):
    account_holder: str
    iban: str
    bic: NotRequired[str]
    bank: NotRequired[str]
    country: str
    currency: str


class TaxInformation(TypedDict):
    tax_identification_number: str
    non_assessment_certificate: bool


class InvestorData(TypedDict):
    """`POST /v2/investors/`.

    account_setup_accepted_at: the instant of the consent, ISO 8601 with its zone.
    is_beneficiary: acts on their own behalf. pep_status: holds a prominent public office.
    """

    natural_person: NaturalPerson
    bank_account: BankAccount
    tax_information: TaxInformation
    is_beneficiary: bool
    pep_status: bool
    account_setup_accepted_at: str


class IdentificationData(TypedDict):
    """`POST /v2/investors/{id}/identifications/`; legitimation_protocol_id is the id of an uploaded document."""

    document_type: Literal["IDCARD", "PASSPORT"]
    document_id: str
    document_issuer: str
    document_valid_from: str
    document_valid_to: str
    identity_provider: str
    legitimation_process_id: str
    legitimation_protocol_id: str
    verified_at: str


class Communication(TypedDict):
    """Part of `PATCH /v2/investors/{id}/`. email_confirmed must say what is true."""

    email: str
    email_confirmed: bool


class SubscriptionData(TypedDict):
    """`POST /v2/investments/`. Leaving out the signed date is what makes the subscription web-based."""

    campaign_id: str
    investor_id: str


def encode(data: Mapping[str, Any]) -> bytes:
    """The bytes of a JSON body, the same for the same data, so that a repeat is the same request."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def encode_document(name: str, content: bytes, content_type: str, key: str) -> tuple[bytes, str]:
    """A multipart body with the field `file`. The boundary comes from the key, so that a repeat is the same bytes.

    Returns:
        The body and its content type.
    """
    # Here, since it would bring all of urllib3 to each start.
    from urllib3.filepost import encode_multipart_formdata

    body, multipart_type = encode_multipart_formdata({"file": (name, content, content_type)}, boundary=key)
    return body, multipart_type
