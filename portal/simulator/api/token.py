"""POST /api/external/oauth/token: client credentials (RFC 6749, 4.4), by form or Basic, errors as in 5.2."""

import hmac
import secrets
from datetime import timedelta
from typing import Any
from urllib.parse import unquote_plus

from flask import Blueprint, Response, jsonify, request
from sqlalchemy import delete

from ..assumptions import SCOPES, TOKEN_SECONDS
from ..models import AccessToken, db
from ..runtime import runtime
from .dispatch import hash_token
from .errors import ApiError
from .operations import ISSUE_TOKEN

bp = Blueprint("token", __name__)


@bp.post(ISSUE_TOKEN.path)
def issue_token() -> Response:
    _authenticate_client()
    grant = _parameter("grant_type")
    if not grant:
        raise _error("invalid_request", "grant_type is missing")
    if grant != "client_credentials":
        raise _error("unsupported_grant_type", "only client_credentials is supported")
    scopes = _parameter("scope").split() or list(SCOPES)
    if not set(scopes) <= set(SCOPES):
        raise _error("invalid_scope", f"known scopes are: {' '.join(SCOPES)}")
    token, now = secrets.token_urlsafe(32), runtime().clock.now()
    scope = " ".join(dict.fromkeys(scopes))
    ended = delete(AccessToken)
    if not runtime().modes.new_token_ends_old:
        ended = ended.where(AccessToken.expires_at <= now)
    db.session.execute(ended)
    expires_at = now + timedelta(seconds=TOKEN_SECONDS)
    db.session.add(AccessToken(token_hash=hash_token(token), scope=scope, expires_at=expires_at))
    db.session.commit()
    return jsonify({"access_token": token, "token_type": "Bearer", "expires_in": TOKEN_SECONDS, "scope": scope})


def _authenticate_client() -> None:
    """One way of authentication only, and the right client (RFC 6749, 2.3)."""
    basic = request.authorization
    if basic is not None and basic.type == "basic":
        if _parameter("client_secret"):
            raise _error("invalid_request", "credentials were given twice")
        # The RFC wants them form-encoded inside the header; many clients do not do so.
        given = [(basic.username or "", basic.password or "")]
        given.append((unquote_plus(given[0][0]), unquote_plus(given[0][1])))
    else:
        given = [(_parameter("client_id"), _parameter("client_secret"))]
    settings = runtime().settings
    if not any(_same(name, settings.client_id) & _same(secret, settings.client_secret) for name, secret in given):
        headers = {"WWW-Authenticate": 'Basic realm="token"'} if basic else {}
        raise _error("invalid_client", "client id or client secret is wrong", 401, headers)


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode())


def _parameter(name: str) -> str:
    values = request.form.getlist(name)
    if len(values) > 1:
        raise _error("invalid_request", f"{name} was given more than once")
    return values[0] if values else ""


def _error(code: str, description: str, status: int = 400, headers: dict[str, str] | None = None) -> ApiError:
    body: dict[str, Any] = {"error": code, "error_description": description}
    return ApiError(status, body, headers)
