"""Tells the recorder what happens: calls by the client's observer, webhooks by hooks around their route.

Bodies are masked here, before they are kept; the production code knows nothing of it.
"""

from __future__ import annotations

import re
import time
from typing import Any, cast
from urllib.parse import urlsplit

from flask import Flask, g, has_request_context, request
from flask.wrappers import Response

from ... import integration
from ...cashlink.client import Client
from ...cashlink.observation import Exchange, masked
from ...config import Settings
from ...database import now
from ...webhooks import routes as webhooks
from . import source
from .record import LOOP, WEBHOOK, Entry, Recorder, field_of, shape

ENDPOINT = "webhooks.receive"
# A body that is longer is cut: 500 of them stay in memory.
LONGEST_BODY = 8_000

FUNCTIONS = {
    "import_investor": "1 import_investor",
    "start_subscription": "2 start_subscription",
    "start_waiting": "2 start_subscription",
    "record_status_change": "3 record_status_change",
    "ask_status": "3 record_status_change",
}
# Where the loop goes on with a call, the call itself says to which step it belongs.
CALLS = {
    ("POST", "/v2/investments/"): "2 start_subscription",
    ("GET", "/v2/investments/{id}/"): "3 record_status_change",
}


class Tee:
    """A request's stream that keeps what the view reads of it."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self.seen = b""

    def read(self, size: int = -1) -> bytes:
        chunk = cast(bytes, self._stream.read(size))
        self.seen += chunk
        return chunk


def set_up(app: Flask) -> None:
    recorder: Recorder = app.extensions["backstage"]
    settings: Settings = app.extensions["settings"]
    client: Client = app.extensions["cashlink"]
    base = urlsplit(settings.api_url).path

    def observe(exchange: Exchange) -> None:
        recorder.add(entry_of_call(exchange, _path(exchange.path, base), *cause(recorder)))

    def record_webhook(response: Response) -> Response:
        if request.endpoint == ENDPOINT and "tee" in g:
            recorder.add(entry_of_webhook(response.status_code))
        return response

    client.observer = observe
    app.before_request(listen_to_webhook)
    app.after_request(record_webhook)


def _path(path: str, base: str) -> str:
    return path.removeprefix(base) if path.startswith(f"{base}/") else path


def cause(recorder: Recorder) -> tuple[int | None, str]:
    """The person's request that is being answered, with its number; or the loop."""
    if not has_request_context() or request.url_rule is None:
        return None, LOOP
    if "click" not in g:
        g.click = recorder.new_click()
    return g.click, f"{request.method} {re.sub('<[^>]+>', '…', request.url_rule.rule)}"


def entry_of_call(exchange: Exchange, path: str, click: int | None, caused_by: str) -> Entry:
    trace = source.places_on_stack()
    place = source.caller(trace)
    return Entry(
        id=0,
        at=now(),
        kind="call",
        click=click,
        caused_by=caused_by,
        method=exchange.method,
        path=path,
        status=exchange.status,
        milliseconds=exchange.milliseconds,
        attempt=1,
        idempotency_key=exchange.idempotency_key,
        request=kept(exchange.request),
        answer=kept(exchange.answer),
        error=exchange.error,
        file=place.file,
        line=place.line,
        function=place.function,
        step=step_of(exchange.method, path, trace),
        investment_id=investment_of_call(exchange, path),
        trace=trace,
    )


def kept(body: str) -> str:
    """A masked body as it is kept: not too long, and without halves of characters, which no page could be made of."""
    return body[:LONGEST_BODY].encode(errors="replace").decode()


def step_of(method: str, path: str, trace: tuple[source.Place, ...]) -> str:
    """The step that is under way: the innermost one on the stack, else the one that the call belongs to."""
    for place in reversed(trace):
        if place.file == "portal/integration.py" and place.function in FUNCTIONS:
            return FUNCTIONS[place.function]
    default = "1 import_investor" if path.startswith(("/v2/investors/", "/v2/documents/")) else ""
    return CALLS.get((method, shape(path)), default)


def investment_of_call(exchange: Exchange, path: str) -> str | None:
    if shape(path) == "/v2/investments/{id}/":
        return path.split("/")[3]
    return field_of(exchange.answer, "id") if path == "/v2/investments/" else None


def listen_to_webhook() -> None:
    """Keep what the receiver reads, without reading it first."""
    if request.endpoint == ENDPOINT:
        g.tee = request.environ["wsgi.input"] = Tee(request.environ["wsgi.input"])
        g.webhook_began = time.monotonic()


def entry_of_webhook(status: int) -> Entry:
    body = kept(masked(g.tee.seen))
    trace = tuple(map(source.place_of, (webhooks.receive, webhooks._store, integration.record_status_change)))
    place = trace[-1]
    return Entry(
        id=0,
        at=now(),
        kind="webhook",
        click=None,
        caused_by=WEBHOOK,
        method=request.method,
        path=request.path,
        status=status,
        milliseconds=(time.monotonic() - g.webhook_began) * 1000,
        attempt=1,
        idempotency_key=None,
        request=body,
        answer="",
        error=None if status < 300 else f"http-{status}",
        file=place.file,
        line=place.line,
        function=place.function,
        step="3 record_status_change",
        investment_id=field_of(body, "investment_id"),
        trace=trace,
    )
