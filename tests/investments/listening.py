"""Open event streams, as a browser holds them."""

from __future__ import annotations

import http.client
import queue
import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from .person import Person


@dataclass(frozen=True)
class Piece:
    """A block of a stream, by its fields ("" for a comment), and when it came."""

    fields: dict[str, str]
    at: float


class Listening:
    """One stream. Its blocks are gathered while it is open; `None` marks its end."""

    def __init__(self, url: str, person: Person, investment: UUID) -> None:
        parts = urlsplit(url)
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
        self._connection.connect()
        self._socket = self._connection.sock
        ((name, value),) = person.cookie.items()
        self._connection.request("GET", f"/investments/{investment}/events", headers={"Cookie": f"{name}={value}"})
        self.answer = self._connection.getresponse()
        self._pieces: queue.Queue[Piece | None] = queue.Queue()
        self._thread = threading.Thread(target=self._gather, daemon=True)
        self._thread.start()

    def _gather(self) -> None:
        fields: dict[str, str] = {}
        with suppress(OSError, http.client.HTTPException, ValueError):
            while line := self.answer.readline():
                text = line.decode().rstrip("\n")
                if text:
                    name, _, value = text.partition(":")
                    fields[name] = value.strip()
                elif fields:
                    self._pieces.put(Piece(fields, time.monotonic()))
                    fields = {}
        self._pieces.put(None)

    def next(self, seconds: float = 10) -> Piece | None:
        """The next block; None at the end of the stream."""
        return self._pieces.get(timeout=seconds)

    def next_event(self, seconds: float = 10) -> Piece:
        """The next block that is an event."""
        while True:
            piece = self.next(seconds)
            assert piece is not None, "the stream has ended"
            if "event" in piece.fields:
                return piece

    def is_silent(self) -> bool:
        """Whether nothing has come since what was taken last."""
        return self._pieces.empty()

    def ends(self, seconds: float = 10) -> float:
        """When the stream ended."""
        ends = time.monotonic() + seconds
        while self.next(ends - time.monotonic()) is not None:
            pass
        return time.monotonic()

    def close(self) -> None:
        """Go away, as a browser does; the reading thread ends by it."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(5)
        self._connection.close()
        self._socket.close()

    def __enter__(self) -> Listening:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()
