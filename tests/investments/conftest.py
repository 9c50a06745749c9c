"""A person with investments, and a server with open streams."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from portal.investments.stream import Keeper
from portal.live import Watcher, hub
from portal.server import ThreadedServer

from .person import Person


@pytest.fixture
def dana(app: Flask) -> Person:
    return Person.create(app, "dana@example.org", "Dana", "Muster")


@pytest.fixture
def mallory(app: Flask) -> Person:
    return Person.create(app, "mallory@example.org", "Mallory", "Beispiel")


@pytest.fixture
def server(app: Flask) -> Iterator[str]:
    """The portal on a free port; nothing watches yet."""
    running, keeper = ThreadedServer(app, 0).start(), Keeper(app).start()
    yield f"http://localhost:{running.port}"
    # Streams that a test left open would keep the server's threads.
    hub(app).close()
    keeper.close()
    running.close()


@pytest.fixture
def watch(app: Flask) -> Iterator[Callable[[], Watcher]]:
    """Starts the watcher of this process."""
    started: list[Watcher] = []

    def start() -> Watcher:
        started.append(Watcher(app).start())
        return started[-1]

    yield start
    for watcher in started:
        watcher.close()
