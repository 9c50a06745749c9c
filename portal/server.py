"""The servers: gunicorn for `portal serve`, a small threaded one, which runs on Windows too, for the demo.

Background threads start with the processes that serve, never in `create_app`: a reloader or a command would run them
twice.
"""

from __future__ import annotations

import ctypes
import gc
import logging
import os
import shutil
import socket
import tempfile
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import click
from flask import Flask
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from . import logs
from .investments.stream import Keeper
from .live import Watcher
from .sync import Loop

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# Threads beyond those that hold event streams, for all other requests.
SPARE_THREADS = 64
# Of modules, the database, the log and the like.
SPARE_FILES = 256
# The parameter's number in malloc.h.
M_ARENA_MAX = -8
# Threads that work on the requests by which streams are opened.
OPENERS = 4
METRICS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"


class Background:
    """What runs beside the requests of one process: the watcher, the keeper and the loop.

    Args:
        pause: between two rounds of the loop, in seconds.
    """

    def __init__(self, app: Flask, pause: float = 0.5) -> None:
        self._watcher = Watcher(app)
        self._keeper = Keeper(app)
        self._loop = Loop(app, pause)

    def start(self, alive: Callable[[], bool] = lambda: True) -> Background:
        """Begin; once `alive` says no, the watcher ends all open streams."""
        self._watcher.start(alive)
        self._keeper.start()
        self._loop.start()
        return self

    def close(self) -> None:
        """The watcher first: it ends the open streams, for which the server would wait."""
        self._watcher.close()
        self._keeper.close()
        self._loop.close()


class QuietHandler(WSGIRequestHandler):
    """Logs nothing: addresses are personal data, and links carry secrets."""

    protocol_version = "HTTP/1.1"

    def log(self, *_: Any) -> None:
        """Say nothing."""

    def send_header(self, keyword: str, value: str) -> None:
        """All headers but the banner of server and version."""
        if keyword.lower() != "server":
            super().send_header(keyword, value)


class ThreadedServer:
    """Serves one application on the loopback addresses, IPv4 and IPv6, each connection in a thread."""

    def __init__(self, app: Flask, port: int) -> None:
        self.port = port
        self._servers = [self._bind(app, "127.0.0.1", port)]
        try:
            self._servers.append(self._bind(app, "::1", self._servers[0].port))
        except OSError:
            # No IPv6 on this machine: browsers fall back by themselves.
            self.port = self._servers[0].port
        self.port = self._servers[0].port
        # Seconds after which each notices that it shall end; werkzeug's half would make an end last two.
        self._threads = [
            threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True) for server in self._servers
        ]

    @staticmethod
    def _bind(app: Flask, host: str, port: int) -> BaseWSGIServer:
        # Bound here: werkzeug would exit the process where the port is taken. It takes a duplicate of the socket.
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            if hasattr(socket, "SO_REUSEADDR"):
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
            probe.listen(128)
            return make_server(host, port, app, threaded=True, request_handler=QuietHandler, fd=probe.fileno())

    def start(self) -> ThreadedServer:
        for thread in self._threads:
            thread.start()
        return self

    def close(self) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()


def serve(app_factory: Any, bind: str, workers: int, streams: int, warning: str = "") -> None:
    """Run gunicorn until it is told to end.

    Args:
        app_factory: makes the application, in each worker.
        bind: `host:port`.
        workers: processes.
        streams: open event streams that one process may hold.
        warning: to be logged at the start.

    Raises:
        click.ClickException: there is no gunicorn here.
    """
    try:
        from gunicorn.app.base import BaseApplication
    except ImportError as error:
        raise click.ClickException("gunicorn is missing; it does not run on Windows. Use: portal demo") from error

    # Before the processes part, so that they share it: their loops call Cashlink at once.
    from .cashlink import transport as _transport  # noqa: F401

    logs.write_json()
    if warning:
        logging.getLogger("portal").warning(warning)
    # It would tell of each look at the schema.
    logging.getLogger("alembic").setLevel(logging.WARNING)
    drop_banner()
    allow_files(2 * streams + SPARE_THREADS + SPARE_FILES)

    class Server(BaseApplication):  # type: ignore[misc]
        def load_config(self) -> None:
            options = {
                "bind": bind,
                "workers": workers,
                "worker_class": "gthread",
                "threads": streams + SPARE_THREADS,
                "worker_connections": 2 * streams + SPARE_THREADS,
                "graceful_timeout": 10,
                "keepalive": 15,
                "control_socket_disable": True,
                "logger_class": log_class(),
                "post_worker_init": start_background,
                "worker_exit": close_background,
                "child_exit": forget_metrics,
                "on_exit": drop_metrics,
            }
            for name, value in options.items():
                self.cfg.set(name, value)

        def load(self) -> Flask:
            app: Flask = app_factory()
            app.wsgi_app = open_apart(app.wsgi_app)  # type: ignore
            return app

    limit_arenas()
    settle()
    Server().run()


