"""The demo's server: what it has opened it closes again."""

from __future__ import annotations

import socket

import pytest
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
