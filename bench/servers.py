"""Starts what is measured, each as processes of its own on a free port, and ends them by process id."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType

import psutil

from portal import create_app, migrations
from portal.config import Settings
from portal.database import db
from tests.settings import environment, simulator_environment

WORKERS = 2
ROOT = Path(__file__).resolve().parents[1]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """A server's process with those that it has started.

    Args:
        name: of its log.
        arguments: for Python.
        port: on which it listens.
        folder: where the log lies.
        environ: its settings.
    """

    def __init__(self, name: str, arguments: list[str], port: int, folder: Path, environ: dict[str, str]) -> None:
        self.port = port
        self._log = folder / f"{name}-{port}.log"
        with self._log.open("wb") as log:
            # The command consists of this interpreter and our own words.
            self._process = subprocess.Popen(  # noqa: S603
                [sys.executable, "-m", *arguments],
                env={**os.environ, **environ},
                cwd=ROOT,
                stdout=log,
                stderr=log,
                # Ctrl-C ends the measurement, and that ends the servers, in this order.
                start_new_session=True,
            )

    def __enter__(self) -> Server:
        try:
            self._wait()
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.end()

    def _wait(self) -> None:
        ends = time.monotonic() + 60
        while time.monotonic() < ends:
            if self._process.poll() is not None:
                break
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return
        raise RuntimeError(f"a server does not start: {self._log.read_text(errors='replace')[-2000:]}")

    def processes(self) -> list[psutil.Process]:
        first = psutil.Process(self._process.pid)
        return [first, *first.children(recursive=True)]

    def cpu(self) -> float:
        """Seconds that all its processes have used so far."""
        return sum(times.user + times.system for times in (process.cpu_times() for process in self.processes()))

    def end(self) -> None:
        if self._process.poll() is None:
            started = self.processes()
            self._process.terminate()
            for process in psutil.wait_procs(started, timeout=15)[1]:
                process.kill()
        self._process.wait(5)


class Portal(Server):
    """`portal serve` with a database of its own, and a simulator if it has one.

    `app` is the same application for putting rows into the database; it serves nothing.
    """

    def __init__(self, folder: Path, simulator_port: int = 9, **environ: str) -> None:
        port = free_port()
        settings = environment(folder, f"http://localhost:{port}", f"http://localhost:{simulator_port}")
        # As in production, not as in the tests.
        del settings["PORTAL_STREAMS"]
        settings |= environ
        self.app = create_app(Settings.from_environment(settings))
        migrations.migrate(self.app)
        serve = ["portal.cli", "serve", "--bind", f"127.0.0.1:{port}", "--workers", str(WORKERS)]
        super().__init__("portal", serve, port, folder, settings)

    def end(self) -> None:
        super().end()
        with self.app.app_context():
            db.engine.dispose()


def simulator(folder: Path, portal_port: int, port: int) -> Server:
    """`portal simulator`, for a portal on that port."""
    addresses = (f"http://localhost:{portal_port}", f"http://localhost:{port}")
    settings = simulator_environment(folder, *addresses)
    return Server("simulator", ["portal.cli", "simulator", "--port", str(port)], port, folder, settings)


def floor(name: str, folder: Path, database_url: str, *arguments: str) -> Server:
    """A floor of `floors.py`."""
    port = free_port()
    command = ["bench.floors", name, database_url, f"127.0.0.1:{port}", str(WORKERS), *arguments]
    return Server(f"floor-{name}", command, port, folder, {})
