"""The steps of Cashlink's public guides, as a partner's engineer would type them: this file imports nothing of ours.

Read for it: docs.cashlink.de, cashlink-api/guides (token, document, investor, identification, wallet, investment) and
more-information/web-based-subscription (communication details, start_url). To run it against Cashlink's environment,
change the four lines below, or set the variables.
"""

from __future__ import annotations

import os
import uuid
from typing import Any

import requests

URL = os.environ.get("CASHLINK_URL", "https://demo.cashlink.de/api/external")
CLIENT_ID = os.environ.get("CASHLINK_CLIENT_ID", "")
CLIENT_SECRET = os.environ.get("CASHLINK_CLIENT_SECRET", "")
CAMPAIGN_ID = os.environ.get("CASHLINK_CAMPAIGN_ID", "")

SCOPE = "investors:write investors:read investments:write investments:read documents:write"
session = requests.Session()


def sign_in() -> None:
    form = {"grant_type": "client_credentials", "scope": SCOPE, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    answer = session.post(f"{URL}/oauth/token", data=form, timeout=30)
    answer.raise_for_status()
    session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"


def send(method: str, path: str, **content: Any) -> dict[str, Any]:
    """A call that may be repeated with the same key; a real client stores the key before it calls."""
    headers = {"X-Idempotency-Key": str(uuid.uuid4())} if method != "GET" else {}
    answer = session.request(method, URL + path, headers=headers, timeout=30, **content)
    if not answer.ok:
        raise SystemExit(f"{method} {path}: {answer.status_code} {answer.text}")
    return dict(answer.json())


def create_investor() -> str:
    person = {
        "salutation": "MR",
        "forename": "Peter",
        "surname": "Mustermann",
        "birth_date": "1980-08-10",
        "birth_place": "Mainz",
        "citizenship": "DEU",
        "street": "Hauptstr. 37",
        "city": "Frankfurt",
        "zip": "60316",
        "country": "DEU",
        "phone": "+49 123 456 789",
    }
    bank = {
        "account_holder": "Peter Mustermann",
        "iban": "DE89370400440532013000",
        "bic": "MUSTDEFFXXX",
        "bank": "Beispielbank",
        "country": "DEU",
        "currency": "EUR",
    }
    body = {
        "natural_person": person,
        "bank_account": bank,
        "tax_information": {"tax_identification_number": "12345678", "non_assessment_certificate": True},
        "is_beneficiary": True,
        "pep_status": False,
        "account_setup_accepted_at": "2021-05-06T07:14:13.630308+00:00",
    }
    return str(send("POST", "/v2/investors/", json=body)["id"])


def identify(investor_id: str) -> str:
    protocol = {"file": ("protocol.pdf", b"%PDF-1.4 an invented protocol", "application/pdf")}
    document_id = send("POST", "/v2/documents/", files=protocol)["id"]
    body = {
        "document_type": "IDCARD",
        "document_id": "ID123456",
        "document_issuer": "Stadt Frankfurt",
        "document_valid_from": "2020-08-10",
        "document_valid_to": "2099-08-10",
        "identity_provider": "POSTIDENT",
        "legitimation_process_id": "process-1",
        "legitimation_protocol_id": document_id,
        "verified_at": "2020-08-10T14:06:22.134Z",
    }
    return str(send("POST", f"/v2/investors/{investor_id}/identifications/", json=body)["id"])


def main() -> None:
    sign_in()
    investor_id = create_investor()
    identify(investor_id)
    send("POST", f"/v2/investors/{investor_id}/wallets/eth-generic/", json={"address": "0x" + "a1" * 20})
    communication = {"email": "peter@example.org", "email_confirmed": True}
    send("PATCH", f"/v2/investors/{investor_id}/", json={"communication": communication})
    print("investor", send("GET", f"/v2/investors/{investor_id}/")["id"])
    investment = send("POST", "/v2/investments/", json={"campaign_id": CAMPAIGN_ID, "investor_id": investor_id})
    print("investment", investment["id"])
    print("status", send("GET", f"/v2/investments/{investment['id']}/")["status"])
    print("start_url", investment["start_url"])


if __name__ == "__main__":
    main()
