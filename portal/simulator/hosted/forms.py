"""What the investor enters on the hosted pages, and what is wrong with it, in the investor's language.

All progress is written to the investment's row at once, for the investor may go on in another browser.
"""

import unicodedata
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from babel import Locale
from flask import request
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_babel.speaklater import LazyString

from .. import rules
from ..funding import remaining
from ..language import money, plain_amount, read_amount
from ..models import Investment, Investor
from ..runtime import runtime
from .texts import QUESTIONS

DEFAULT_AMOUNT = 1000_00

GERMANY = "DEU"
# Offered for citizenship and residence, besides what was imported: the European Economic Area and its neighbours.
OFFERED_COUNTRIES = [
    "AUT",
    "BEL",
    "BGR",
    "CHE",
    "CYP",
    "CZE",
    "DEU",
    "DNK",
    "ESP",
    "EST",
    "FIN",
    "FRA",
    "GBR",
    "GRC",
    "HRV",
    "HUN",
    "IRL",
    "ISL",
    "ITA",
    "LIE",
    "LTU",
    "LUX",
    "LVA",
    "MLT",
    "NLD",
    "NOR",
    "POL",
    "PRT",
    "ROU",
    "SRB",
    "SVK",
    "SVN",
    "SWE",
    "TUR",
    "UKR",
]


@dataclass
class Form:
    """Typed text by field name, and messages by field name; the message under "" concerns the whole form."""

    values: dict[str, str]
    errors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of_request(cls, names: list[str]) -> "Form":
        return cls({name: request.form.get(name, "")[:300].strip() for name in names})


class Detail(NamedTuple):
    """One field of the imported data: its name, where it lives in the API's object, and what is wrong with a value."""

    name: str
    section: str
    check: Callable[[str], str | None]


def _text(message: Callable[[], str], longest: int = 200) -> Callable[[str], str | None]:
    return lambda value: None if value and len(value) <= longest and rules.is_text(value) else message()


def _rule(rule: Callable[[str], bool], message: Callable[[], str]) -> Callable[[str], str | None]:
    return lambda value: None if rule(value) else message()


DETAILS = [
    Detail("email", "communication", _rule(rules.is_email, lambda: _("Enter an email address like name@example.org"))),
    Detail(
        "forename", "natural_person", _text(lambda: _("Enter your first names as they are on your identity document"))
    ),
    Detail("surname", "natural_person", _text(lambda: _("Enter your last name as it is on your identity document"))),
    Detail("birth_place", "natural_person", _text(lambda: _("Enter your place of birth"))),
    Detail(
        "citizenship", "natural_person", _rule(lambda v: v in rules.countries(), lambda: _("Choose your citizenship"))
    ),
    Detail("street", "natural_person", _text(lambda: _("Enter your street and house number"))),
    Detail("zip", "natural_person", _text(lambda: _("Enter your postcode"), 20)),
    Detail("city", "natural_person", _text(lambda: _("Enter your town or city"))),
    Detail("country", "natural_person", _rule(lambda v: v in rules.countries(), lambda: _("Choose your country"))),
    Detail("phone", "natural_person", _rule(rules.is_phone, lambda: _("Enter a phone number like +49 30 1234567"))),
    Detail("account_holder", "bank_account", _text(lambda: _("Enter who holds the account"))),
    Detail(
        "iban",
        "bank_account",
        _rule(rules.is_iban, lambda: _("This IBAN has a typing mistake. Compare it with your bank card")),
    ),
    Detail("tax_identification_number", "tax_information", _text(lambda: _("Enter your tax id"), 50)),
]
BIRTH = ("birth_day", "birth_month", "birth_year")
# What the API lets portals leave out, the investor may leave out too.
OPTIONAL_SECTIONS = frozenset({"bank_account", "tax_information"})


def show_details(investor: Investor) -> Form:
    data = investor.data | {"communication": investor.communication or {}}
    values = {detail.name: str((data.get(detail.section) or {}).get(detail.name, "")) for detail in DETAILS}
    year, month, day = data["natural_person"]["birth_date"].split("-")
    return Form(values | {"birth_day": str(int(day)), "birth_month": str(int(month)), "birth_year": year})


def read_details(investor: Investor) -> Form:
    form = Form.of_request([detail.name for detail in DETAILS] + list(BIRTH))
    for detail in DETAILS:
        in_use = detail.section not in OPTIONAL_SECTIONS or any(
            form.values[other.name] for other in DETAILS if other.section == detail.section
        )
        if in_use and (message := detail.check(form.values[detail.name])):
            form.errors[detail.name] = message
        if detail.name == "surname" and (message := _birth_message(form.values)):
            form.errors["birth_day"] = message
    return form


