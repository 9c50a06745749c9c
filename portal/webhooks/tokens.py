"""`POST /oauth/token`: the portal's own token endpoint, where Cashlink fetches a token for its webhooks.

Client credentials after RFC 6749, 4.4 and 5.2. The tokens are signed and short-lived, and need no table: any process
behind the balancer can check what another has issued.

Source: https://docs.cashlink.de, cashlink-api/getting-started, "webhooks": a bearer token, or OAuth credentials.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping

from flask import Blueprint, Request, request
from flask.typing import ResponseReturnValue
from itsdangerous import BadSignature, URLSafeTimedSerializer

from .. import logs
from ..accounts import attempts
from ..accounts.routes import client_address
from ..config import settings
from ..database import db
from ..web import csrf

LIFETIME = 600  # seconds

bp = Blueprint("webhook_tokens", __name__)


@bp.post("/oauth/token")
@csrf.exempt
def issue() -> ResponseReturnValue:
    """A token for a client that knows its secret."""
    client = settings().webhook_client_id
    if not client:
        return _error(400, "unauthorized_client")
    grants = request.form.getlist("grant_type")
    if len(grants) != 1:
        return _error(400, "invalid_request")
    if grants != ["client_credentials"]:
        return _error(400, "unsupported_grant_type")
    place = client_address()
    limited = [(attempts.TOKEN_ADDRESS, place)]
    named, secret = _credentials(request)
    if named == client:
        limited.append(attempts.of_account(attempts.TOKEN_CLIENT, client, place))
    try:
        taken = attempts.take(*limited)
    except attempts.TooManyError as error:
        return _error(429, "temporarily_unavailable", {"Retry-After": str(error.seconds)})
    if not _is_client(named, secret):
        logs.note("token refused")
        return _error(401, "invalid_client")
    attempts.give_back(taken)
    attempts.remember(client, place)
    db.session.commit()
    token = _serializer().dumps(client)
    return {"access_token": token, "token_type": "Bearer", "expires_in": LIFETIME}, 200, _NOT_STORED


def is_issued(token: str) -> bool:
    """Whether this portal has issued the token, for the client in use, within its lifetime."""
    try:
        client = _serializer().loads(token, max_age=LIFETIME)
    except (BadSignature, ValueError):
        return False
    known = settings().webhook_client_id
    return bool(known) and client == known


_NOT_STORED = {"Cache-Control": "no-store", "Pragma": "no-cache"}


def _serializer() -> URLSafeTimedSerializer:
    # The secret is part of the key: a new secret ends the tokens of the old one. The last key signs.
    keys = [settings().secret_key_before, settings().secret_key]
    secrets = [key + settings().webhook_client_secret for key in keys if key]
    return URLSafeTimedSerializer(secrets, salt="webhook-token")


def _credentials(request: Request) -> tuple[str, str]:
    """Client and secret by Basic or form authentication (RFC 6749, 2.3.1); nothing where both were sent."""
    basic = request.authorization if request.authorization and request.authorization.type == "basic" else None
    if basic is None:
        return request.form.get("client_id", ""), request.form.get("client_secret", "")
    return ("", "") if "client_secret" in request.form else (basic.username or "", basic.password or "")


def _is_client(client: str, secret: str) -> bool:
    """Compared in constant time."""
    same_client = hmac.compare_digest(_bytes(client), settings().webhook_client_id.encode())
    same_secret = hmac.compare_digest(_bytes(secret), settings().webhook_client_secret.encode())
    return same_client and same_secret


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _error(status: int, code: str, more: Mapping[str, str] | None = None) -> ResponseReturnValue:
    headers = {**_NOT_STORED, **(more or {})}
    if status == 401:
        headers["WWW-Authenticate"] = 'Basic realm="webhooks"'
    return {"error": code}, status, headers
