"""X-Idempotency-Key: a repeated call gets the stored answer of the first [doc: cashlink-api/getting-started].

The key is claimed in a transaction of its own before the execution; the answer is stored in the same transaction as the
objects that it made. So a killed simulator has either both or neither. An error is not stored: afterwards the key is
free again [assumed]. What is assumed here can be changed by the modes.
"""

import hashlib
import json
import re
import time
from collections.abc import Callable
from datetime import timedelta

from flask import Response, g, request
from sqlalchemy import delete, update
from sqlalchemy.dialects.sqlite import insert

from ..models import StoredAnswer, db
from ..runtime import runtime
from .errors import ApiError, conflict, refused

HEADER = "X-Idempotency-Key"
# Printable ASCII, with no space around it; how long a key may be is not documented.
KEY_PATTERN = "^[!-~]([ -~]{0,253}[!-~])?$"
LONGEST_WAIT_SECONDS, LOOK_EVERY_SECONDS = 30, 0.02


def answer_once(execute: Callable[[], Response]) -> Response:
    """Execute and commit, unless the request's key has an answer already."""
    key = request.headers.get(HEADER)
    if key is None:
        response = execute()
        db.session.commit()
        return response
    if not re.fullmatch(KEY_PATTERN, key):
        raise refused({HEADER: ["1 to 255 printable ASCII characters are expected."]})
    fingerprint = _fingerprint()
    if not _claim_or_wait(key, fingerprint):
        return _replay(key, fingerprint)
    try:
        response = execute()
        _store(key, response.status_code, response.get_data())
        db.session.commit()
    except ApiError as error:
        db.session.rollback()
        if not runtime().modes.store_errors:
            _release(key)
            raise
        _store(key, error.status, json.dumps(error.body).encode())
        db.session.commit()
        raise
    except BaseException:
        _release(key)
        raise
    return response


def _fingerprint() -> str:
    digest = hashlib.sha256(f"{request.method} {request.path}\n".encode())
    digest.update(request.get_data(cache=True))
    return digest.hexdigest()


def _claim_or_wait(key: str, fingerprint: str) -> bool:
    """Whether the key is ours. If the modes want it, wait until another request with this key is done with it."""
    ends = time.monotonic() + LONGEST_WAIT_SECONDS
    while not _claim(key, fingerprint):
        if runtime().modes.parallel_key == "409" or time.monotonic() > ends or not _is_running(key):
            return False
        time.sleep(LOOK_EVERY_SECONDS)
    return True


def _claim(key: str, fingerprint: str) -> bool:
    now, lifetime = runtime().clock.now(), runtime().modes.key_lifetime_seconds
    if lifetime is not None:
        expired = StoredAnswer.created_at <= now - timedelta(seconds=lifetime)
        db.session.execute(delete(StoredAnswer).where(StoredAnswer.status.is_not(None), expired))
    claim = insert(StoredAnswer).values(key=key, fingerprint=fingerprint, created_at=now).on_conflict_do_nothing()
    claimed = bool(db.session.execute(claim).rowcount)  # type: ignore[attr-defined]
    db.session.commit()
    return claimed


def _is_running(key: str) -> bool:
    """Also when the other one has just failed: then the key is free, and is claimed in the next round."""
    stored = db.session.get(StoredAnswer, key)
    return stored is None or stored.status is None


def _replay(key: str, fingerprint: str) -> Response:
    stored = db.session.get(StoredAnswer, key)
    if stored is None or stored.status is None:
        raise conflict("A request with this idempotency key is being executed.")
    other_body = runtime().modes.key_other_body
    if stored.fingerprint != fingerprint and other_body != "replay":
        error = conflict("This idempotency key was used with another request.")
        error.status = int(other_body)
        raise error
    g.replayed = True
    return Response(stored.body, stored.status, content_type="application/json")


def _store(key: str, status: int, body: bytes) -> None:
    db.session.execute(update(StoredAnswer).where(StoredAnswer.key == key).values(status=status, body=body))


def _release(key: str) -> None:
    db.session.rollback()
    db.session.execute(delete(StoredAnswer).where(StoredAnswer.key == key, StoredAnswer.status.is_(None)))
    db.session.commit()
