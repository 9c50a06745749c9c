"""The client of all measurements: keep-alive connections in one thread, each sends again once it is answered.

It reads answers by their length and nothing more, so that it costs a few percent of what it measures.
"""

from __future__ import annotations

import re
import selectors
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class UnexpectedAnswerError(Exception):
    """An answer with another status than the measurement is about: its figures would mean nothing."""


@dataclass(frozen=True)
class Answer:
    status: int
    head: bytes
    body: bytes
    seconds: float


@dataclass
class Window:
    """What one side did in its turn. `cpu` is the server's, in seconds, all its processes together."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    cpu: float = 0.0

    @property
    def rate(self) -> float:
        return len(self.latencies) / self.seconds

    @property
    def cpu_per_request(self) -> float:
        return self.cpu / len(self.latencies)


class Connection:
    """One kept-alive connection to a server of this machine."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._received = b""
        self._begun = 0.0

    def send(self, request: bytes) -> None:
        self._received, self._begun = b"", time.perf_counter()
        self.socket.sendall(request)

    def receive(self) -> Answer | None:
        """What has arrived, if the answer is complete."""
        piece = self.socket.recv(262144)
        if not piece:
            raise UnexpectedAnswerError(f"the server has hung up after {self._received[:200]!r}")
        self._received += piece
        head, end, body = self._received.partition(b"\r\n\r\n")
        if not end:
            return None
        length = _LENGTH.search(head)
        if length and len(body) < int(length[1]):
            return None
        return Answer(int(head[9:12]), head, body, time.perf_counter() - self._begun)

    def ask(self, request: bytes) -> Answer:
        """Send, and wait for the answer."""
        self.send(request)
        while (answer := self.receive()) is None:
            pass
        return answer

    def close(self) -> None:
        self.socket.close()


def request(
    method: str, path: str, port: int, headers: dict[str, str] | None = None, body: bytes | None = None
) -> bytes:
    """The bytes of a request."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: localhost:{port}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + (body or b"")


def run(port: int, requests: Iterator[bytes], connections: int, seconds: float, status: int) -> Window:
    """Keep so many connections busy for so long."""
    window = Window()
    begun = time.perf_counter()
    ends = begun + seconds
    with selectors.DefaultSelector() as selector:
        opened = [Connection(port) for _ in range(connections)]
        try:
            for connection in opened:
                selector.register(connection.socket, selectors.EVENT_READ, connection)
                connection.send(next(requests))
            while selector.get_map():
                _answer_ready(selector, window, requests, status, ends)
        finally:
            for connection in opened:
                connection.close()
    window.seconds = time.perf_counter() - begun
    return window


def _answer_ready(
    selector: selectors.BaseSelector, window: Window, requests: Iterator[bytes], status: int, ends: float
) -> None:
    ready = selector.select(30)
    if not ready:
        raise UnexpectedAnswerError("no answer within 30 s")
    for key, _ in ready:
        connection: Connection = key.data
        answer = connection.receive()
        if answer is None:
            continue
        if answer.status != status:
            raise UnexpectedAnswerError(f"{answer.status} instead of {status}: {answer.body[:200]!r}")
        window.latencies.append(answer.seconds)
        if time.perf_counter() < ends:
            connection.send(next(requests))
        else:
            selector.unregister(connection.socket)
