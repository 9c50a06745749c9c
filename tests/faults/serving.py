"""`portal serve` as an operator starts it: gunicorn with several processes, against a simulator that lives on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import requests

from portal import create_app
from portal.config import Settings
from portal.database import db
from portal.server import ThreadedServer
from portal.simulator import create_app as create_simulator
from portal.simulator.config import Settings as SimulatorSettings
from portal.simulator.sender import Sender

from ..schema import migrate
from ..settings import environment, simulator_environment
from ..world import free_port, wait_until


class Served:
    """A served portal that can be killed and started again; the simulator with its sender lives in the test's process.

    Args:
        folder: for the databases.
        workers: gunicorn's processes.
        environ: settings that differ.
    """

    def __init__(self, folder: Path, *, workers: int = 2, **environ: str) -> None:
        self.port, simulator_port = free_port(), free_port()
        self.url, self.simulator_url = f"http://localhost:{self.port}", f"http://localhost:{simulator_port}"
        self.environ = {**environment(folder, self.url, self.simulator_url), **environ}
        # The same database, for looking into it; it serves nothing.
        self.app = create_app(Settings.from_environment(self.environ))
        migrate(self.app)
        settings = simulator_environment(folder, self.url, self.simulator_url)
        self.simulator = create_simulator(SimulatorSettings.from_environment(settings))
        self._server = ThreadedServer(self.simulator, simulator_port)
        self._sender = Sender(self.simulator)
        self._workers = workers
        self._log = (folder / "serve.log").open("ab")
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Served:
        self._server.start()
        self._sender.start()
        self.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self.kill()
        self._sender.close()
        self._server.close()
        self._log.close()
        with self.app.app_context():
            db.engine.dispose()

    def start(self) -> None:
        """Start all processes and wait until they answer."""
        command = [sys.executable, "-m", "portal.cli", "serve", "--bind", f"127.0.0.1:{self.port}"]
        self.process = subprocess.Popen(
            [*command, "--workers", str(self._workers)],
            env={**os.environ, **self.environ},
            stdout=self._log,
            stderr=self._log,
            # A group of its own, so that all its processes die at once.
            start_new_session=True,
        )
        wait_until(self.answers, 60, "an answer of portal serve")

    def answers(self) -> bool:
        try:
            return requests.get(f"{self.url}/healthz", timeout=1).status_code == 200
        except requests.RequestException:
            return False

    def kill(self) -> None:
        """SIGKILL to the whole process group."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(10)
            self.process = None

    def log(self) -> str:
        self._log.flush()
        return Path(self._log.name).read_text(errors="replace")
