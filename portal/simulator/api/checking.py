"""Checks a request's JSON object by its declared schema; the errors have the object's shape, as Django REST has it.

It knows the keywords that the requests' schemas use, and no others: test_schemas holds the two together.
"""

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from .. import rules
from .schemas import LIMITS, MESSAGE, REQUIRED, RULE, RULES, SCHEMAS, SOURCE, Schema

Errors = list[str] | dict[str, Any] | None

MISSING = "This field is required."
UNKNOWN = "This field is not known."

TYPES: dict[str, tuple[type, str]] = {
    "string": (str, "A text is expected."),
    "boolean": (bool, "true or false is expected."),
    "integer": (int, "A whole number is expected."),
}
FORMATS: dict[str, tuple[Callable[[str], bool], str]] = {
    "date": (lambda value: rules.read_date(value) is not None, "A date in the form YYYY-MM-DD is expected."),
    "date-time": (
        lambda value: bool(rules.RFC_3339.fullmatch(value.upper())) and rules.read_instant(value.upper()) is not None,
        "An instant in the form YYYY-MM-DDThh:mm:ss with a time zone is expected.",
    ),
    "email": (rules.is_email, "An email address is expected."),
}
KEYWORDS = {
    *("type", "enum", "const", "pattern", "format", "minLength", "maxLength", "minimum", "maximum", "description"),
    *("properties", "required", "additionalProperties", "dependentRequired", "$ref"),
    *(SOURCE, LIMITS, REQUIRED, RULE, MESSAGE),
}


def check(value: Any, schema: Schema, strict: bool) -> Errors:
    """None, or the messages for this value: a list, or a dictionary of the fields below it."""
    if "$ref" in schema:
        schema = SCHEMAS[schema["$ref"].rpartition("/")[2]]
    if value is None:
        return ["This field may not be null."]
    if schema["type"] == "object":
        return _check_object(value, schema, strict)
    message = _wrong(value, schema)
    if message is None and RULE in schema:
        rule = RULES[schema[RULE]]
        if (strict or not rule.plausibility) and not rule.holds(value):
            message = rule.message
    return [message] if message else None


def known_fields(value: Any, schema: Schema) -> Any:
    """The value without the fields that its schema does not know: what is kept of a request that is not strict."""
    if "$ref" in schema:
        schema = SCHEMAS[schema["$ref"].rpartition("/")[2]]
    if schema["type"] != "object":
        return value
    fields = schema["properties"]
    return {name: known_fields(value[name], field) for name, field in fields.items() if name in value}


def _check_object(value: Any, schema: Schema, strict: bool) -> Errors:
    if not isinstance(value, dict):
        return {"non_field_errors": ["An object is expected."]}
    fields: Mapping[str, Schema] = schema["properties"]
    errors: dict[str, Any] = {name: [MISSING] for name in schema.get("required", ()) if name not in value}
    for name, others in schema.get("dependentRequired", {}).items():
        if name in value:
            errors |= {other: [MISSING] for other in others if other not in value}
    for name, field in fields.items():
        if name in value and (found := check(value[name], field, strict)):
            errors[name] = found
    if strict:
        # Named as it came: the name of an unknown field is no personal datum.
        errors |= {_printable(name): [UNKNOWN] for name in value if name not in fields}
    return errors or None


def _wrong(value: Any, schema: Schema) -> str | None:
    """What is wrong with a single value by the keywords of its schema."""
    kind, expected = TYPES[schema["type"]]
    # In JSON Schema 5.0 is a whole number, in Python true is one.
    value = int(value) if kind is int and isinstance(value, float) and value.is_integer() else value
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        return expected
    if kind is int:
        fits = schema.get("minimum", value) <= value <= schema.get("maximum", value)
        return None if fits else f"A number from {schema.get('minimum')} to {schema.get('maximum')} is expected."
    if isinstance(value, str) and (message := _wrong_text(value, schema)):
        return message
    allowed = schema.get("enum", [schema["const"]] if "const" in schema else [value])
    if value not in allowed:
        return schema.get(MESSAGE) or f"One of {', '.join(map(str, allowed))} is expected."
    return None


def _wrong_text(value: str, schema: Schema) -> str | None:
    if any(0xD800 <= ord(character) <= 0xDFFF for character in value):
        return TYPES["string"][1]
    if not value.strip() and "enum" not in schema:
        return "This field may not be blank."
    if len(value) > schema.get("maxLength", len(value)):
        return str(schema.get(MESSAGE) or f"At most {schema['maxLength']} characters are allowed.")
    if "pattern" in schema and not _compiled(schema["pattern"]).search(value):
        return str(schema.get(MESSAGE, TYPES["string"][1]))
    if "format" in schema and not FORMATS[schema["format"]][0](value):
        return FORMATS[schema["format"]][1]
    return None


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """As JSON Schema means it: Python's $ would also match before a newline at the end."""
    return re.compile(re.sub(r"\$$", r"\\Z", pattern))


def _printable(name: str) -> str:
    return name[:100].encode("utf-8", "backslashreplace").decode()
