"""The demo's server: what it has opened it closes again."""

from __future__ import annotations

import socket

import pytest
import requests
from flask import Flask

from portal.server import ThreadedServer


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
