"""What the API takes and gives, declared once as JSON Schema (2020-12), each point with its source.

Requests are checked by these schemas (checking.py), the OpenAPI description is made from them (description.py). A rule
that a schema cannot say stands in RULES, and the field names it in x-cashlink-rule. Knows neither Flask nor the
database.

The sources: documented in Cashlink's public documentation; seen in a public script written against Cashlink's demo
environment; assumed by us.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from .. import rules
from ..assumptions import DOCUMENT_TYPES, IDENTITY_PROVIDERS, SALUTATIONS, UPLOAD_BYTES, UPLOAD_TYPES
from ..statuses import STATUS_LABELS

Schema = dict[str, Any]

DOCUMENTED, SEEN, ASSUMED = "documented", "seen", "assumed"
SOURCE, RULE, MESSAGE = "x-cashlink-source", "x-cashlink-rule", "x-message"
# A field may be documented while its lengths, patterns and choices, or that it is required, are our guess.
LIMITS, REQUIRED = "x-cashlink-limits-source", "x-cashlink-required-source"

# One line of text: no control characters, and something else than spaces.
LINE = r"^[^\u0000-\u001f\u007f]*[^\u0000-\u0020\u007f][^\u0000-\u001f\u007f]*$"
ID_LENGTH = 50
# A clock that is a little ahead of ours is no reason to refuse.
CLOCK_TOLERANCE = timedelta(minutes=5)


class Rule(NamedTuple):
    """A rule beyond a schema. A plausibility is the simulator's own strictness: SIMULATOR_STRICT=0 leaves it out."""

    holds: Callable[[Any], bool]
    message: str
    meaning: LazyString
    plausibility: bool = False


def _is_adult(value: str) -> bool:
    born = rules.read_date(value)
    return born is not None and rules.ADULT_YEARS <= rules.age(born, datetime.now(UTC).date()) <= rules.OLDEST_YEARS


def _is_past(value: str) -> bool:
    at = rules.read_instant(value.upper())
    return at is not None and at <= datetime.now(UTC) + CLOCK_TOLERANCE


def _has_begun(value: str) -> bool:
    return (rules.read_date(value) or date.max) <= datetime.now(UTC).date()


def _has_not_ended(value: str) -> bool:
    return (rules.read_date(value) or date.min) >= datetime.now(UTC).date()


RULES: dict[str, Rule] = {
    "iban": Rule(rules.is_iban, "The IBAN is not valid.", _l("The check digits of an IBAN are right.")),
    "bic": Rule(rules.is_bic, "The BIC is not valid.", _l("A BIC names a country.")),
    "country": Rule(
        lambda value: value in rules.countries(),
        "A country code of ISO 3166-1 alpha-3 is expected.",
        _l("A country code is one of ISO 3166-1 alpha-3."),
    ),
    "adult": Rule(
        _is_adult, "The investor must be at least 18 years old.", _l("Investors are 18 to 120 years old."), True
    ),
    "past": Rule(
        _is_past, "The instant must not be in the future.", _l("What has happened is not in the future."), True
    ),
    "begun": Rule(_has_begun, "The document is not valid yet.", _l("An identity document is valid already."), True),
    "not ended": Rule(_has_not_ended, "The document has expired.", _l("An identity document is still valid."), True),
}


def text(source: str, longest: int = 200, **more: Any) -> Schema:
    limits: Schema = {"minLength": 1, "maxLength": longest, "pattern": LINE, LIMITS: ASSUMED}
    return {"type": "string", **limits, **more, SOURCE: source}


def one_of(source: str, *choices: str) -> Schema:
    return {"type": "string", "enum": list(choices), LIMITS: ASSUMED, SOURCE: source}


def boolean(source: str) -> Schema:
    return {"type": "boolean", SOURCE: source}


def day(source: str, **more: Any) -> Schema:
    return {"type": "string", "format": "date", **more, SOURCE: source}


