"""Open progress pages on two processes: what they cost, how soon all hear of a webhook, and whom they slow down.

All pages show the same investment: each webhook is news for every one of them, which is the worst case.
"""

from __future__ import annotations

import itertools
import json
import resource
import selectors
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Any

import sqlalchemy

from portal.database import db, now
from portal.models import Investment
from tests.postgres import new_database, running
from tests.settings import WEBHOOK_TOKEN

from . import load
from .figures import Effort, Row, milliseconds, percentile
from .load import Connection, UnexpectedAnswerError, request
from .pages import dana
from .people import PAGE
from .servers import Portal

MANY, FEW = 1000, 50
NEWS = b"event: status"
LONGEST = {MANY: 0.350, FEW: 0.200}


class OpenPages:
    """Event streams in one thread; `heard` counts the events of each."""

    def __init__(self, port: int, path: str, cookie: str, count: int) -> None:
        self._selector = selectors.DefaultSelector()
        self._sockets = []
        self.heard: dict[socket.socket, int] = {}
        for _ in range(count):
            opened = socket.create_connection(("127.0.0.1", port), timeout=30)
            opened.sendall(request("GET", path, port, {"Cookie": cookie}))
            opened.setblocking(False)
            self._selector.register(opened, selectors.EVENT_READ)
            self._sockets.append(opened)
            self.heard[opened] = 0

    def listen(self, until: int, seconds: float) -> list[float]:
        """When each page heard its event of that number, as far as it did."""
        arrived: list[float] = []
        ends = time.perf_counter() + seconds
        while len(arrived) < len(self._sockets) and time.perf_counter() < ends:
            for key, _ in self._selector.select(0.5):
                opened: Any = key.fileobj
                piece = opened.recv(65536)
                if not piece:
                    raise UnexpectedAnswerError("a stream has ended")
                before = self.heard[opened]
                self.heard[opened] += piece.count(NEWS)
                if before < until <= self.heard[opened]:
                    arrived.append(time.perf_counter())
        return arrived

    def close(self) -> None:
        for opened in self._sockets:
            opened.close()
        self._selector.close()


def measure(folder: Path, effort: Effort) -> Iterator[Row]:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with ExitStack() as stack:
        postgres = stack.enter_context(running())
        for name, environ in (("SQLite", {}), ("PostgreSQL", {"PORTAL_DATABASE_URL": new_database(postgres)})):
            place = folder / f"streams-{name}"
            place.mkdir()
            yield from _on(name, Portal(place, **environ), effort)


def _on(name: str, portal: Portal, effort: Effort) -> Iterator[Row]:
    cookie, investment = dana(portal)
    path = f"/investments/{investment}/events"
    cashlink_id = cashlink_id_of(portal, investment)
    with portal:
        usual, memory = _read(portal, effort), 0
        for count in (FEW, MANY):
            pages = OpenPages(portal.port, path, cookie, count)
            try:
                if len(pages.listen(1, 60)) < count:
                    raise UnexpectedAnswerError("not all streams were opened")
                yield from _news(name, portal, pages, cashlink_id, count, effort)
                if count == FEW:
                    _settle(portal, cashlink_id)
                    memory = _memory(portal)
                else:
                    yield _each(name, (_memory(portal) - memory) / (MANY - FEW))
                    yield _idle(name, portal, effort)
                    yield _slower(name, portal, cashlink_id, usual, effort)
            finally:
                pages.close()


def _news(name: str, portal: Portal, pages: OpenPages, cashlink_id: str, count: int, effort: Effort) -> Iterator[Row]:
    delays, lost, webhooks = [], 0, max(effort.pairs, 5)
    for number in range(webhooks):
        begun = time.perf_counter()
        tell(portal.port, cashlink_id)
        arrived = pages.listen(number + 2, 10)
        delays += [at - begun for at in arrived]
        lost += count - len(arrived)
    slow = percentile(delays, 95)
    yield Row(
        f"{count} open pages, {name}: webhook to event at all of them, p95",
        f"{milliseconds(slow)}, slowest {milliseconds(max(delays))}",
        "–",
        f"{lost} of {count * webhooks} lost",
        f"≤ {LONGEST[count] * 1000:.0f} ms, none lost",
        slow <= LONGEST[count] and not lost,
    )


