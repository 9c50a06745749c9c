"""A simulator that can be broken for one rule: by its modes and faults, or by a layer that changes what it answers."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portal.contract.api.client import Access, Api

from ..simulator.running import BOND, CREDENTIALS, RunningSimulator

Change = Callable[[int, Any], tuple[int, Any]]


@dataclass
class Lie:
    """Changes status and JSON of the answers to these requests."""

    method: str
    path: str
    change: Change

    def concerns(self, environ: dict[str, Any]) -> bool:
        return environ["REQUEST_METHOD"] == self.method and bool(re.fullmatch(self.path, environ["PATH_INFO"]))


class Lying:
    """Stands around the simulator's application; tells the truth unless there is a lie."""

    def __init__(self, wsgi: Callable[..., Iterable[bytes]]) -> None:
        self.wsgi = wsgi
        self.lie: Lie | None = None

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if self.lie is None or not self.lie.concerns(environ):
            return self.wsgi(environ, start_response)
        answered: list[Any] = []
        inner = self.wsgi(environ, lambda *answer: answered.append(answer))
        body = b"".join(inner)
        getattr(inner, "close", lambda: None)()
        (status, headers, *_) = answered[0]
        code, data = self.lie.change(int(status[:3]), json.loads(body))
        changed = json.dumps(data).encode()
        headers = [(name, value) for name, value in headers if name.lower() != "content-length"]
        start_response(f"{code} CHANGED", [*headers, ("Content-Length", str(len(changed)))])
        return [changed]


@dataclass
class Contracted:
    """A running simulator with the layer around it, and access to it."""

    simulator: RunningSimulator
    lying: Lying

    @property
    def access(self) -> Access:
        url = self.simulator.url
        return Access(
            url=f"{url}/api/external",
            client_id=CREDENTIALS["client_id"],
            client_secret=CREDENTIALS["client_secret"],
            info_url=f"{url}/api/external-info/",
            campaign_id=BOND,
            hosts=(url.removeprefix("http://"),),
            write=True,
            control_url=url,
        )

    @contextmanager
    def api(self) -> Iterator[Api]:
        api = Api(self.access)
        yield api
        api.close()

    def behave(self) -> None:
        self.lying.lie = None
        self.simulator.control("POST", "reset", {})


@contextmanager
def running(folder: Path) -> Iterator[Contracted]:
    simulator = RunningSimulator(folder / "simulator.sqlite3")
    lying = Lying(simulator.app.wsgi_app)
    simulator.app.wsgi_app = lying  # type: ignore[method-assign]
    simulator.start_sender()
    yield Contracted(simulator, lying)
    simulator.close()