def store_details(investor: Investor, form: Form) -> None:
    """Take over what was typed; an address that was changed here is not a confirmed one."""
    data = deepcopy(investor.data)
    for detail in DETAILS:
        if detail.section != "communication" and form.values[detail.name]:
            data.setdefault(detail.section, {})[detail.name] = form.values[detail.name]
    for section in OPTIONAL_SECTIONS & data.keys():
        if not any(form.values[detail.name] for detail in DETAILS if detail.section == section):
            del data[section]
    if iban := data.get("bank_account", {}).get("iban"):
        data["bank_account"]["iban"] = rules.compact_iban(iban)
    data["natural_person"]["birth_date"] = _birth_date(form.values).isoformat()
    investor.data = data
    if (investor.communication or {}).get("email") != form.values["email"]:
        investor.communication = {"email": form.values["email"], "email_confirmed": False}


def _birth_date(values: dict[str, str]) -> date:
    return date(*(int(values[name]) for name in reversed(BIRTH)))


def _birth_message(values: dict[str, str]) -> str | None:
    if not all(values[name].isascii() and values[name].isdigit() for name in BIRTH):
        return str(_("Enter your date of birth as three numbers: day, month and year"))
    try:
        years = rules.age(_birth_date(values), runtime().clock.now().date())
    except (ValueError, OverflowError):
        return str(_("This date of birth does not exist"))
    if not rules.ADULT_YEARS <= years <= rules.OLDEST_YEARS:
        return str(_("You must be at least 18 years old"))
    return None


def country_choices(*imported: str) -> list[tuple[str, str]]:
    """Codes and names in the page's language, sorted by name; Germany first."""
    names = Locale.parse(str(get_locale())).territories
    codes = {code for code in (*OFFERED_COUNTRIES, *imported) if code in rules.countries()}
    found = [(code, names.get(rules.countries()[code], code)) for code in codes]
    return sorted(found, key=lambda pair: (pair[0] != GERMANY, _collated(pair[1])))


def _collated(text: str) -> str:
    """Accents and umlauts sort as their letters, as DIN 5007-1 and English lists have it."""
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(character for character in decomposed if character.isalpha()).casefold()


def show_amount(investment: Investment) -> Form:
    campaign = investment.campaign
    usual = max(campaign.minimum, min(DEFAULT_AMOUNT, campaign.maximum, remaining(campaign)))
    return Form({"amount": plain_amount(investment.amount or usual)})


def read_units(investment: Investment) -> tuple[Form, int]:
    form, campaign = Form.of_request(["amount"]), investment.campaign
    cents, left = read_amount(form.values["amount"]), remaining(campaign)
    if cents is None:
        form.errors["amount"] = _("Enter an amount like %(amount)s", amount=money(5000_00, decimals=False))
    elif cents < campaign.minimum:
        form.errors["amount"] = _("Invest at least %(amount)s", amount=money(campaign.minimum, decimals=False))
    elif cents > campaign.maximum:
        form.errors["amount"] = _("Invest at most %(amount)s", amount=money(campaign.maximum, decimals=False))
    elif cents % campaign.nominal:
        form.errors["amount"] = _(
            "Enter a multiple of %(nominal)s, for example %(amount)s",
            nominal=money(campaign.nominal, decimals=False),
            amount=money(5000_00, decimals=False),
        )
    elif cents > left:
        form.errors["amount"] = _("Only %(amount)s is left in this campaign", amount=money(left, decimals=False))
    return form, (cents or 0) // campaign.nominal


def read_boxes(boxes: Mapping[str, LazyString]) -> Form:
    """Boxes are never ticked in advance, and after an error only those that were ticked."""
    form = Form.of_request(list(boxes))
    form.errors = {name: str(message) for name, message in boxes.items() if not form.values[name]}
    return form


def show_answers(investment: Investment) -> Form:
    """Answered favourably in advance, for this is a simulation; what was answered before is kept."""
    return Form({question.name: question.choices[0].value for question in QUESTIONS} | (investment.answers or {}))


def read_answers() -> Form:
    """With a warning that was shown, going on needs the box below it [assumed: the real process may differ]."""
    form = Form.of_request([question.name for question in QUESTIONS] + ["warned", "acknowledged"])
    for question in QUESTIONS:
        if form.values[question.name] not in [choice.value for choice in question.choices]:
            form.errors[question.name] = _("Choose an answer")
    if form.values["warned"] and doubts(form) and not form.values["acknowledged"]:
        form.errors["acknowledged"] = _("Confirm that you want to go on in spite of the warning")
    return form


def doubts(form: Form) -> list[LazyString]:
    """Why the product may not be appropriate, by the answers."""
    answers = [(question, form.values.get(question.name)) for question in QUESTIONS]
    return [question.doubt for question, answer in answers if answer not in (question.choices[0].value, "", None)]
