"""HTTP beneath the client: requests, with a total deadline and a limit of size, and without its habits that harm here.

Each read of a socket gets only the time that is left, so that a server that drips one byte a second is cut off as well.
"""

from __future__ import annotations

import http.client
import io
import socket
from collections.abc import Mapping
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
import urllib3
import urllib3.connection
from requests.adapters import HTTPAdapter

from . import deadline
from .errors import Unknown

MAX_ANSWER = 1024 * 1024  # bytes; more is not an answer of this API
CONNECT_TIMEOUT = 3.0  # seconds, for each address of the host


class Transport:
    """One session with its connections. Safe to share between threads.

    Args:
        proxy, ca_file: for companies that need them; the machine's own proxy variables and netrc are not trusted.
    """

    def __init__(self, proxy: str = "", ca_file: str = "") -> None:
        self._session = requests.Session()
        # A netrc entry would replace the Bearer header.
        self._session.trust_env = False
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        if proxy:
            self._session.proxies = {"http": proxy, "https": proxy}
        self._session.verify = ca_file or True
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, DeadlineAdapter(pool_maxsize=32))

    def exchange(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> tuple[int, Mapping[str, str], bytes]:
        """Send one request, and read the whole answer: its status, headers and content.

        Raises:
            TimeoutError: there was no complete answer before the deadline.
            OSError: there was none for another reason.
            Unknown: it is compressed or too large.
        """
        try:
            return self._exchange(method, url, headers, body)
        except (TimeoutError, requests.Timeout, urllib3.exceptions.TimeoutError):
            raise TimeoutError from None
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            # Not its text, which may tell the URL.
            raise OSError(type(error).__name__) from None

    def _exchange(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> tuple[int, Mapping[str, str], bytes]:
        seconds = deadline.left()
        if seconds <= 0:
            raise TimeoutError
        request = requests.Request(method, url, data=body, headers={"Accept": "application/json", **headers})
        prepared = self._session.prepare_request(request)
        # Compressed answers could unpack to any size.
        prepared.headers["Accept-Encoding"] = "identity"
        # A redirect would carry key and body to another host.
        with self._session.send(
            prepared,
            stream=True,
            allow_redirects=False,
            timeout=(min(CONNECT_TIMEOUT, seconds), seconds),
            proxies=self._session.proxies,
            verify=self._session.verify,
        ) as response:
            if response.headers.get("Content-Encoding", "identity") != "identity":
                raise Unknown("unreadable-encoding")
            content = bytearray()
            # Until b"", not one single read: that would take a truncated body for a whole one.
            while chunk := response.raw.read1(65536, decode_content=False):
                content += chunk
                if len(content) > MAX_ANSWER:
                    raise Unknown("unreadable-size")
            return response.status_code, response.headers, bytes(content)


class _Reader(io.RawIOBase):
    """Reads a socket with the time that is left as the timeout of each read."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.raw = connection.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        seconds = deadline.left()
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
