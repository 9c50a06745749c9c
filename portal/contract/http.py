"""HTTP as the probes need it: no redirect is followed, nothing of the machine is trusted, long answers are cut."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests

TIMEOUT = (3.05, 15)
MAX_ANSWER = 1024 * 1024


@dataclass(frozen=True)
class Answer:
    """Attributes:
    data: what the body says as JSON, or None.
    """

    status: int
    headers: Mapping[str, str]
    data: Any

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300

    def field(self, *path: str) -> Any:
        """What stands at this path of the JSON object, or None."""
        found = self.data
        for name in path:
            found = found.get(name) if isinstance(found, dict) else None
        return found

    def text(self, name: str) -> str:
        """A text that is not empty, else ""."""
        found = self.field(name)
        return found if isinstance(found, str) else ""


def new_session(proxy: str = "", ca_file: str = "") -> requests.Session:
    session = requests.Session()
    # The machine's netrc would replace the bearer token, its proxies would read it.
    session.trust_env = False
    if proxy:
        session.proxies = {"http": proxy, "https": proxy}
    session.verify = ca_file or True
    return session


def send(
    session: requests.Session,
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    timeout: tuple[float, float] = TIMEOUT,
    **arguments: Any,
) -> Answer:
    """One request; the arguments are those of requests: json, data, files, auth."""
    with session.request(
        method, url, headers=headers, timeout=timeout, allow_redirects=False, stream=True, **arguments
    ) as response:
        content = response.raw.read(MAX_ANSWER, decode_content=True)
        try:
            data = json.loads(content)
        except (ValueError, RecursionError):
            data = None
        return Answer(response.status_code, response.headers, data)
