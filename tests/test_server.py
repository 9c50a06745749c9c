"""The demo's server: what it has opened it closes again."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading

import pytest
import requests
from flask import Flask

from portal.server import ThreadedServer, open_apart


def test_a_closed_server_frees_its_port() -> None:
    first = ThreadedServer(Flask("first"), 0).start()
    with socket.create_connection(("127.0.0.1", first.port), timeout=5):
        pass
    first.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", first.port), timeout=5)
    ThreadedServer(Flask("second"), first.port).start().close()


def test_no_answer_names_the_server() -> None:
    """That of gunicorn is looked at in test_logs.py, where it runs anyway."""
    server = ThreadedServer(Flask("quiet"), 0).start()
    answer = requests.get(f"http://127.0.0.1:{server.port}/", timeout=5)
    server.close()
    assert answer.status_code == 404
    assert "Server" not in answer.headers


def test_only_what_asks_for_a_stream_occupies_an_opener() -> None:
    """There are four, and a form is read where it is sent to, however slowly it comes."""
    seen: list[str] = []

    def application(_environ: object, _start: object) -> list[bytes]:
        seen.append(threading.current_thread().name)
        return []

    layer = open_apart(application)
    for method, path in (
        ("GET", "/investments/1/events"),
        ("POST", "/investments/1/events"),
        ("GET", "/password/events"),
    ):
        layer({"REQUEST_METHOD": method, "PATH_INFO": path}, lambda *_: bytes.__len__)  # type: ignore[arg-type]
    assert [name.startswith("stream-opener") for name in seen] == [True, False, False]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_the_limit_of_open_files_is_raised_as_far_as_allowed() -> None:
    program = (
        "import resource as r; from portal.server import allow_files; r.setrlimit(r.RLIMIT_NOFILE, (100, 500));"
        "allow_files(400); print(r.getrlimit(r.RLIMIT_NOFILE)); allow_files(9000); print(r.getrlimit(r.RLIMIT_NOFILE))"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert told.stdout.split("\n")[:2] == ["(400, 500)", "(500, 500)"]
    assert told.stderr.startswith("PORTAL_STREAMS: 9000 open files are needed, and 500 allowed.")
