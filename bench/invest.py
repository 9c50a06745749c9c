""" "Invest now" beside Cashlink's own answer: what the portal adds to a call that it has to make."""

from __future__ import annotations

import json
import time
import urllib.parse
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from statistics import median

from tests.settings import BOND

from .figures import Effort, Row, milliseconds, percentile, spread
from .load import Connection, UnexpectedAnswerError, request
from .people import Person, people
from .servers import Portal, free_port, simulator

MOST_ADDED = 0.010
AT_ONCE = 16
LEAST_AT_ONCE = 0.45
# Clicks that do not count: tokens are fetched, modules imported.
WARM_UP = 10


def measure(folder: Path, effort: Effort) -> Iterator[Row]:
    folder = folder / "invest"
    folder.mkdir()
    simulator_port = free_port()
    portal = Portal(folder, simulator_port)
    with simulator(folder, portal.port, simulator_port), portal:
        token = access_token(portal, simulator_port)
        campaign_id = portal.app.extensions["settings"].campaign(BOND).campaign_id
        clicks = Connection(portal.port)
        clicked, called = [], []
        prepared = people(portal, effort.clicks + WARM_UP)
        cpu = portal.cpu()
        for number, person in enumerate(prepared):
            call = _call(simulator_port, token, campaign_id, person)
            # In turns, and each first as often as the other.
            if number % 2:
                called.append(_make_call(simulator_port, call))
                clicked.append(_make_click(clicks, person))
            else:
                clicked.append(_make_click(clicks, person))
                called.append(_make_call(simulator_port, call))
        cpu = (portal.cpu() - cpu) / len(prepared)
        yield _row(clicked[WARM_UP:], called[WARM_UP:], cpu)
        yield _at_once(portal, simulator_port, token, campaign_id, effort)


def _at_once(portal: Portal, simulator_port: int, token: str, campaign_id: str, effort: Effort) -> Row:
    """16 people click at the same time, beside 16 direct calls at the same time, in turns."""
    pairs = []
    turns = max(effort.pairs // 2, 4)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for _ in range(turns):
            prepared = people(portal, 3 * AT_ONCE)
            calls = [_call(simulator_port, token, campaign_id, person) for person in prepared]
            begun = time.perf_counter()
            list(pool.map(lambda person: _click_once(portal.port, person), prepared))
            between = time.perf_counter()
            list(pool.map(partial(_make_call, simulator_port), calls))
            pairs.append((len(prepared) / (between - begun), len(calls) / (time.perf_counter() - between)))
    ratios = [clicked / called for clicked, called in pairs]
    clicked, called = (median(side) for side in zip(*pairs, strict=True))
    return Row(
        f'"Invest now", {AT_ONCE} at once, beside the API\'s own rate',
        f"{clicked:.0f}/s",
        f"{called:.0f}/s",
        spread(ratios),
        f"≥ {LEAST_AT_ONCE}",
        median(ratios) >= LEAST_AT_ONCE,
    )


def _click_once(port: int, person: Person) -> None:
    connection = Connection(port)
    _make_click(connection, person)
    connection.close()


def access_token(portal: Portal, simulator_port: int) -> str:
    settings = portal.app.extensions["settings"]
    form = {
        "grant_type": "client_credentials",
        "client_id": settings.client_id,
        "client_secret": settings.client_secret,
    }
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    body = urllib.parse.urlencode(form).encode()
    connection = Connection(simulator_port)
    answer = connection.ask(request("POST", "/api/external/oauth/token", simulator_port, headers, body))
    connection.close()
    return str(json.loads(answer.body)["access_token"])


def _call(port: int, token: str, campaign_id: str, person: Person) -> bytes:
    """The call that the portal makes, made directly."""
    headers = {
        "Authorization": f"Bearer {token}",
        "Content-Type": "application/json",
        "X-Idempotency-Key": str(uuid.uuid4()),
    }
    body = json.dumps({"campaign_id": campaign_id, "investor_id": person.investor_id}).encode()
    return request("POST", "/api/external/v2/investments/", port, headers, body)


def _make_call(port: int, call: bytes) -> float:
    """On a connection of its own, which the portal's call needs as well: the simulator closes it after each answer."""
    begun = time.perf_counter()
    connection = Connection(port)
    answer = connection.ask(call)
    connection.close()
    if answer.status != 201:
        raise UnexpectedAnswerError(f"{answer.status}: {answer.body!r}")
    return time.perf_counter() - begun


def _make_click(connection: Connection, person: Person) -> float:
    answer = connection.ask(person.click)
    # To the progress page leads a click whose call has failed.
    if answer.status != 303 or b"/investments/" in answer.head:
        raise UnexpectedAnswerError(f"{answer.status}: {answer.head!r}")
    return answer.seconds


def _row(clicked: list[float], called: list[float], cpu: float) -> Row:
    added = median(clicked) - median(called)
    return Row(
        '"Invest now" beside the call alone, median',
        f"{milliseconds(median(clicked))}, p99 {milliseconds(percentile(clicked, 99))}, {milliseconds(cpu)} CPU",
        f"{milliseconds(median(called))}, p99 {milliseconds(percentile(called, 99))}",
        ratio=f"+{milliseconds(added)}",
        target="≤ +10 ms",
        met=added <= MOST_ADDED,
    )
