"""Makes valid requests keep the rules that lie beyond a schema; each line of RULES is one such rule, with its reason.

Loaded by schemathesis, in a process of its own. A value that breaks its schema stays as it is, and must be refused.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import schemathesis

# Ids of what exists: an investor, a campaign, a document.
KNOWN: dict[str, str] = json.loads(os.environ["SIMULATOR_KNOWN_IDS"])

LINE = re.compile(r"[^\x00-\x1f\x7f]*[^\x00-\x20\x7f][^\x00-\x1f\x7f]*")

# Field, the shape that a valid value has, a value that keeps the rule, and why no schema says it.
RULES: list[tuple[str, Callable[[Any], bool], Any, str]] = []


def is_line(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= 50 and LINE.fullmatch(value) is not None


def matches(pattern: str) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and re.fullmatch(pattern, value) is not None


def is_date(value: Any) -> bool:
    try:
        return isinstance(value, str) and bool(date.fromisoformat(value))
    except ValueError:
        return False


def is_instant(value: Any) -> bool:
    try:
        return isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


def is_units(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 1 <= value <= 10**9 and not value % 1


RULES += [
    (
        "iban",
        matches(r"[A-Za-z]{2}[0-9]{2}[0-9A-Za-z ]{10,38}"),
        "DE89370400440532013000",
        "its check digits are right",
    ),
    ("bic", matches(r"[A-Z]{6}[0-9A-Z]{2}([0-9A-Z]{3})?"), "MUSTDEFFXXX", "it names a country"),
    ("country", matches("[A-Z]{3}"), "DEU", "it is a country of ISO 3166-1"),
    ("citizenship", matches("[A-Z]{3}"), "DEU", "it is a country of ISO 3166-1"),
    ("birth_date", is_date, "1990-08-10", "investors are adults"),
    ("document_valid_from", is_date, "2020-08-10", "the document is valid already"),
    ("document_valid_to", is_date, "2099-08-10", "the document is still valid"),
    ("verified_at", is_instant, "2024-08-10T14:06:22Z", "it has happened"),
    ("account_setup_accepted_at", is_instant, "2024-08-10T14:06:22Z", "it has happened"),
    ("signed_at", is_instant, "2024-08-10T14:06:22Z", "it has happened"),
    ("units", is_units, 5, "the campaign has limits, and so much left"),
    ("campaign_id", is_line, KNOWN["campaign_id"], "it exists"),
    ("investor_id", is_line, KNOWN["investor_id"], "it exists"),
    ("legitimation_protocol_id", is_line, KNOWN["document_id"], "it exists"),
    ("client_id", lambda value: isinstance(value, str), "demo-client", "the client is known"),
    ("client_secret", lambda value: isinstance(value, str), "demo-secret", "the client is known"),
]


def repaired(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    found = {name: repaired(part) for name, part in value.items()}
    for name, is_valid, right, _reason in RULES:
        if name in found and is_valid(found[name]):
            found[name] = right
    return found


@schemathesis.serializer("application/pdf", "image/png", "image/jpeg")
def as_bytes(_context: Any, value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    case.body = repaired(case.body)
    form = case.body if case.media_type == "multipart/form-data" and isinstance(case.body, dict) else {}
    if form.keys() == {"file"} and isinstance(form["file"], str | bytes):
        # What is generated has no file name, and does not begin as its type does.
        kwargs["files"] = {"file": ("protocol.pdf", b"%PDF-1.7 sample", "application/pdf")}
