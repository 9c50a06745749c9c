"""A portal and a simulator that talk over real HTTP, on free ports of this machine."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest

from portal import create_app
from portal.config import Settings
from portal.database import db
from portal.live import hub
from portal.server import Background, ThreadedServer

from .schema import migrate
from .settings import environment, simulator_environment

T = TypeVar("T")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(
    condition: Callable[[], T],
    seconds: float = 10.0,
    what: str = "the condition",
    *,
    known: Callable[[], object] = lambda: "",
) -> T:
    """The condition's value once it is true; asked often, never slept for a fixed time.

    Args:
        known: asked when the time is over; what it returns tells why.
    """
    ends = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > ends:
            raise AssertionError(f"{what} did not come true within {seconds} s {known()}")
        time.sleep(0.01)


class World:
    """Both applications, with servers, sender and the portal's background threads. Skips where one has been deleted.

    Args:
        folder: for the databases.
        demo: with the presenter's aids.
        background: with the loop and the watcher.
        environ: settings that differ from those of settings.py.
    """

    def __init__(self, folder: Path, *, demo: bool = False, background: bool = True, **environ: str) -> None:
        pytest.importorskip("portal.simulator", reason="the simulator has been deleted")
        if demo:
            pytest.importorskip("portal.demo", reason="the demo has been deleted")
        from portal.simulator import create_app as create_simulator
        from portal.simulator.config import Settings as SimulatorSettings
        from portal.simulator.sender import Sender

        port, simulator_port = free_port(), free_port()
        self.url, self.simulator_url = f"http://localhost:{port}", f"http://localhost:{simulator_port}"
        self.environ = {**environment(folder, self.url, self.simulator_url), **environ}
        simulator_settings = simulator_environment(folder, self.url, self.simulator_url)
        self.simulator = create_simulator(SimulatorSettings.from_environment(simulator_settings))
        self.app = create_app(Settings.from_environment(self.environ), demo=demo)
        migrate(self.app)
        self._servers = [ThreadedServer(self.app, port), ThreadedServer(self.simulator, simulator_port)]
        self._sender = Sender(self.simulator)
        self._background = Background(self.app) if background else None

    def __enter__(self) -> World:
        for server in self._servers:
            server.start()
        self._sender.start()
        if self._background:
            self._background.start()
        return self

    def __exit__(self, *_: Any) -> None:
        if self._background:
            self._background.close()
        # Else open streams would keep their threads.
        hub(self.app).close()
        self._sender.close()
        for server in self._servers:
            server.close()
        with self.app.app_context():
            db.engine.dispose()
