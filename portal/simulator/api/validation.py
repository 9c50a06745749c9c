"""Checks JSON objects field by field; the errors have the shape of the object, as Django REST framework has it."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, NamedTuple

from .. import rules

Check = Callable[[Any], Any]

REQUIRED = "This field is required."
UNKNOWN = "This field is not known."


class Invalid(Exception):
    """Holds the messages for one value: a list, or a dictionary of the fields below it."""

    def __init__(self, errors: list[str] | dict[str, Any] | str) -> None:
        super().__init__()
        self.errors = [errors] if isinstance(errors, str) else errors


class Field(NamedTuple):
    check: Check
    required: bool = True


def check_fields(value: Any, fields: Mapping[str, Field], strict: bool) -> dict[str, Any]:
    """Return what the fields' checks make of the object, or raise Invalid with all errors at once."""
    if not isinstance(value, dict):
        raise Invalid({"non_field_errors": ["An object is expected."]})
    errors: dict[str, Any] = {}
    result: dict[str, Any] = {}
    for name, field in fields.items():
        if value.get(name) is None:
            if field.required:
                errors[name] = [REQUIRED if name not in value else "This field may not be null."]
            continue
        try:
            result[name] = field.check(value[name])
        except Invalid as invalid:
            errors[name] = invalid.errors
    if strict:
        # Named as it came: the name of an unknown field is no personal datum.
        errors.update({str(name)[:100]: [UNKNOWN] for name in value if name not in fields})
    if errors:
        raise Invalid(errors)
    return result


def text(longest: int = 200) -> Check:
    def check(value: Any) -> str:
        if not isinstance(value, str) or not rules.is_text(value):
            raise Invalid("A text is expected.")
        if not value.strip():
            raise Invalid("This field may not be blank.")
        if len(value) > longest:
            raise Invalid(f"At most {longest} characters are allowed.")
        return value.strip()

    return check


def matching(rule: Callable[[str], bool], message: str) -> Check:
    def check(value: Any) -> str:
        stripped: str = text()(value)
        if not rule(stripped):
            raise Invalid(message)
        return stripped

    return check


def one_of(*choices: str) -> Check:
    return matching(lambda value: value in choices, f"One of {', '.join(choices)} is expected.")


def boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise Invalid("true or false is expected.")
    return value


def false(value: Any) -> bool:
    if boolean(value):
        raise Invalid("Persons subject to US tax are not accepted.")
    return False


def day(value: Any) -> date:
    found = rules.read_date(text()(value))
    if found is None:
        raise Invalid("A date in the form YYYY-MM-DD is expected.")
    return found


def moment(value: Any) -> datetime:
    found = rules.read_instant(text()(value))
    if found is None:
        raise Invalid("An instant in the form YYYY-MM-DDThh:mm:ss with a time zone is expected.")
    return found


country = matching(lambda value: value in rules.countries(), "A country code of ISO 3166-1 alpha-3 is expected.")
