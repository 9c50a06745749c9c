"""The API's description in OpenAPI 3.1, made from the declarations, and the same as a page to read.

`make description` writes the file that is shipped, docs/openapi.json; what is served differs
from it in nothing but the mode: without SIMULATOR_STRICT unknown fields are allowed.
"""

import json
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

from flask import Blueprint, Flask, Response, jsonify, render_template
from flask_babel import force_locale
from flask_babel import gettext as _

from .. import language
from ..assumptions import SCOPES, UPLOAD_TYPES
from ..config import Settings
from ..runtime import runtime
from .idempotency import HEADER, KEY_PATTERN
from .operations import BASE, FORM, JSON, MULTIPART, OPERATIONS, Operation
from .schemas import ASSUMED, DOCUMENTED, LIMITS, RULE, RULES, SCHEMAS, SOURCE, Schema

FILE = Path(__file__).parents[3] / "docs" / "openapi.json"
DOCUMENTATION = "https://docs.cashlink.de/"

bp = Blueprint("reference", __name__)

# What a refusal says, by its status, and whose word that is.
REFUSALS = {
    400: "Errors by field, nested as the request is.",
    401: "No token, or one that is not valid any more.",
    403: "The token lacks the scope, or the account the permission.",
    404: "There is no such object or page.",
    409: "The idempotency key is in use, or was used with another request.",
    413: "The request is too large.",
    415: "The request has another content type than it should.",
    429: "Too many requests; Retry-After says how long to wait.",
}


@bp.get(f"{BASE}/openapi.json")
def description() -> Response:
    return jsonify(build(runtime().settings.strict))


@bp.get("/reference/")
def show_reference() -> str:
    return render_template(
        "reference.html",
        operations=OPERATIONS,
        schemas=SCHEMAS,
        rows={name: list(_rows(schema)) for name, schema in SCHEMAS.items()},
        rules=RULES,
        documentation=DOCUMENTATION,
        source_labels={"documented": _("documented"), "seen": _("seen"), "assumed": _("assumed")},
    )


def build(strict: bool = True) -> dict[str, Any]:
    """The whole description, in English."""
    with force_locale("en_GB"):
        paths: dict[str, dict[str, Any]] = {}
        for operation in OPERATIONS:
            paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
        return {
            "openapi": "3.1.0",
            "info": {
                "title": "Cashlink API, as the simulator has it",
                "version": "2",
                "description": "Not made by Cashlink. x-cashlink-source says of each point whether it stands in "
                "Cashlink's public documentation, was seen in a public script, or is assumed.",
            },
            "externalDocs": {"url": DOCUMENTATION},
            "servers": [{"url": "/"}],
            "paths": paths,
            "webhooks": {"statusChange": {"post": _webhook()}},
            "components": {
                "schemas": {name: _published(schema, strict) for name, schema in SCHEMAS.items()},
                "securitySchemes": {"oauth2": _security()},
            },
            "x-cashlink-rules": {name: str(rule.meaning) for name, rule in RULES.items()},
        }


def _published(schema: Any, strict: bool) -> Any:
    """The schema as others read it: without our messages, and open where the mode is not strict."""
    if isinstance(schema, list):
        return [_published(part, strict) for part in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: _published(value, strict) for key, value in schema.items() if key != "x-message"}
    if not strict and found.get("additionalProperties") is False:
        del found["additionalProperties"]
    return found


def _operation(operation: Operation) -> dict[str, Any]:
    found: dict[str, Any] = {
        "operationId": operation.name,
        "summary": str(operation.summary),
        SOURCE: operation.source,
        "externalDocs": {"url": DOCUMENTATION, "description": operation.page},
        "security": [{"oauth2": [operation.scope]}] if operation.scope else [],
        "parameters": _parameters(operation),
        "responses": {str(operation.status): _answer(operation)}
        | {str(n): _refusal(operation, n) for n in operation.refusals},
    }
    if operation.body:
        found["requestBody"] = {"required": True, "content": {operation.content_type: _media(operation.body)}}
        if operation.content_type == MULTIPART:
            found["requestBody"]["content"][MULTIPART]["encoding"] = {
                "file": {"contentType": ", ".join(UPLOAD_TYPES.values())}
            }
    if operation.rules:
        found["x-cashlink-rules"] = [str(rule) for rule in operation.rules]
    return found


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {"name": part[1:-1], "in": "path", "required": True, "schema": {"type": "string"}, SOURCE: DOCUMENTED}
        for part in operation.path.split("/")
        if part.startswith("{")
    ]
    if operation.name == "list_investments":
        page = {"type": "integer", "minimum": 1, "maximum": 10**9 - 1}
        found.append({"name": "page", "in": "query", "schema": page, SOURCE: ASSUMED})
    if operation.body and operation.scope:
        key = {"type": "string", "pattern": KEY_PATTERN}
        found.append({"name": HEADER, "in": "header", "schema": key, SOURCE: DOCUMENTED})
    return found


