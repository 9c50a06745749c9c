"""Logs: one JSON line per request and per record, each with the id that the answer bears as X-Request-Id.

A line never holds a query string, a path as it was typed, or a whole IP address: links carry secrets, people type
personal data into addresses. Knows nothing of what the portal does.
"""

from __future__ import annotations

import json
import logging
import secrets
import time
import uuid
from datetime import UTC, datetime
from functools import lru_cache
from ipaddress import ip_network
from typing import Any

from flask import Flask, Response, current_app, g, has_request_context, request
from werkzeug.routing import Rule

ACCESS = logging.getLogger("portal.access")
SECURITY = logging.getLogger("portal.security")
HEADER = "X-Request-Id"
# What else stands there may be anything.
METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS"})
# json.dumps would make an encoder for each line.
_encode = json.JSONEncoder(default=str).encode


def set_up(app: Flask) -> None:
    """Give each request its id and its line."""
    app.before_request(_begin)
    app.after_request(_end)
    # Flask's own would write the path.
    app.log_exception = _log_exception  # type: ignore[method-assign]


def note(event: str, **fields: Any) -> None:
    """Tell of something that matters to security: numbers of rows, never names or addresses."""
    SECURITY.info(event, extra={"fields": fields})


def _begin() -> None:
    g.began = time.perf_counter()
    # Always of our own making: one that a client sends would be text of theirs in our log.
    g.request_id = secrets.token_hex(6)


def elapsed() -> float:
    """Seconds since this request began."""
    began: float = g.began
    return time.perf_counter() - began


def _end(response: Response) -> Response:
    response.headers[HEADER] = g.request_id
    if not ACCESS.isEnabledFor(logging.INFO):
        return response
    fields = {
        "method": shown_method(),
        "path": shown_path(request.url_rule, request.view_args or {}),
        "status": response.status_code,
        "ms": round(elapsed() * 1000, 1),
        "client": masked(request.remote_addr),
    }
    ACCESS.info("request", extra={"fields": fields})
    return response


def _log_exception(exc_info: Any) -> None:
    path = shown_path(request.url_rule, request.view_args or {})
    current_app.logger.error("exception at %s %s", shown_method(), path, exc_info=exc_info)


def shown_method() -> str:
    return request.method if request.method in METHODS else "other"


def shown_path(rule: Rule | None, values: dict[str, Any]) -> str | None:
    """The route's own pattern, filled in with row ids only; None where no route answers.

    What stands in the other places may be the secret of a mailed link, or anything that somebody has typed.
    """
    if rule is None:
        return None
    path = rule.rule
    for name, value in values.items():
        if isinstance(value, uuid.UUID):
            path = path.replace(f"<uuid:{name}>", str(value))
    return path


@lru_cache(maxsize=1024)
def masked(address: str | None) -> str | None:
    """An IP address without what tells one household from another."""
    try:
        return str(ip_network(f"{address}/{48 if ':' in (address or '') else 24}", strict=False).network_address)
    except ValueError:
        return None


class JsonFormatter(logging.Formatter):
    """A record as one line of JSON; line breaks inside it are escaped, so nobody can forge a line."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "request_id": g.get("request_id") if has_request_context() else None,
            "process": record.process,
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return _encode(line)


def write_json() -> None:
    """Send all records of this process to standard error as JSON, for `portal serve`."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter())
    # What no line says need not be found out for each: a third of a line's cost.
    # Source: https://docs.python.org/3/howto/logging.html, "Optimization".
    logging.logThreads = logging.logMultiprocessing = False
    logging._srcfile = None  # type: ignore[attr-defined]
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    # Flask gives the application's logger a handler of its own where there was none.
    logging.getLogger(__package__).handlers.clear()


def masks_server_records(record: logging.LogRecord) -> bool:
    """A filter for the server's own records, which would name addresses and whole URLs."""
    message = record.getMessage()
    if message.startswith("Invalid request from ip="):
        record.msg, record.args = "invalid request", ()
    elif message.startswith("Error handling request"):
        record.msg, record.args = "error handling request", ()
    return True
