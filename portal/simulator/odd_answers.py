"""Answers of the API that come after the execution and are odd: other fields, other bytes, another pace, no date.

Each takes the fault and the right answer, and returns what is sent instead.
"""

import gzip
import json
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from flask import Response, request
from werkzeug.http import http_date

from . import connection
from .connection import Ending
from .faults import Armed
from .runtime import other_host

DRIP_SECONDS = 0.1
LATE_SECONDS = 2
HUGE_BYTES = 16 * 1024 * 1024
CHUNK = b" " * 65_536
BOMB_MEMBERS = 300

FOREIGN = "https://evil.example/subscribe/0"
FOREIGN_START_URLS = {
    "": FOREIGN,
    "http": "http://evil.example/subscribe/0",
    "script": "javascript:alert(1)//{url}",
    "user": "https://{host}@evil.example/subscribe/0",
    "tab": "ht\ttps://evil.example/subscribe/0",
    "newline": "{url}\n",
    # This machine by another name: who follows it is seen in the log.
    "here": "{other}/elsewhere/subscribe",
}
EXPIRES_IN: dict[str, Any] = {"missing": None, "negative": -3600, "huge": 10**30, "text": "soon"}
WRONG_DATES = {"": timedelta(days=1), "past": timedelta(days=-1)}


def _garbage(_armed: Armed, _response: Response) -> Response:
    return Response("<!doctype html><title>Welcome</title><p>It works!</p>\n", content_type="text/html")


def _empty(_armed: Armed, _response: Response) -> Response:
    return Response(content_type="application/json")


def _without(*names: str) -> Callable[[Armed, Response], Response]:
    def answer(_armed: Armed, response: Response) -> Response:
        return _edited(response, lambda data: [data.pop(name, None) for name in names])

    return answer


def _foreign_start_url(armed: Armed, response: Response) -> Response:
    def lead_away(data: dict[str, Any]) -> None:
        # Some carry the right address or its host, for a careless look at it.
        url = str(data.get("start_url", ""))
        foreign = FOREIGN_START_URLS[armed.fault.argument]
        data["start_url"] = foreign.format(url=url, host=urlsplit(url).hostname, other=other_host())

    return _edited(response, lead_away)


def _expires_in(armed: Armed, response: Response) -> Response:
    value = EXPIRES_IN[armed.fault.argument]

    def change(data: dict[str, Any]) -> None:
        data.pop("expires_in", None)
        if value is not None:
            data["expires_in"] = value

    return _edited(response, change)


def _edited(response: Response, edit: Callable[[dict[str, Any]], object]) -> Response:
    """A success with other fields; anything else stays as it is."""
    data = response.get_json(silent=True)
    if isinstance(data, dict) and response.status_code < 300:
        edit(data)
        response.set_data(json.dumps(data))
    return response


def _huge(_armed: Armed, response: Response) -> Response:
    """The right answer behind a mountain of white space."""
    body = response.get_data()

    def stream() -> Iterator[bytes]:
        for _ in range(HUGE_BYTES // len(CHUNK)):
            yield CHUNK
        yield body

    return _replaced(response, stream())


def _gzip_bomb(_armed: Armed, response: Response) -> Response:
    body = _bomb() + gzip.compress(response.get_data())
    response.set_data(body)
    response.headers["Content-Encoding"] = "gzip"
    return response


@cache
def _bomb() -> bytes:
    """300 MiB of white space in 300 KiB."""
    return gzip.compress(b" " * 1024 * 1024) * BOMB_MEMBERS


def _drip(armed: Armed, response: Response) -> Response:
    body, client = response.get_data(), _client()

    def drops(content: bytes) -> Iterator[bytes]:
        for byte in content:
            if not armed.pause(DRIP_SECONDS, lambda: connection.is_gone(client)):
                return
            yield bytes([byte])

    if client is None:
        return _replaced(response, drops(body))

    def act(answer: bytes) -> None:
        for drop in drops(answer):
            client.sendall(drop)

    return _by_hand(response, act)


def _late(armed: Armed, response: Response) -> Response:
    body = response.get_data()

    def wait() -> Iterator[bytes]:
        armed.pause(LATE_SECONDS)
        yield body

    response.response = wait()
    return response


def _unchanged(_armed: Armed, response: Response) -> Response:
    """For "slow", which has waited before the execution."""
    return response


def _no_date(_armed: Armed, response: Response) -> Response:
    return _by_hand(response, _client().sendall) if _client() else response


def _wrong_date(armed: Armed, response: Response) -> Response:
    if armed.fault.argument == "garbage":
        response.headers["Date"] = "yesterday, at noon"
    else:
        response.headers["Date"] = http_date(time.time() + WRONG_DATES[armed.fault.argument].total_seconds())
    return _no_date(armed, response)


ODD: dict[str, Callable[[Armed, Response], Response]] = {
    "garbage": _garbage,
    "empty": _empty,
    "no_id": _without("id", "access_token", "products"),
    "no_start_url": _without("start_url"),
    "foreign_start_url": _foreign_start_url,
    "huge": _huge,
    "gzip_bomb": _gzip_bomb,
    "drip": _drip,
    "late": _late,
    "slow": _unchanged,
    "no_date": _no_date,
    "wrong_date": _wrong_date,
    "expires_in": _expires_in,
}


def _replaced(response: Response, body: Iterator[bytes]) -> Response:
    """The same answer with a body that is made while it is sent; without a length."""
    response.response = body
    response.headers.pop("Content-Length", None)
    return response


def _by_hand(response: Response, send: Callable[[bytes], object]) -> Response:
    """The answer as it is, written to the socket past the server, which adds nothing to it then."""
    body, client = response.get_data(), _client()
    response.headers["Content-Length"] = str(len(body))

    def act() -> None:
        # Only now, for headers are added to the response until it is sent.
        send(connection.as_bytes(response.status, response.headers, body))
        connection.hang_up(client)

    response.response = Ending(act)
    return response


def _client() -> Any:
    """The connection to the client, where the server hands it over."""
    return request.environ.get("werkzeug.socket")
