"""The simulator's control API, as the demo uses it: over HTTP, like everything else between the two."""

from __future__ import annotations

from typing import Any

import requests
from flask import current_app

TIMEOUT = (3.05, 15)


def simulator_url() -> str:
    """Where the simulator of the running demo listens, without a path."""
    url: str = current_app.extensions["settings"].api_url
    return url.removesuffix("/api/external")


class Control:
    """Arms faults and reads the simulator's own log."""

    def __init__(self, url: str) -> None:
        """`url`: the simulator's address, without a path."""
        self.url = url

    def get(self, path: str, **query: int) -> Any:
        with self._session() as session:
            answer = session.get(f"{self.url}/_control/{path}", params=query, timeout=TIMEOUT)
        answer.raise_for_status()
        return answer.json()

    def post(self, path: str, body: dict[str, object]) -> None:
        with self._session() as session:
            session.post(f"{self.url}/_control/{path}", json=body, timeout=TIMEOUT).raise_for_status()

    @staticmethod
    def _session() -> requests.Session:
        session = requests.Session()
        session.trust_env = False
        return session
