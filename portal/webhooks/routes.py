"""`POST /webhooks/cashlink`: authenticate, append, 204. Nothing else happens in the request.

Cashlink repeats a delivery until it is answered with 2xx. So 2xx is said only after the durable commit, and for
everything that a repeat would not change.
"""

from __future__ import annotations

import hashlib
import hmac

from blinker import signal
from flask import Blueprint, current_app, request
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from .. import integration, logs
from ..config import settings
from ..database import db, insert_or_ignore, now, write_lock
from ..models import UnreadableWebhook
from ..web import csrf
from .events import StatusEvent, UnreadableError, read
from .tokens import is_issued

MAX_BODY = 64 * 1024
# How many bodies that nobody understands are kept for the operator.
MAX_UNREADABLE = 1000

bp = Blueprint("webhooks", __name__)

# Tells what became of each request: `verdict`, and for a change that was stored `delay`, its age in seconds.
received = signal("webhook-received")
VERDICTS = ("stored", "unreadable", "denied", "too-large", "unavailable")


@bp.post("/webhooks/cashlink", strict_slashes=False)
@bp.post("/webhooks/cashlink/")
@csrf.exempt
def receive() -> ResponseReturnValue:
    """Step 3 arrives here."""
    if not _is_authentic(request.headers.get("Authorization", "")):
        logs.note("webhook refused")
        return _answer(401, "denied", {"WWW-Authenticate": 'Bearer realm="webhooks"'})
    # Read here: the framework's own limit cuts chunked bodies silently.
    body = request.stream.read(MAX_BODY + 1)
    if len(body) > MAX_BODY:
        return _answer(413, "too-large")
    try:
        event = _store(body)
    except SQLAlchemyError:
        db.session.rollback()
        current_app.logger.exception("webhook not stored")
        return _answer(503, "unavailable", {"Retry-After": "5"})
    return _answer(204, "stored" if event else "unreadable", delay=event.age if event else None)


def _answer(
    status: int, verdict: str, headers: dict[str, str] | None = None, delay: float | None = None
) -> ResponseReturnValue:
    received.send(current_app._get_current_object(), verdict=verdict, delay=delay)  # type: ignore[attr-defined]
    return "", status, headers or {}


def _is_authentic(header: str) -> bool:
    """A bearer token of `CASHLINK_WEBHOOK_TOKENS`, or one that our own token endpoint has issued.

    Two of the former may be valid while one replaces the other.

    Compared as bytes in constant time; without any token configured nothing is authentic.
    """
    scheme, _, token = header.partition(" ")
    given = token.strip().encode("utf-8", "surrogateescape")
    matches = [hmac.compare_digest(given, known.encode()) for known in settings().webhook_tokens]
    return scheme.lower() == "bearer" and (any(matches) or is_issued(token.strip()))


def _store(body: bytes) -> StatusEvent | None:
    """The change that was appended; None for a body that was kept apart."""
    try:
        event = read(body, now())
    except UnreadableError as error:
        with write_lock:
            _keep_apart(body, str(error))
        return None
    with write_lock:
        integration.record_status_change(event.investment_id, event.status, event.changed_at)
    return event


def _keep_apart(body: bytes, reason: str) -> None:
    if (db.session.scalar(select(func.count()).select_from(UnreadableWebhook)) or 0) < MAX_UNREADABLE:
        db.session.execute(
            insert_or_ignore(
                UnreadableWebhook,
                body_hash=hashlib.sha256(body).hexdigest(),
                body=body,
                reason=reason,
                received_at=now(),
            )
        )
        db.session.commit()
