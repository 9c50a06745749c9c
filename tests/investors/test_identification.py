"""The optional step: an identification that took place before, with its protocol."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from portal.database import now
from portal.investors.identification import _harmless

from ..visitor import Answer, Visitor
from .conftest import answers_of, fill_in, investor_of

STEP = "/investor/identification"
PDF = b"%PDF-1.7\nthe protocol\n%%EOF"
TYPED = {
    "identified": "true",
    "identity_provider": "POSTIDENT",
    "verified_at": "2026-07-05T14:30",
    "legitimation_process_id": "4711",
    "document_type": "PASSPORT",
    "document_id": "C01X00T47",
    "document_issuer": "Stadt Köln",
    "document_valid_from": "2021-05-06",
    "document_valid_to": "2031-05-05",
}
STORED = {
    **{name: value for name, value in TYPED.items() if name not in ("identified", "verified_at")},
    "verified_at": "2026-07-05T12:30:00+00:00",
}


def upload(visitor: Visitor, content: bytes = PDF, name: str = "protocol.pdf", **fields: Any) -> Answer:
    return visitor.submit(STEP, **{**TYPED, "protocol": (name, content, "application/pdf"), **fields})


def test_not_yet_identified_is_the_usual_way_on(app: Flask, alice: Visitor) -> None:
    page = alice.get(STEP)
    assert page.typed("identified") == "false"
    assert alice.submit(STEP).status == 303
    assert answers_of(app) == {"identification": {}}


def test_it_may_be_left_out(alice: Visitor) -> None:
    fill_in(alice, "person", "birth", "address", "tax", "bank", "statements")
    assert alice.get("/investor").location == STEP
    assert alice.get("/investor/check").status == 200


def test_data_and_protocol_are_stored_in_the_forms_of_the_api(app: Flask, alice: Visitor) -> None:
    assert upload(alice).status == 303
    assert answers_of(app) == {"identification": STORED}
    investor = investor_of(app)
    assert investor is not None
    assert (investor.protocol, investor.protocol_name) == (PDF, "protocol.pdf")
    page = alice.get(STEP)
    assert {name: page.typed(name) for name in TYPED} == TYPED
    assert "Uploaded: protocol.pdf" in page.text


def test_a_protocol_stays_until_another_one_comes(app: Flask, alice: Visitor) -> None:
    upload(alice)
    assert alice.submit(STEP, document_id="C01X00T48").status == 303
    investor = investor_of(app)
    assert investor is not None
    assert investor.protocol == PDF
    upload(alice, b"%PDF-1.4 another", "another.pdf")
    investor = investor_of(app)
    assert investor is not None
    assert (investor.protocol, investor.protocol_name) == (b"%PDF-1.4 another", "another.pdf")


def test_saying_no_drops_data_and_protocol(app: Flask, alice: Visitor) -> None:
    upload(alice)
    assert alice.submit(STEP, identified="false").status == 303
    investor = investor_of(app)
    assert investor is not None
    assert (investor.answers, investor.protocol, investor.protocol_name) == ({"identification": {}}, None, None)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "This file is not a PDF"),
        (b"\x89PNG\r\n", "This file is not a PDF"),
        (b"<html>%PDF-", "This file is not a PDF"),
        (b"%PDF-" + b"x" * (10 * 1024 * 1024), "The file is too large: 10 MB at most"),
    ],
    ids=["empty", "picture", "page", "too large"],
)
def test_a_file_is_judged_by_its_content(app: Flask, alice: Visitor, content: bytes, message: str) -> None:
    answer = upload(alice, content)
    assert answer.status == 422
    assert answer.summary == [message]
    assert answer.message("protocol") == message
    assert {name: answer.typed(name) for name in TYPED} == TYPED
    assert answers_of(app) == {}


def test_ten_megabytes_are_taken_and_twelve_are_not_read(app: Flask, alice: Visitor) -> None:
    assert upload(alice, b"%PDF-" + b"x" * (10 * 1024 * 1024 - 5)).status == 303
    assert upload(alice, b"%PDF-" + b"x" * (12 * 1024 * 1024)).status == 413


@pytest.mark.parametrize(
    ("name", "stored"),
    [
        ("../../etc/passwd.pdf", "passwd.pdf"),
        ("x" * 300 + ".pdf", "x" * 96 + ".pdf"),
        ("Protokoll.PDF", "Protokoll.PDF"),
        ("protocol", "protocol.pdf"),
        ("/", "protocol.pdf"),
    ],
)
def test_a_file_name_is_made_harmless(app: Flask, alice: Visitor, name: str, stored: str) -> None:
    assert upload(alice, name=name).status == 303
    investor = investor_of(app)
    assert investor is not None
    assert investor.protocol_name == stored


def test_a_file_name_loses_folders_and_what_cannot_be_seen() -> None:
    assert _harmless("C:\\Users\\Alice\\Protokoll.PDF") == "Protokoll.PDF"
    assert _harmless("a\x00\x07\u202eb.pdf") == "ab.pdf"
    assert _harmless("\x00") == _harmless("") == _harmless(None) == "protocol.pdf"


SOON = (now() + timedelta(days=30)).date().isoformat()


@pytest.mark.parametrize(
    ("field", "typed", "message"),
    [
        ("identified", "perhaps", "Say whether you have been identified already"),
        ("identity_provider", "CRYSTAL BALL", "Choose how you have been identified"),
        ("verified_at", "", "Enter when you were identified"),
        ("verified_at", "yesterday", "Enter date and time, for example 2026-08-31 14:30"),
        ("verified_at", f"{SOON}T10:00", "The identification must be in the past"),
        ("verified_at", "0001-01-01T00:00", "Enter date and time, for example 2026-08-31 14:30"),
        ("legitimation_process_id", "", "Enter the process number that stands on the protocol"),
        ("document_type", "LIBRARYCARD", "Choose the kind of identity document"),
        ("document_id", "", "Enter the number of your identity document"),
        ("document_issuer", "", "Enter the authority that issued the document, for example Stadt Köln"),
        ("document_valid_from", "", "Enter the day from which the document is valid"),
        ("document_valid_from", "2021-02-30", "Enter a real date, for example 2030-08-31"),
        ("document_valid_from", SOON, "The document is not valid yet"),
        ("document_valid_to", "2020-01-01", "The document has expired"),
        ("protocol", None, "Choose the protocol of your identification, a PDF file"),
        ("protocol", "no file", "Choose the protocol of your identification, a PDF file"),
    ],
)
def test_a_mistake_is_named_beside_its_field(
    app: Flask, alice: Visitor, field: str, typed: str | None, message: str
) -> None:
    answer = upload(alice, **{field: typed})
    assert answer.status == 422
    assert answer.summary == [message]
    assert answer.message(field) == message
    assert answers_of(app) == {}


def test_dates_may_be_written_as_germans_do(app: Flask, alice: Visitor) -> None:
    typed = {"document_valid_from": "06.05.2021", "document_valid_to": "05.05.2031", "verified_at": "05.07.2026 14:30"}
    assert upload(alice, **typed).status == 303
    assert answers_of(app) == {"identification": STORED}


def test_everything_in_it_is_needed_by_those_who_have_been_identified(alice: Visitor) -> None:
    answer = alice.submit(STEP, identified="true")
    assert answer.typed("identified") == "true"
    assert len(answer.summary) == 7