def _media(name: str) -> dict[str, Any]:
    return {"schema": {"$ref": f"#/components/schemas/{name}"}}


def _answer(operation: Operation) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": "Done.", "content": {JSON: _media(operation.answer)}}
    if links := LINKS.get(operation.name):
        answer["links"] = {
            name: {"operationId": name, "parameters": {place: expression}} for name, place, expression in links
        }
    return answer


def _refusal(operation: Operation, status: int) -> dict[str, Any]:
    schema = "FieldErrors" if status == 400 else "Error"
    if operation.content_type == FORM and status in (400, 401):
        schema = "TokenError"
    found: dict[str, Any] = {"description": REFUSALS[status], "content": {JSON: _media(schema)}, SOURCE: ASSUMED}
    header = {401: "WWW-Authenticate", 429: "Retry-After"}.get(status)
    if header:
        found["headers"] = {header: {"schema": {"type": "string"}}}
    return found


# Which call goes on with the id of which answer.
LINKS = {
    "create_investor": [
        (name, "investor_id", "$response.body#/id")
        for name in ("read_investor", "change_investor", "create_identification", "create_wallet")
    ],
    "create_investment": [("read_investment", "investment_id", "$response.body#/id")],
}


def _webhook() -> dict[str, Any]:
    return {
        "summary": "The status of an investment has changed; sent again until it is answered with 2xx",
        SOURCE: DOCUMENTED,
        "externalDocs": {"url": DOCUMENTATION, "description": "cashlink-api/getting-started"},
        "requestBody": {"content": {JSON: _media("Webhook")}},
        "responses": {"2XX": {"description": "Taken."}},
    }


def _security() -> dict[str, Any]:
    scopes = dict.fromkeys(SCOPES, "")
    flow = {"tokenUrl": f"{BASE}/oauth/token", "scopes": scopes}
    return {"type": "oauth2", "flows": {"clientCredentials": flow}, SOURCE: DOCUMENTED}


def _rows(schema: Schema) -> Iterator[dict[str, Any]]:
    """The fields of an object, as the page lists them."""
    for name, field in schema.get("properties", {}).items():
        variants = [part for part in field.get("anyOf", [field]) if part.get("type") != "null"]
        shape = variants[0] if variants else field
        yield {
            "name": name,
            "required": name in schema.get("required", ()),
            "reference": _name(shape) or _name(shape.get("items", {})),
            "type": shape.get("type", ""),
            "null": "anyOf" in field,
            "facts": _facts(shape),
            "limits": shape.get(LIMITS) if field.get(SOURCE) != ASSUMED else None,
            "rule": RULES[shape[RULE]].meaning if RULE in shape else "",
            "source": field.get(SOURCE),
        }


def _name(shape: Schema) -> str:
    return str(shape.get("$ref", "")).rpartition("/")[2]


def _facts(shape: Schema) -> list[str]:
    """Format, choices and limits in the words of JSON Schema."""
    found = deepcopy(shape.get("enum", []))
    found += [str(json.dumps(shape["const"]))] if "const" in shape else []
    found += [shape[name] for name in ("format", "contentMediaType") if name in shape]
    limits = ("minimum", "maximum", "maxLength")
    return [*map(str, found), *(f"{name} {shape[name]}" for name in limits if name in shape)]


def write() -> None:
    """Make the shipped file anew."""
    FILE.write_text(as_text(), encoding="utf-8")


def as_text() -> str:
    """What is shipped; made without a database."""
    app = Flask("portal.simulator")
    language.init_app(app, Settings())
    with app.test_request_context():
        return json.dumps(build(), indent=1, ensure_ascii=False) + "\n"
