"""Receives webhooks on this machine for as long as a probe looks at them, and issues a token where one is fetched."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

ISSUED_TOKEN = "issued-by-the-token-endpoint"  # noqa: S105


@dataclass
class Received:
    """One delivery as it arrived."""

    authorization: str
    raw: bytes
    answered: int

    @property
    def body(self) -> Any:
        try:
            return json.loads(self.raw)
        except ValueError:
            return None


@dataclass
class Receiver:
    """A server on a free port.

    Attributes:
        first_answer: to a delivery that comes for the first time; its repeats get 204.
    """

    first_answer: int = 204
    received: list[Received] = field(default_factory=list)

    def __enter__(self) -> Receiver:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                receiver.take(self)

            def log_message(self, *_: Any) -> None:
                """What arrives is kept, not printed."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/webhook"
        self.token_url = f"http://127.0.0.1:{self._server.server_port}/token"
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def take(self, request: BaseHTTPRequestHandler) -> None:
        raw = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        if request.path == "/token":
            self._answer(request, 200, {"access_token": ISSUED_TOKEN, "token_type": "Bearer", "expires_in": 600})
            return
        status = 204 if any(raw == one.raw for one in self.received) else self.first_answer
        self.received.append(Received(request.headers.get("Authorization", ""), raw, status))
        self._answer(request, status, None)

    def _answer(self, request: BaseHTTPRequestHandler, status: int, data: Any) -> None:
        body = b"" if data is None else json.dumps(data).encode()
        request.send_response(status)
        if 300 <= status < 400:
            request.send_header("Location", "/elsewhere")
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    def wait(self, condition: Callable[[list[Received]], bool], seconds: float) -> bool:
        """Whether what was received fulfils the condition within this time."""
        ends = time.monotonic() + seconds
        while not condition(self.received):
            if time.monotonic() > ends:
                return False
            time.sleep(0.02)
        return True
