"""X-Idempotency-Key: a repeated call gets the stored answer of the first [doc: cashlink-api/getting-started].

The key is claimed in a transaction of its own before the execution; the answer is stored in the same transaction as the
objects that it made. So a killed simulator has either both or neither. An error is not stored: afterwards the key is
free again [assumed].
"""

import hashlib
from collections.abc import Callable

from flask import Response, g, request
from sqlalchemy import delete, update
from sqlalchemy.dialects.sqlite import insert

from ..models import StoredAnswer, db
from .errors import conflict, refused

HEADER = "X-Idempotency-Key"


def answer_once(execute: Callable[[], Response]) -> Response:
    """Execute and commit, unless the request's key has an answer already."""
    key = request.headers.get(HEADER, "")
    if not key:
        response = execute()
        db.session.commit()
        return response
    if len(key) > 255 or not key.isascii():
        raise refused({HEADER: ["At most 255 ASCII characters are allowed."]})
    fingerprint = _fingerprint()
    if not _claim(key, fingerprint):
        return _replay(key, fingerprint)
    try:
        response = execute()
        _store(key, response)
        db.session.commit()
    except BaseException:
        _release(key)
        raise
    return response


def _fingerprint() -> str:
    digest = hashlib.sha256(f"{request.method} {request.path}\n".encode())
    digest.update(request.get_data(cache=True))
    return digest.hexdigest()


def _claim(key: str, fingerprint: str) -> bool:
    claim = insert(StoredAnswer).values(key=key, fingerprint=fingerprint).on_conflict_do_nothing()
    claimed = bool(db.session.execute(claim).rowcount)  # type: ignore[attr-defined]
    db.session.commit()
    return claimed


def _replay(key: str, fingerprint: str) -> Response:
    stored = db.session.get(StoredAnswer, key)
    if stored is None or stored.status is None:
        raise conflict("A request with this idempotency key is being executed.")
    if stored.fingerprint != fingerprint:
        raise conflict("This idempotency key was used with another request.")
    g.replayed = True
    return Response(stored.body, stored.status, content_type="application/json")


def _store(key: str, response: Response) -> None:
    answer = {"status": response.status_code, "body": response.get_data()}
    db.session.execute(update(StoredAnswer).where(StoredAnswer.key == key).values(answer))


def _release(key: str) -> None:
    db.session.rollback()
    db.session.execute(delete(StoredAnswer).where(StoredAnswer.key == key, StoredAnswer.status.is_(None)))
    db.session.commit()