def open_apart(wsgi_app: WSGIApplication) -> WSGIApplication:
    """A layer around the application: few threads work on the requests that open streams, the streams' own only wait.

    The stack that a thread has touched once stays in memory as long as it lives, and a request touches as much as all
    else that a stream needs. And when a thousand pages come back at once, others get the database's connections, too.
    """
    openers = ThreadPoolExecutor(OPENERS, "stream-opener")

    def layer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        # A form that came there slowly would occupy an opener.
        if environ["REQUEST_METHOD"] == "GET" and path.startswith("/investments/") and path.endswith("/events"):
            answer = openers.submit(wsgi_app, environ, start_response).result()
            # Nobody asks a waiting stream what was requested; gunicorn only looks for its file wrapper.
            for name in environ.keys() - {"wsgi.file_wrapper"}:
                del environ[name]
            return answer
        return wsgi_app(environ, start_response)

    return layer


def allow_files(number: int) -> None:
    """Raise the limit of open files of each process, and warn where this user may not raise it so far: each stream is
    one, and a process that has none left dies with all its streams."""
    try:
        import resource
    except ImportError:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = number if hard == resource.RLIM_INFINITY else min(number, hard)
    if wanted < number:
        told = "PORTAL_STREAMS: %d open files are needed, and %d allowed. Raise the hard limit, or hold fewer streams"
        logging.getLogger("portal").warning(told, number, wanted)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def limit_arenas() -> None:
    """Two of glibc's malloc arenas for all threads, instead of eight per processor: a thousand threads would break each
    of them up. What MALLOC_ARENA_MAX=2 does, without depending on how the server is started."""
    with suppress(AttributeError, OSError):
        # No such function in musl and macOS, whose allocators know no arenas.
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, 2)


def settle() -> None:
    """Leave what has been imported and set up by now out of garbage collection: it stays for good, and to look at it
    would copy the memory that the server's processes share."""
    gc.freeze()


def drop_banner() -> None:
    """Take `Server: gunicorn` out of all answers; gunicorn has no setting for it."""
    from gunicorn.http import wsgi

    original = wsgi.Response.default_headers

    def without_banner(response: Any) -> list[str]:
        return [line for line in original(response) if not line.startswith("Server:")]

    wsgi.Response.default_headers = without_banner


def log_class() -> type:
    """gunicorn's logger with its records among ours, and without its access log, which names addresses and URLs."""
    from gunicorn.glogging import Logger

    class Log(Logger):  # type: ignore[misc]
        def setup(self, cfg: Any) -> None:
            super().setup(cfg)
            self.error_log.handlers.clear()
            self.error_log.propagate = True
            self.error_log.addFilter(logs.masks_server_records)

        def access(self, *_: Any) -> None:
            """Say nothing: the application writes a line for each request."""

    return Log


def start_background(worker: Any) -> None:
    """gunicorn's hook in each worker; the watcher sees SIGTERM through `worker.alive` and ends all streams at once."""
    settle()
    # Of the rounds that find nothing, all processes together make one a second.
    pause = float(worker.cfg.workers)
    worker.background = Background(worker.app.callable, pause).start(alive=lambda: worker.alive)


def share_metrics() -> None:
    """Let all processes of this server count together; to be called before anything imports prometheus_client."""
    os.environ[METRICS_FOLDER] = tempfile.mkdtemp(prefix="portal-metrics-")


def forget_metrics(_server: Any, worker: Any) -> None:
    """gunicorn's hook in the first process, once a worker has gone: its open streams have gone, too."""
    if METRICS_FOLDER in os.environ:
        from prometheus_client import multiprocess

        multiprocess.mark_process_dead(worker.pid)


def drop_metrics(_server: Any) -> None:
    """gunicorn's hook at the end of the first process."""
    if METRICS_FOLDER in os.environ:
        shutil.rmtree(os.environ[METRICS_FOLDER], ignore_errors=True)


def close_background(_server: Any, worker: Any) -> None:
    """gunicorn's hook at the end of a worker."""
    if hasattr(worker, "background"):
        worker.background.close()
