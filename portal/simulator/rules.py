"""What counts as a plausible IBAN, date, phone and so on: for the API and for the hosted pages, without any wording."""

import re
from datetime import UTC, date, datetime
from functools import cache

from stdnum import bic, iban

PHONE = re.compile(r"^\+?[0-9][0-9 ()/.-]{5,29}$")
EMAIL = re.compile(r"[^\x00-\x20\x7f\s@<>\"]{1,64}@[^\x00-\x20\x7f\s@.<>\"']+(\.[^\x00-\x20\x7f\s@.<>\"']+)+")
RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII)
ADULT_YEARS = 18
OLDEST_YEARS = 120


def is_text(value: str) -> bool:
    """Whether this is text that can be stored and shown: no control characters, no halves of characters."""
    return value.isprintable() or not any(ord(c) < 32 or ord(c) == 127 or 0xD800 <= ord(c) <= 0xDFFF for c in value)


def is_iban(value: str) -> bool:
    return bool(iban.is_valid(value))


def compact_iban(value: str) -> str:
    """As it is stored: capital letters without spaces."""
    return str(iban.compact(value))


def is_bic(value: str) -> bool:
    return bool(bic.is_valid(value))


def is_phone(value: str) -> bool:
    return PHONE.fullmatch(value) is not None


def is_email(value: str) -> bool:
    return len(value) <= 254 and EMAIL.fullmatch(value) is not None


def age(birth_date: date, today: date) -> int:
    return today.year - birth_date.year - ((today.month, today.day) < (birth_date.month, birth_date.day))


def read_date(value: str) -> date | None:
    """A calendar date as ISO 8601 writes it, or None."""
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII):
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def read_instant(value: str) -> datetime | None:
    """An instant with a zone, as UTC, or None."""
    try:
        at = datetime.fromisoformat(value)
        return at.astimezone(UTC) if at.tzinfo else None
    except (ValueError, OverflowError):
        return None


def instant(at: datetime) -> str:
    """As Cashlink writes instants: UTC, with a Z; the microseconds are always there."""
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@cache
def countries() -> dict[str, str]:
    """ISO 3166-1: the three letters of the API, and the two letters by which Babel knows the country's name."""
    # Imported on first use: reading the country data takes longer than the rest of the start.
    import pycountry

    return {country.alpha_3: country.alpha_2 for country in pycountry.countries}
