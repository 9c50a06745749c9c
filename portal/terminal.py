"""What the commands that run until Ctrl-C share: a free port, and the wait."""

from __future__ import annotations

import signal
import socket
import threading
import urllib.request

import click


def check_port(port: int, option: str) -> None:
    """Refuse a port that is taken, in one sentence.

    Raises:
        click.ClickException: it is.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise click.ClickException(_why_busy(port, option)) from None


def check_bind(bind: str) -> None:
    """Refuse an address that gunicorn could not listen on, before it tries for five seconds.

    Args:
        bind: `host:port`, or what else gunicorn takes.

    Raises:
        click.ClickException: it is no address of this machine, or it is taken.
    """
    if bind.startswith(("unix:", "fd://")):
        return
    host, _, port = bind.rpartition(":")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    why = "it is not written like 127.0.0.1:8000"
    if host and port.isdecimal() and len(port) < 6 and int(port) < 65536:
        try:
            socket.create_server((host.strip("[]"), int(port)), family=family).close()
        except OSError as error:
            why = error.strerror or why
        else:
            return
    raise click.ClickException(f"--bind {bind}: {why}. Give an address of this machine and a free port.")


def _why_busy(port: int, option: str) -> str:
    try:
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with direct.open(f"http://localhost:{port}/stage", timeout=2) as answer:
            ours = b"/demo/start-over" in answer.read()
    except OSError:
        ours = False
    if ours:
        return f"The demo is running already: http://localhost:{port}"
    return f"Port {port} is taken by another program. End it, or choose another port with {option}."


def wait_for_end() -> None:
    """Until Ctrl-C or SIGTERM."""
    ended = threading.Event()
    for name in ("SIGINT", "SIGTERM"):
        signal.signal(getattr(signal, name), lambda *_: ended.set())
    # With a timeout, since on Windows a wait without one does not see Ctrl-C.
    while not ended.wait(0.5):
        pass
