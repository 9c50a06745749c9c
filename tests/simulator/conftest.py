"""One simulator per test, on an empty database of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from .running import Receiver, RunningSimulator


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    running = Receiver()
    yield running
    running.close()


@pytest.fixture
def simulator(tmp_path: Path, receiver: Receiver) -> Iterator[RunningSimulator]:
    running = RunningSimulator(tmp_path / "simulator.sqlite3", receiver.url)
    yield running
    running.close()