def moment(source: str, **more: Any) -> Schema:
    return {"type": "string", "format": "date-time", **more, SOURCE: source}


def country(source: str) -> Schema:
    message = RULES["country"].message
    return text(source, 3, pattern="^[A-Z]{3}$", **{RULE: "country", MESSAGE: message, LIMITS: DOCUMENTED})


def identifier(source: str) -> Schema:
    return {"type": "string", "format": "uuid", SOURCE: source}


def ref(name: str, source: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}", SOURCE: source}


def record(properties: dict[str, Schema], optional: tuple[str, ...] = (), **more: Any) -> Schema:
    """An object that is closed: in the strict mode unknown fields are refused."""
    required = [name for name in properties if name not in optional]
    shape: Schema = {"type": "object", "properties": properties, "additionalProperties": False, **more}
    return shape | ({"required": required, REQUIRED: ASSUMED} if required else {})


def or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}], SOURCE: schema[SOURCE]}


PERSON = record(
    {
        "salutation": one_of(DOCUMENTED, *SALUTATIONS),
        "forename": text(DOCUMENTED),
        "surname": text(DOCUMENTED),
        "birth_date": day(DOCUMENTED, **{RULE: "adult"}),
        "birth_place": text(DOCUMENTED),
        "citizenship": country(DOCUMENTED),
        "street": text(DOCUMENTED),
        "city": text(DOCUMENTED),
        "zip": text(DOCUMENTED, 20),
        "country": country(DOCUMENTED),
        "phone": text(
            DOCUMENTED,
            31,
            pattern=rules.PHONE.pattern,
            **{MESSAGE: "A phone number is expected, for example +49 30 1234567."},
        ),
        # Newer versions take these two, and refuse true for the latter.
        "is_pep": boolean(DOCUMENTED),
        "is_subject_to_us_tax": {
            "type": "boolean",
            "const": False,
            MESSAGE: "Persons subject to US tax are not accepted.",
            SOURCE: DOCUMENTED,
        },
    },
    optional=("salutation", "is_pep", "is_subject_to_us_tax"),
)

BANK_ACCOUNT = record(
    {
        "account_holder": text(SEEN),
        "iban": text(
            SEEN,
            42,
            pattern="^[A-Za-z]{2}[0-9]{2}[0-9A-Za-z ]{10,38}$",
            **{RULE: "iban", MESSAGE: RULES["iban"].message},
        ),
        "bic": text(
            SEEN,
            11,
            pattern="^[A-Z]{6}[0-9A-Z]{2}([0-9A-Z]{3})?$",
            **{RULE: "bic", MESSAGE: RULES["bic"].message},
        ),
        "bank": text(SEEN),
        "country": country(SEEN),
        "currency": one_of(SEEN, "EUR"),
    },
    optional=("bic", "bank", "country", "currency"),
)

TAX_INFORMATION = record(
    {"tax_identification_number": text(SEEN, 50), "non_assessment_certificate": boolean(SEEN)},
    optional=("tax_identification_number", "non_assessment_certificate"),
)

COMMUNICATION = record(
    {
        "email": {
            "type": "string",
            "format": "email",
            "maxLength": 254,
            LIMITS: ASSUMED,
            MESSAGE: "An email address is expected.",
            SOURCE: DOCUMENTED,
        },
        "email_confirmed": boolean(DOCUMENTED),
    },
    optional=("email_confirmed",),
)

INVESTOR_FIELDS: dict[str, Schema] = {
    "natural_person": ref("NaturalPerson", DOCUMENTED),
    "bank_account": ref("BankAccount", SEEN),
    "tax_information": ref("TaxInformation", SEEN),
    "is_beneficiary": boolean(DOCUMENTED),
    "pep_status": boolean(SEEN),
    "account_setup_accepted_at": moment(SEEN, **{RULE: "past"}),
}
INVESTOR_OPTIONAL = ("bank_account", "tax_information")

