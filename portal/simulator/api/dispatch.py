"""What every API request passes through: hooks for faults, authentication, checks, idempotency, errors, the log."""

import functools
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from flask import Blueprint, Flask, Response, g, jsonify, request
from werkzeug.exceptions import HTTPException

from ..models import AccessToken, ApiCall, db
from ..runtime import runtime
from .checking import check, known_fields
from .errors import ApiError, forbidden, refused, unauthorized
from .idempotency import HEADER, answer_once
from .operations import Operation
from .schemas import SCHEMAS

Answer = dict[str, Any]
PREFIX = "/api/"
# Of this process only: nobody can try out afterwards what a body may have said.
DIGEST_KEY = secrets.token_bytes(32)


def endpoint(bp: Blueprint, operation: Operation) -> Callable[[Callable[..., Answer]], None]:
    """Register the view of an operation. Views that write are executed once per idempotency key.

    The view adds to the session and returns the body; the commit is made here.
    """

    def register(view: Callable[..., Answer]) -> None:
        @functools.wraps(view)
        def run(**path: str) -> Response:
            authenticate(operation.scope or "")

            def execute() -> Response:
                runtime().hooks.executing()
                response = jsonify(view(**path))
                response.status_code = operation.status
                return response

            if operation.method == "GET":
                response = execute()
                db.session.commit()
                return response
            return answer_once(execute)

        bp.add_url_rule(flask_rule(operation), view_func=run, methods=[operation.method])

    return register


def flask_rule(operation: Operation) -> str:
    return operation.path.replace("{", "<").replace("}", ">")


def authenticate(scope: str) -> None:
    """Raise 401 without a valid token, 403 when the token has not this scope."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token:
        raise unauthorized("Authentication credentials were not provided.")
    row = db.session.get(AccessToken, hash_token(token.strip()))
    if row is None or row.expires_at <= runtime().clock.now():
        raise unauthorized("The access token is not valid or has expired.")
    if scope not in row.scope.split():
        raise forbidden(f"The access token lacks the scope {scope}.")


def hash_token(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


def read_body(operation: Operation) -> dict[str, Any]:
    """The request's JSON object, checked by the operation's schema; raises 400 with the errors by field."""
    if request.mimetype != operation.content_type:
        raise ApiError(415, {"detail": f"The content type {operation.content_type} is expected."})
    try:
        body = json.loads(request.get_data(cache=True))
    except (ValueError, RecursionError):
        raise ApiError(400, {"detail": "The body is not JSON."}) from None
    schema, strict = SCHEMAS[operation.body or ""], runtime().settings.strict
    errors = check(body, schema, strict)
    if isinstance(errors, list):
        errors = {"non_field_errors": ["An object is expected."]}
    if errors:
        raise refused(errors)
    found: dict[str, Any] = body if strict else known_fields(body, schema)
    return found


def init_app(app: Flask) -> None:
    app.before_request(_before)
    app.after_request(_after)
    app.register_error_handler(ApiError, _answer_error)


def is_api() -> bool:
    return request.path.startswith(PREFIX)


def answer_http_error(error: HTTPException) -> Response:
    """404 of unknown addresses, 405, 413 and 500 have the API's shape too."""
    response = jsonify(detail=f"{error.name}.")
    response.status_code = error.code or 500
    for name in ("Allow",):
        if value := dict(error.get_headers()).get(name):
            response.headers[name] = value
    return response


def _answer_error(error: ApiError) -> Response:
    response = jsonify(error.body)
    response.status_code = error.status
    response.headers.update(error.headers)
    return response


def _before() -> Response | None:
    # The description is no part of the API that it describes: no fault concerns it, no log tells of it.
    if not is_api() or request.endpoint == "reference.description":
        return None
    g.api_started = time.perf_counter()
    if request.method != "GET":
        g.body_digest = body_digest()
    return runtime().hooks.before()


def body_digest() -> str | None:
    """Tells whether two bodies are the same, and nothing of what they say."""
    # An endless or broken body is the view's business.
    with suppress(HTTPException):
        return hmac.digest(DIGEST_KEY, request.get_data(cache=True), "sha256").hex()[:32]
    return None


def _after(response: Response) -> Response:
    if "api_started" not in g:
        return response
    response.headers["Cache-Control"] = "no-store"
    response = runtime().hooks.after(response)
    db.session.rollback()
    db.session.add(
        ApiCall(
            at=runtime().clock.now(),
            method=request.method,
            path=request.path[:200],
            # 0: the caller gets no answer.
            status=0 if "unanswered" in g else response.status_code,
            duration_ms=round((time.perf_counter() - g.api_started) * 1000),
            idempotency_key=request.headers.get(HEADER, "")[:255] or None,
            body_digest=g.get("body_digest"),
            replayed="replayed" in g,
            object_id=g.get("object_id"),
            fault=g.get("fault_name"),
        )
    )
    db.session.commit()
    return response
