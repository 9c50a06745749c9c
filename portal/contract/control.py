"""The simulator's `/_control/`: what is armed there, what it has recorded, what it does when it is told to."""

from __future__ import annotations

from typing import Any

import requests

from .http import new_session, send


class Control:
    """`url`: the simulator's address with or without `/_control`."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/").removesuffix("/_control") + "/_control"
        self._session = new_session()

    def close(self) -> None:
        self._session.close()

    def get(self, path: str) -> Any:
        return self._ask("GET", path)

    def post(self, path: str, body: dict[str, Any]) -> Any:
        return self._ask("POST", path, json=body)

    def _ask(self, method: str, path: str, **arguments: Any) -> Any:
        answer = send(self._session, method, f"{self.url}/{path}", **arguments)
        if not answer.is_success:
            raise requests.HTTPError(f"{path}: {answer.status}")
        return answer.data

    def arm(self, call: str, fault: str, times: int = 1) -> None:
        self.post("faults", {"on": call, "fault": fault, "times": times})

    def clear_faults(self) -> None:
        self.post("faults/clear", {})

    def act(self, investment_id: str, action: str) -> None:
        """sign, identify, review, accept, pay, deliver …: what investor and issuer do on pages otherwise."""
        self.post("act", {"investment_id": investment_id, "action": action})

    def send_webhooks_to(self, url: str | None, token: str = "", token_url: str = "") -> None:
        """None: where the simulator's settings say."""
        self.post("webhook", {"url": url, "token": token, "token_url": token_url})
