"""Rules about investors and what belongs to them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ..engine import Finding, failed, ok
from ..rules import rule
from ..texts import Text, same
from .client import CASHLINK, MARK, Api, created_id, new_key

EMAIL = "selfcheck@example.org"
INVESTORS = "distributor-api/concepts/investors"


@rule(
    "investor-created",
    sentence=Text(
        "An investor is created with a natural person's data, takes an email address by PATCH, and is read back.",
        "Eine Person wird mit ihren Daten angelegt, nimmt per PATCH eine E-Mail-Adresse und lässt sich lesen.",
    ),
    why=Text(
        "This is step 1; without its id there is no subscription.",
        "Das ist Schritt 1; ohne die ID gibt es keine Zeichnung.",
    ),
    remedy=Text(
        "Compare the fields with the documentation; the answer names those that are wrong.",
        "Vergleichen Sie die Felder mit der Dokumentation; die Antwort nennt die falschen.",
    ),
    source=INVESTORS,
    basis="documented",
    needs="write",
    ours=("portal/integration.py:import_investor", "portal/cashlink/client.py:create_investor"),
)
def investor_created(api: Api) -> Finding:
    created = api.create_investor()
    investor_id = created.text("id")
    if not created.is_success or not investor_id:
        return failed(Text(f"POST answered {created.status}", f"POST: {created.status}"), ask=CASHLINK)
    body = {"communication": {"email": EMAIL, "email_confirmed": False}}
    changed = api.call("PATCH", f"/v2/investors/{investor_id}/", body, key=new_key())
    if not changed.is_success:
        return failed(Text(f"PATCH answered {changed.status}", f"PATCH: {changed.status}"), ask=CASHLINK)
    read = api.call("GET", f"/v2/investors/{investor_id}/")
    if read.field("natural_person", "forename") != MARK or read.field("communication", "email") != EMAIL:
        return failed(Text(f"GET answered {read.status}, other data", f"GET: {read.status}, andere Daten"))
    return ok(Text("created, changed, read back", "angelegt, geändert, gelesen"))


@rule(
    "investor-twice",
    sentence=Text(
        "The same data under another key make another investor: nothing is unique.",
        "Dieselben Daten unter einem anderen Schlüssel ergeben eine zweite Person: Nichts ist eindeutig.",
    ),
    why=Text(
        "So it is the portal that must see to it that one account never gets two investors.",
        "Also muss das Portal dafür sorgen, dass ein Konto nie zwei Personen bekommt.",
    ),
    remedy=Text(
        "Keep the investor's id with the account, under a unique constraint.",
        "Behalten Sie die ID beim Konto, unter einer eindeutigen Bedingung.",
    ),
    source="more-information/web-based-subscription",
    basis="documented",
    needs="write",
    ours=("portal/integration.py:import_investor", "portal/intents.py:add"),
)
def investor_twice(api: Api) -> Finding:
    first = api.investor()
    second = created_id(api.create_investor(), "investor")
    if first == second:
        return failed(Text("the same investor again", "dieselbe Person noch einmal"), ask=CASHLINK)
    return ok(Text("two ids", "zwei IDs"))


@rule(
    "identification",
    sentence=Text(
        "A document is uploaded as a file, and its id serves as the protocol of an identification.",
        "Ein Dokument wird als Datei hochgeladen, und seine ID dient als Protokoll einer Identifizierung.",
    ),
    why=Text(
        "Who was identified by the portal need not be identified again at Cashlink.",
        "Wen das Portal identifiziert hat, den braucht Cashlink nicht noch einmal zu identifizieren.",
    ),
    remedy=Text(
        "Leave the identification out: Cashlink then identifies the investor itself.",
        "Lassen Sie sie weg: Dann identifiziert Cashlink selbst.",
    ),
    source=INVESTORS,
    basis="seen",
    needs="write",
    ours=("portal/cashlink/client.py:create_document", "portal/cashlink/client.py:create_identification"),
)
def identification(api: Api) -> Finding:
    today = datetime.now(UTC)
    body = {
        "document_type": "IDCARD",
        "document_id": "L01X00T47",
        "document_issuer": MARK,
        "document_valid_from": (today - timedelta(days=900)).date().isoformat(),
        "document_valid_to": (today + timedelta(days=900)).date().isoformat(),
        "identity_provider": "POSTIDENT",
        "legitimation_process_id": MARK,
        "legitimation_protocol_id": api.document(),
        "verified_at": (today - timedelta(days=1)).isoformat(),
    }
    # An investor of its own: one that is identified signs into another status.
    investor = created_id(api.create_investor(), "investor")
    answer = api.call("POST", f"/v2/investors/{investor}/identifications/", body, key=new_key())
    if not answer.is_success or not answer.text("id"):
        return failed(same(str(answer.status)), ask=CASHLINK)
    return ok(Text("uploaded and identified", "hochgeladen und identifiziert"))
