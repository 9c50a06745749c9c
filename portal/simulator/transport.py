"""Carries a webhook to the portal, with the bearer token or with one that the portal's token endpoint has issued."""

import threading
from typing import Any

import requests
from requests.auth import HTTPBasicAuth

from .runtime import Runtime

CONNECT_SECONDS, READ_SECONDS = 3.05, 10
TIMEOUT = (CONNECT_SECONDS, READ_SECONDS)

# A token is renewed so long before its end, or at half of its life.
LEEWAY_SECONDS = 10
USUAL_LIFETIME_SECONDS = 300
WRONG_TOKEN = "not-the-right-token"  # noqa: S105


class NoToken(Exception):
    """The token endpoint's answer is of no use; the text says why."""


class Transport:
    """Safe to share between threads."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._session = requests.Session()
        # The machine's netrc would replace the bearer token, its proxies would read it.
        self._session.trust_env = False
        self._lock = threading.Lock()
        self._token = ""
        self._token_ends = 0.0

    def close(self) -> None:
        self._session.close()

    def post(self, body: str, wrong_token: bool = False) -> tuple[int | None, str | None]:
        """The status of the answer, or the kind of failure. A redirect is an answer like any other."""
        settings = self._runtime.settings
        try:
            if wrong_token:
                return self._send(body, WRONG_TOKEN), None
            if self._runtime.modes.webhook_authentication == "bearer":
                return self._send(body, settings.webhook_token), None
            token = self._valid_token()
            answer = self._send(body, token)
            if answer == 401:
                answer = self._send(body, self._valid_token(instead_of=token))
        except NoToken as error:
            return None, str(error)
        except requests.RequestException as error:
            return None, type(error).__name__
        return answer, None

    def _send(self, body: str, token: str) -> int:
        with self._session.post(
            self._runtime.settings.webhook_url,
            data=body.encode("utf-8", "surrogateescape"),
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
            timeout=TIMEOUT,
            allow_redirects=False,
            stream=True,
        ) as response:
            return int(response.status_code)

    def _valid_token(self, instead_of: str | None = None) -> str:
        with self._lock:
            if self._token == instead_of or self._runtime.clock.elapsed() >= self._token_ends:
                self._fetch_token()
            return self._token

    def _fetch_token(self) -> None:
        """RFC 6749, 4.4, with the client authenticated by Basic."""
        settings = self._runtime.settings
        response = self._session.post(
            settings.webhook_token_url,
            data={"grant_type": "client_credentials"},
            auth=HTTPBasicAuth(settings.webhook_client_id, settings.webhook_client_secret),
            timeout=TIMEOUT,
            allow_redirects=False,
        )
        if response.status_code != 200:
            raise NoToken(f"token endpoint: {response.status_code}")
        try:
            answer: Any = response.json()
            token = str(answer["access_token"])
        except (ValueError, KeyError, TypeError):
            raise NoToken("token endpoint: no token") from None
        lifetime = answer.get("expires_in")
        if not isinstance(lifetime, int | float) or lifetime <= 0:
            lifetime = USUAL_LIFETIME_SECONDS
        self._token = token
        self._token_ends = self._runtime.clock.elapsed() + lifetime - min(LEEWAY_SECONDS, lifetime / 2)
