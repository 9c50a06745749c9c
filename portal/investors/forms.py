"""One form per step of the investor data. Fields bear the API's names, so that a program can fill them as well.

A form shows what was typed and hands out (`answers`) what is sent: the libraries' clean forms.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from wtforms import BooleanField, HiddenField, RadioField, SelectChoice, SelectField, StringField
from wtforms.validators import ValidationError

from .. import language
from ..language import gettext as _
from ..language import lazy_gettext as _l
from ..web import Form
from . import checks, countries

YES = frozenset({"true", "yes", "y", "on", "1"})


class Checked:
    """Runs a check on what was typed and keeps the clean form beside it."""

    def __init__(self, check: Callable[[str], Any], *, optional: bool = False) -> None:
        self.check = check
        self.optional = optional
        self.field_flags = {"optional": True} if optional else {}

    def __call__(self, form: Form, field: Any) -> None:
        typed = field.data or ""
        if not (self.optional and not typed.strip()):
            field.clean = self.check(typed)


def line(missing: Any, longest: int = 100) -> Checked:
    return Checked(lambda typed: checks.text(typed, str(missing), longest))


def _name(missing: Any) -> Checked:
    return Checked(lambda typed: checks.name(typed, str(missing)))


def _country(missing: Any) -> Checked:
    return Checked(lambda typed: checks.country(typed, str(missing)))


def one_of(*allowed: str, missing: Any, optional: bool = False) -> Checked:
    def check(typed: str) -> str:
        if typed not in allowed:
            raise ValidationError(str(missing))
        return typed

    return Checked(check, optional=optional)


def as_choice(value: Any) -> str:
    """Stored booleans and whatever a program may send for them, as the two values of the radio buttons."""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value).strip().lower()
    return "true" if text in YES else "false" if text in ("false", "no", "n", "off", "0") else text


def _yes_no(label: Any, missing: Any) -> RadioField:
    def check(typed: str) -> bool:
        if typed not in ("true", "false"):
            raise ValidationError(str(missing))
        return typed == "true"

    return radios(label, {"true": _l("Yes"), "false": _l("No")}, validators=[Checked(check)])


def radios(label: Any, choices: dict[str, Any], **options: Any) -> RadioField:
    """Radio buttons: values to labels."""
    return RadioField(label, choices=_choices(choices), coerce=as_choice, validate_choice=False, **options)


def select(
    label: Any, validator: Checked | None, choices: dict[str, Any] | Callable[[], dict[str, Any]], **options: Any
) -> SelectField:
    """A list to choose from: values to labels, or a function that makes them in the language of the request."""
    made = (lambda: _choices(choices())) if callable(choices) else _choices(choices)
    return SelectField(label, [validator] if validator else [], choices=made, validate_choice=False, **options)


def _choices(labels: dict[str, Any]) -> list[SelectChoice]:
    return [SelectChoice(value, label) for value, label in labels.items()]


def _countries_after_blank() -> dict[str, str]:
    return {"": _("Please choose"), **countries.by_name()}


class StepForm(Form):
    """What all steps have in common."""

    @classmethod
    def to_fields(cls, stored: dict[str, Any]) -> dict[str, Any]:
        """Stored answers as the fields show them."""
        return stored

    def answers(self) -> dict[str, Any]:
        """The clean answers, by the API's names; what was left out is not there."""
        return {field.name: field.clean for field in self if getattr(field, "clean", None) is not None}

    def summary(self) -> list[tuple[str, str]]:
        """Labels and values for reading over; what was left out is not there."""
        rows = [(str(field.label.text), self.shown(field)) for field in self]
        return [(label, value) for label, value in rows if value]

    def shown(self, field: Any) -> str:
        """The value of a field in words."""
        if isinstance(field, SelectField):
            return next((str(choice.label) for choice in field.iter_choices() if choice.value and choice.selected), "")
        if isinstance(field, BooleanField):
            return str(_("Yes") if field.data else _("No"))
        return str(field.data or "")


class PersonForm(StepForm):
    salutation = select(
        _l("Form of address"),
        one_of("MS", "MR", missing=_l("Choose one of the list"), optional=True),
        {"": _l("None"), "MS": _l("Ms"), "MR": _l("Mr")},
    )
    forename = StringField(
        _l("First names"), [_name(_l("Enter your first names as they are on your identity document"))]
    )
    surname = StringField(_l("Last name"), [_name(_l("Enter your last name as it is on your identity document"))])


