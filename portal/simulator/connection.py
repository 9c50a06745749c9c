"""What no framework lets one do to a client: reset its connection, hang up, drip single bytes, leave out a header.

It works on the socket that Werkzeug's server hands to the application. Under another server there is none, and the
nearest thing to it is done.
"""

import os
import socket
import struct
from collections.abc import Callable
from contextlib import suppress

from werkzeug.datastructures import Headers

# No waiting at the end of the connection: what was not sent is thrown away, and the other side is told so.
RESET_AT_CLOSE = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)


class Ending:
    """A body that is never sent: the server asks for it, and the request ends in another way.

    Both Werkzeug's server and gunicorn take a ConnectionError for a client that has gone away, and say nothing.
    """

    def __init__(self, act: Callable[[], object] = lambda: None) -> None:
        self._act = act

    def __iter__(self) -> "Ending":
        return self

    def __next__(self) -> bytes:
        self._act()
        raise ConnectionAbortedError


def hang_up(connection: socket.socket | None) -> None:
    """End the connection in good order, whatever was sent before."""
    if connection is not None:
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)


def reset(connection: socket.socket | None) -> None:
    """End the connection with a TCP reset, at once.

    The server keeps its own handle of the socket open until later, and would end it in good order first. So another
    socket is put in its place, whose other end is closed already.
    """
    if connection is None:
        return
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_AT_CLOSE)
    ours, theirs = socket.socketpair()
    theirs.close()
    with ours:
        try:
            os.dup2(ours.fileno(), connection.fileno(), inheritable=False)
        except OSError:
            hang_up(connection)


def is_gone(connection: socket.socket | None) -> bool:
    """Whether the client has closed its side; False where that cannot be told."""
    if connection is None or not hasattr(socket, "MSG_DONTWAIT"):
        return False
    try:
        return connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def as_bytes(status: str, headers: Headers, body: bytes) -> bytes:
    """A whole answer with exactly these headers; the server would add its own."""
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers), "Connection: close", "", ""]
    return "\r\n".join(lines).encode("latin-1") + body
