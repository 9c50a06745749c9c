"""Pages while Cashlink hangs, beside the same pages while it answers; some clicks on "Invest now" hang meanwhile."""

from __future__ import annotations

import itertools
import json
import select
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import sqlalchemy
from sqlalchemy import func

from portal.database import db
from portal.models import Intent

from . import load
from .figures import Effort, Row, milliseconds, percentile, spread
from .load import Connection, UnexpectedAnswerError, request
from .people import PAGE, Person, people
from .servers import Portal, free_port, simulator

READERS = 4
HANGING_CLICKS = 8
# The portal's own deadline for a click; a window and what leads up to it stay below it.
LONGEST_WINDOW = 5.0


def measure(folder: Path, effort: Effort) -> Iterator[Row]:
    folder = folder / "hanging"
    folder.mkdir()
    simulator_port = free_port()
    portal = Portal(folder, simulator_port)
    seconds = min(effort.seconds * 2, LONGEST_WINDOW)
    turns = max(effort.pairs // 2, 4)
    with simulator(folder, portal.port, simulator_port), portal:
        reader, *clickers = people(portal, 1 + turns * HANGING_CLICKS)
        windows = []
        for turn in range(turns):
            normal = _read(portal, reader, seconds)
            mine = clickers[turn * HANGING_CLICKS : (turn + 1) * HANGING_CLICKS]
            windows.append((_read_while_hanging(portal, simulator_port, reader, mine, seconds), normal))
    for figure, kind in (("campaign page", 0), ("campaign page, signed in", 1), ("portfolio", 2)):
        yield _row(figure, [(hanging[kind], normal[kind]) for hanging, normal in windows])


def _read(portal: Portal, reader: Person, seconds: float) -> list[list[float]]:
    """Latencies of the three pages, asked for in turns."""
    signed_in = {"Cookie": reader.cookie}
    pages = [
        request("GET", PAGE, portal.port),
        request("GET", PAGE, portal.port, signed_in),
        request("GET", "/investments", portal.port, signed_in),
    ]
    found = []
    for page in pages:
        window = load.run(portal.port, itertools.repeat(page), READERS, seconds / len(pages), 200)
        found.append(window.latencies)
    return found


def _read_while_hanging(
    portal: Portal, simulator_port: int, reader: Person, clickers: list[Person], seconds: float
) -> list[list[float]]:
    _control(simulator_port, "POST", "faults", {"on": "any", "fault": "before:timeout", "times": None})
    clicks = [Connection(portal.port) for _ in clickers]
    for connection, person in zip(clicks, clickers, strict=True):
        connection.send(person.click)
    _wait_until_held(simulator_port, len(clickers))
    found = _read(portal, reader, seconds)
    if select.select([connection.socket for connection in clicks], [], [], 0)[0]:
        raise UnexpectedAnswerError("a click has ended before its window: this was no window with hanging clicks")
    _control(simulator_port, "POST", "faults/clear", {})
    for connection in clicks:
        while connection.receive() is None:
            pass
        connection.close()
    _wait_until_finished(portal)
    return found


def _wait_until_held(simulator_port: int, calls: int) -> None:
    ends = time.monotonic() + 5
    while (used := _control(simulator_port, "GET", "faults")[0]["used"]) < calls:
        if time.monotonic() > ends:
            raise UnexpectedAnswerError(f"only {used} of {calls} calls hang")
        time.sleep(0.05)


def _wait_until_finished(portal: Portal) -> None:
    """The loop finishes what hung; the next normal window is not to share the machine with that."""
    ends = time.monotonic() + 60
    with portal.app.app_context():
        while db.session.scalar(sqlalchemy.select(func.count()).select_from(Intent).where(Intent.result.is_(None))):
            if time.monotonic() > ends:
                raise UnexpectedAnswerError("what hung is not finished after a minute")
            db.session.rollback()
            time.sleep(0.1)


def _control(port: int, method: str, path: str, body: dict[str, object] | None = None) -> Any:
    """The simulator's control API. It closes the connection after each answer."""
    connection = Connection(port)
    content = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    answer = connection.ask(request(method, f"/_control/{path}", port, headers, content))
    connection.close()
    if answer.status != 200:
        raise UnexpectedAnswerError(f"{answer.status}: {answer.body!r}")
    return json.loads(answer.body)


def _row(page: str, pairs: list[tuple[list[float], list[float]]]) -> Row:
    """99th percentiles of each pair of windows; the median of their ratios."""
    slow, usual = ([percentile(latencies, 99) for latencies in side] for side in zip(*pairs, strict=True))
    ratios = [hanging / normal for hanging, normal in zip(slow, usual, strict=True)]
    return Row(
        f"{page}, p99 while Cashlink hangs",
        milliseconds(median(slow)),
        milliseconds(median(usual)),
        ratio=spread(ratios),
        target="≤ 2",
        met=median(ratios) <= 2,
    )