class BirthForm(StepForm):
    birth_day = StringField(_l("Day"))
    birth_month = StringField(_l("Month"))
    birth_year = StringField(_l("Year"))
    birth_place = StringField(_l("Place of birth"), [_name(_l("Enter the place where you were born"))])
    citizenship = select(
        _l("Citizenship"), _country(_l("Choose the country whose citizen you are")), _countries_after_blank
    )

    born: date | None = None

    def validate(self, extra_validators: Any = None) -> bool:
        others_right = bool(super().validate(extra_validators))
        parts = {"day": self.birth_day, "month": self.birth_month, "year": self.birth_year}
        try:
            typed = {part: field.data or "" for part, field in parts.items()}
            self.born = checks.birth_date(typed, language.today())
        except checks.BirthDateError as error:
            parts[error.part].errors = [str(error)]
        return others_right and self.born is not None

    @property
    def is_minor(self) -> bool:
        return self.born is not None and checks.age(self.born, language.today()) < checks.ADULT_YEARS

    @classmethod
    def to_fields(cls, stored: dict[str, Any]) -> dict[str, Any]:
        if "birth_date" not in stored:
            return stored
        born = date.fromisoformat(stored["birth_date"])
        return {**stored, "birth_day": str(born.day), "birth_month": str(born.month), "birth_year": str(born.year)}

    def answers(self) -> dict[str, Any]:
        return {"birth_date": self.born.isoformat() if self.born else None, **super().answers()}

    def summary(self) -> list[tuple[str, str]]:
        born = date(int(self.birth_year.data), int(self.birth_month.data), int(self.birth_day.data))
        rows = [(str(field.label.text), self.shown(field)) for field in (self.birth_place, self.citizenship)]
        return [(_("Date of birth"), language.day(born)), *rows]


class AddressForm(StepForm):
    street = StringField(_l("Street and number"), [line(_l("Enter street and house number"))])
    zip = StringField(_l("Postcode"))
    city = StringField(_l("Town or city"), [_name(_l("Enter the town or city"))])
    country = select(
        _l("Country"), _country(_l("Choose the country in which you live")), countries.by_name, default="DEU"
    )
    phone = StringField(_l("Phone"))

    @classmethod
    def to_fields(cls, stored: dict[str, Any]) -> dict[str, Any]:
        # Imported on first use: reading its data takes longer than the rest of the start.
        import phonenumbers

        if "phone" not in stored:
            return stored
        number = phonenumbers.parse(stored["phone"])
        shown = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
        return {**stored, "phone": str(shown)}

    def validate_zip(self, field: Any) -> None:
        field.clean = checks.postcode(field.data or "", self.country.data)

    def validate_phone(self, field: Any) -> None:
        # Without a country the message about that is enough.
        if not self.country.errors:
            field.clean = checks.phone(field.data or "", self.country.data)


class TaxForm(StepForm):
    # Not an API field: it decides by which rules the number is checked, and is not passed on.
    tax_country = select(_l("Country in which you pay tax"), None, countries.by_name, default="DEU")
    tax_identification_number = StringField(_l("Tax id"))
    non_assessment_certificate = BooleanField(_l("I have a non-assessment certificate"))

    def validate_tax_country(self, field: Any) -> None:
        checks.country(field.data or "", _("Choose the country in which you pay tax"))

    def validate_tax_identification_number(self, field: Any) -> None:
        field.clean = checks.tax_number(field.data or "", self.tax_country.data)

    def answers(self) -> dict[str, Any]:
        return {**super().answers(), "non_assessment_certificate": bool(self.non_assessment_certificate.data)}


class BankForm(StepForm):
    account_holder = StringField(_l("Account holder"), [_name(_l("Enter the name of the account holder"))])
    iban = StringField("IBAN", [Checked(checks.iban)])
    bic = StringField("BIC", [Checked(checks.bic, optional=True)])
    bank = StringField(_l("Name of the bank"), [Checked(lambda typed: checks.text(typed, ""), optional=True)])

    @classmethod
    def to_fields(cls, stored: dict[str, Any]) -> dict[str, Any]:
        iban = stored.get("iban", "")
        return {**stored, "iban": " ".join(iban[start : start + 4] for start in range(0, len(iban), 4))}

    def answers(self) -> dict[str, Any]:
        """With the account's country, which the IBAN begins with; payouts are in euros."""
        answers = super().answers()
        country = countries.by_two_letters(answers["iban"][:2])
        return {**answers, **({"country": country} if country else {}), "currency": "EUR"}


class StatementsForm(StepForm):
    is_beneficiary = _yes_no(_l("Do you act on your own behalf?"), _l("Say whether you act on your own behalf"))
    pep_status = _yes_no(
        _l("Do you, a close relative or a close associate hold a prominent public office?"),
        _l("Say whether one of you holds a prominent public office"),
    )
    is_subject_to_us_tax = _yes_no(
        _l("Are you subject to tax in the USA?"), _l("Say whether you are subject to tax in the USA")
    )


class ConsentForm(Form):
    consent = BooleanField()
    # The language in which the text was read: that text is what was agreed to.
    consent_language = HiddenField()

    def validate_consent(self, field: Any) -> None:
        if not field.data:
            raise ValidationError(_("Confirm that we may pass your data to Cashlink, or stop here"))
