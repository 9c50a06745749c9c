"""A total deadline for calls, which requests does not have: its timeout bounds each read, never their sum.

Each read of a socket gets only the time that is left, so that a server that drips one byte a second is cut off as well.
Not bounded: the resolver (DNS); its own timeout comes on top.
"""

from __future__ import annotations

import http.client
import io
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import urllib3
import urllib3.connection
from requests.adapters import HTTPAdapter

_ends: ContextVar[float] = ContextVar("deadline")


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Bound all calls inside, together. Inside another bound the earlier end counts.

    Args:
        seconds: for all calls in the block together.
    """
    ends = min(time.monotonic() + seconds, _ends.get(float("inf")))
    token = _ends.set(ends)
    try:
        yield
    finally:
        _ends.reset(token)


def left() -> float:
    """Seconds until the deadline; without one, infinite."""
    return _ends.get(float("inf")) - time.monotonic()


class _Reader(io.RawIOBase):
    """Reads a socket with the time that is left as the timeout of each read."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.raw = connection.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        seconds = left()
        if seconds <= 0:
            raise TimeoutError("the total deadline is over")
        if seconds != float("inf"):
            self.connection.settimeout(seconds)
        return self.raw.readinto(buffer)

    def close(self) -> None:
        self.raw.close()
        super().close()


class _Response(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *arguments: Any, **options: Any) -> None:
        super().__init__(sock, *arguments, **options)
        self.fp.close()
        self.fp = io.BufferedReader(_Reader(sock))


class _HttpConnection(urllib3.connection.HTTPConnection):
    response_class = _Response


class _HttpsConnection(urllib3.connection.HTTPSConnection):
    response_class = _Response


class _HttpPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _HttpConnection


class _HttpsPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _HttpsConnection


_POOLS = {"http": _HttpPool, "https": _HttpsPool}


class DeadlineAdapter(HTTPAdapter):
    """requests' adapter over connections that keep the deadline, with a proxy as well (its manager has own pools)."""

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, **options)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, *arguments: Any, **options: Any) -> Any:
        manager = super().proxy_manager_for(*arguments, **options)
        manager.pool_classes_by_scheme = _POOLS
        return manager