def _each(name: str, memory: float) -> Row:
    return Row(
        f"{MANY} open pages, {name}: memory of each", f"{memory / 1024:.0f} KB", "–", "", "≤ 40 KB", memory <= 40960
    )


def _idle(name: str, portal: Portal, effort: Effort) -> Row:
    # Two signs of life of each page.
    seconds = 30.0
    cpu, begun = portal.cpu(), time.perf_counter()
    time.sleep(seconds)
    cores = (portal.cpu() - cpu) / (time.perf_counter() - begun)
    return Row(f"{MANY} open pages, {name}: idle", f"{cores:.3f} cores", "–", "", "≤ 0.05 cores", cores <= 0.05)


def _slower(name: str, portal: Portal, cashlink_id: str, usual: float, effort: Effort) -> Row:
    """Ordinary pages while each second brings news for all open ones."""
    stop = threading.Event()

    def keep_telling() -> None:
        while not stop.wait(1):
            tell(portal.port, cashlink_id)

    thread = threading.Thread(target=keep_telling)
    thread.start()
    meanwhile = _read(portal, effort)
    stop.set()
    thread.join()
    return Row(
        f"campaign page while {MANY} pages are open, {name}, median",
        milliseconds(meanwhile),
        milliseconds(usual),
        f"{meanwhile / usual:.2f}",
        "≤ 1.5",
        meanwhile <= 1.5 * usual,
    )


def _read(portal: Portal, effort: Effort) -> float:
    page = request("GET", PAGE, portal.port)
    load.run(portal.port, itertools.repeat(page), 2, 1, 200)
    window = load.run(portal.port, itertools.repeat(page), 1, effort.seconds * 4, 200)
    return median(window.latencies)


def _settle(portal: Portal, cashlink_id: str) -> None:
    """Pages and webhooks for 20 seconds, until each process has done at least once whatever it does now and then: what
    that needs in memory is not the open pages'."""
    page, told = request("GET", PAGE, portal.port), _webhook(portal.port, cashlink_id)
    for _ in range(20):
        load.run(portal.port, itertools.repeat(page), 8, 0.1, 200)
        load.run(portal.port, itertools.repeat(told), 8, 0.1, 204)
        time.sleep(0.8)


def _memory(portal: Portal) -> int:
    """Bytes of all processes, shared ones once."""
    return sum(process.memory_full_info().pss for process in portal.processes())


def _webhook(port: int, cashlink_id: str, status: str = "PAID") -> bytes:
    told = {"investment_id": cashlink_id, "status": status, "changed_at": now().isoformat()}
    headers = {"Authorization": f"Bearer {WEBHOOK_TOKEN}", "Content-Type": "application/json"}
    return request("POST", "/webhooks/cashlink", port, headers, json.dumps(told).encode())


def tell(port: int, cashlink_id: str, status: str = "PAID") -> None:
    connection = Connection(port)
    answer = connection.ask(_webhook(port, cashlink_id, status))
    connection.close()
    if answer.status != 204:
        raise UnexpectedAnswerError(f"{answer.status}: {answer.body!r}")


def cashlink_id_of(portal: Portal, investment: uuid.UUID) -> str:
    with portal.app.app_context():
        row = db.session.get_one(Investment, investment)
        # As if each change were confirmed already: nothing is there to be asked.
        db.session.execute(sqlalchemy.update(Investment).values(next_poll_at=now() + timedelta(days=1)))
        db.session.commit()
        return row.cashlink_id or ""