IDENTIFICATION = record(
    {
        "document_type": one_of(SEEN, *DOCUMENT_TYPES),
        "document_id": text(SEEN, 50),
        "document_issuer": text(SEEN),
        "document_valid_from": day(SEEN, **{RULE: "begun"}),
        "document_valid_to": day(SEEN, **{RULE: "not ended"}),
        "identity_provider": one_of(SEEN, *IDENTITY_PROVIDERS),
        "legitimation_process_id": text(SEEN),
        "legitimation_protocol_id": text(SEEN, ID_LENGTH),
        "verified_at": moment(SEEN, **{RULE: "past"}),
    }
)

# Without signed_at and units it begins the web-based subscription; with both it is signed already. The names are those
# of distributor-api/concepts/investments; what else that page allows (accepted_at, paid_at, wallet) has no documented
# status and is not imitated.
NEW_INVESTMENT = record(
    {
        "campaign_id": text(DOCUMENTED, ID_LENGTH),
        "investor_id": text(DOCUMENTED, ID_LENGTH),
        "units": {"type": "integer", "minimum": 1, "maximum": 10**9, LIMITS: ASSUMED, SOURCE: DOCUMENTED},
        "signed_at": moment(DOCUMENTED, **{RULE: "past"}),
    },
    optional=("units", "signed_at"),
    dependentRequired={"signed_at": ["units"], "units": ["signed_at"]},
)

STATUS: Schema = {
    "type": "string",
    "enum": [code for code in STATUS_LABELS if code],
    "description": "An open set: clients must bear with codes that are not in this list.",
    SOURCE: DOCUMENTED,
}

INVESTMENT = record(
    {
        "id": identifier(ASSUMED),
        "start_url": or_null({"type": "string", "format": "uri", SOURCE: DOCUMENTED}),
        "status": or_null(STATUS),
        "campaign_id": text(DOCUMENTED, ID_LENGTH),
        "investor_id": text(ASSUMED, ID_LENGTH),
        "units": or_null({"type": "integer", "minimum": 1, SOURCE: DOCUMENTED}),
        "signed_at": or_null(moment(ASSUMED)),
    }
)

MONEY = record(
    {
        "amount": {"type": "string", "pattern": "^[0-9]+$", SOURCE: DOCUMENTED},
        "decimals": {"type": "integer", "minimum": 0, SOURCE: DOCUMENTED},
        "currency": {"type": "string", "const": "EUR", SOURCE: DOCUMENTED},
    }
)

RECENT_INVESTMENT = record(
    {
        "signed_date": moment(DOCUMENTED),
        "amount": ref("Money", DOCUMENTED),
        "postal_code": or_null({"type": "string", SOURCE: DOCUMENTED}),
    }
)

PRODUCT = record(
    {
        "name": text(DOCUMENTED),
        # BOND and DIGITAL_COMPANY_SHARE were seen.
        "type": text(DOCUMENTED),
        "volume": ref("Money", DOCUMENTED),
        "investment_sum": ref("Money", DOCUMENTED),
        "investment_count": {"type": "integer", "minimum": 0, SOURCE: DOCUMENTED},
        "recent_investments": {
            "type": "array",
            "items": ref("RecentInvestment", DOCUMENTED),
            SOURCE: DOCUMENTED,
        },
    }
)

PAGE = record(
    {
        "count": {"type": "integer", "minimum": 0, SOURCE: DOCUMENTED},
        "next": or_null({"type": "string", "format": "uri", SOURCE: DOCUMENTED}),
        "previous": or_null({"type": "string", "format": "uri", SOURCE: DOCUMENTED}),
        "results": {"type": "array", "items": ref("Investment", DOCUMENTED), SOURCE: DOCUMENTED},
    }
)

UPLOAD = record(
    {
        "file": {
            "type": "string",
            "contentMediaType": ", ".join(UPLOAD_TYPES.values()),
            "description": f"A PDF, PNG or JPEG of at most {UPLOAD_BYTES // 1024 // 1024} MiB.",
            SOURCE: DOCUMENTED,
        }
    }
)

# RFC 6749, 3.2: parameters that are not known are ignored.
TOKEN_REQUEST = record(
    {
        "grant_type": {"type": "string", "const": "client_credentials", SOURCE: DOCUMENTED},
        "scope": {"type": "string", "description": "Separated by spaces; left out: all.", SOURCE: DOCUMENTED},
        "client_id": {"type": "string", SOURCE: DOCUMENTED},
        "client_secret": {"type": "string", SOURCE: DOCUMENTED},
    },
    optional=("scope", "client_id", "client_secret"),
    additionalProperties=True,
)

TOKEN = record(
    {
        "access_token": {"type": "string", SOURCE: DOCUMENTED},
        "token_type": {"type": "string", "const": "Bearer", SOURCE: ASSUMED},
        "expires_in": {"type": "integer", "minimum": 1, SOURCE: ASSUMED},
        "scope": {"type": "string", SOURCE: ASSUMED},
    }
)

TOKEN_ERROR = record(
    {
        "error": one_of(
            ASSUMED,
            "invalid_request",
            "invalid_client",
            "invalid_scope",
            "unsupported_grant_type",
            "unauthorized_client",
        ),
        "error_description": {"type": "string", SOURCE: ASSUMED},
    },
    optional=("error_description",),
)

# {"natural_person": {"phone": ["…"]}}: messages by field, nested as the request is; or {"detail": "…"}.
FIELD_ERRORS: Schema = {
    "type": "object",
    "minProperties": 1,
    "additionalProperties": {
        "anyOf": [
            {"type": "string"},
            {"type": "array", "items": {"type": "string"}},
            {"$ref": "#/components/schemas/FieldErrors"},
        ]
    },
    SOURCE: ASSUMED,
}

SCHEMAS: dict[str, Schema] = {
    "NewInvestor": record(INVESTOR_FIELDS, INVESTOR_OPTIONAL),
    "NaturalPerson": PERSON,
    "BankAccount": BANK_ACCOUNT,
    "TaxInformation": TAX_INFORMATION,
    "Communication": COMMUNICATION,
    "InvestorChange": record({"communication": ref("Communication", DOCUMENTED)}),
    "Investor": record(
        {
            "id": identifier(SEEN),
            **INVESTOR_FIELDS,
            "communication": {"anyOf": [ref("Communication", ASSUMED), {"type": "null"}], SOURCE: ASSUMED},
        },
        INVESTOR_OPTIONAL,
    ),
    "NewIdentification": IDENTIFICATION,
    "NewEthGenericWallet": record(
        {
            "address": text(
                SEEN,
                42,
                pattern="^0x[0-9A-Fa-f]{40}$",
                **{MESSAGE: "An address of 0x and 40 hexadecimal digits is expected."},
            )
        }
    ),
    "NewInvestment": NEW_INVESTMENT,
    "Investment": INVESTMENT,
    "InvestmentPage": PAGE,
    "NewDocument": UPLOAD,
    "Created": record({"id": identifier(SEEN)}),
    "FundingInformation": record(
        {
            "user": {"type": "null", SOURCE: DOCUMENTED},
            "products": {"type": "array", "items": ref("Product", DOCUMENTED), SOURCE: DOCUMENTED},
        }
    ),
    "Product": PRODUCT,
    "RecentInvestment": RECENT_INVESTMENT,
    "Money": MONEY,
    "TokenRequest": TOKEN_REQUEST,
    "Token": TOKEN,
    "TokenError": TOKEN_ERROR,
    "Error": record({"detail": {"type": "string", SOURCE: ASSUMED}}),
    "FieldErrors": FIELD_ERRORS,
    "Webhook": record(
        {
            "investment_id": identifier(DOCUMENTED),
            "status": STATUS,
            "changed_at": moment(DOCUMENTED),
        }
    ),
}
