"""A robot plays each performance again and again, without a network and without a repair; the seed stays as it is."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest
import requests

from ..journey import Visitor
from .presenting import Presenter

performances = pytest.importorskip("portal.demo.performances", reason="the demo has been deleted")
pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

SHORT, LONG = 1, 20
VERDICTS = {"happy-path": 1, "everything-goes-wrong": 6}


class Network:
    """Refuses every connection of this process that would leave the machine, while it is cut."""

    def __init__(self) -> None:
        self.is_cut = False
        self.refused: list[str] = []
        sys.addaudithook(self._look)

    def _look(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.is_cut or event not in ("socket.connect", "socket.getaddrinfo"):
            return
        address = arguments[1] if event == "socket.connect" else arguments
        host = str(address[0]) if isinstance(address, tuple) else "localhost"
        if host not in ("localhost", "127.0.0.1", "::1"):
            self.refused.append(host)
            raise OSError(f"the network is cut: {host}")

    @contextmanager
    def cut(self) -> Iterator[None]:
        self.is_cut = True
        try:
            yield
        finally:
            self.is_cut = False


@pytest.fixture(scope="module")
def network() -> Network:
    return Network()


def seed_rows(demo: Any) -> list[Any]:
    """The cast on both sides: who they are, and what has happened to their investments."""
    statements = {
        "portal.sqlite3": (
            "SELECT id, email, created_at FROM user WHERE email NOT LIKE 'robin-%'",
            "SELECT i.id, i.cashlink_id, s.status, s.changed_at, s.polled FROM investment i JOIN user u ON"
            " u.id = i.user_id LEFT JOIN status_change s ON s.investment_id = i.cashlink_id"
            " WHERE u.email NOT LIKE 'robin-%'",
        ),
        "demo-simulator.sqlite3": (
            "SELECT i.id, i.status, i.units, s.status, s.changed_at FROM investment i LEFT JOIN status_change s ON"
            " s.investment_id = i.id WHERE i.id IN (SELECT id FROM investment ORDER BY number LIMIT 13)",
        ),
    }
    found = []
    for name, queries in statements.items():
        with closing(sqlite3.connect(demo.settings.data_dir / name)) as connection:
            found += [sorted(connection.execute(query), key=repr) for query in queries]
    assert all(found)
    return found


@pytest.mark.parametrize("name", list(VERDICTS))
def test_a_robot_plays_it_again_and_again(
    demo: Any, network: Network, name: str, request: pytest.FixtureRequest
) -> None:
    times = LONG if request.config.getoption("--long") else SHORT
    before = seed_rows(demo)
    with network.cut(), Presenter(demo.settings.public_url) as robot:
        for _ in range(times):
            verdicts = robot.begin(name).play_to_the_end()
            assert len(verdicts) == VERDICTS[name]
            assert [verdict for verdict in verdicts if not verdict.startswith("PASS")] == []
    assert network.refused == []
    assert seed_rows(demo) == before


def test_the_network_really_is_cut(network: Network) -> None:
    with network.cut(), pytest.raises(requests.ConnectionError):
        requests.get("http://192.0.2.1/", timeout=1)
    assert network.refused.pop() == "192.0.2.1"


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("name", list(VERDICTS))
def test_the_script_has_words_for_each_step(demo: Any, name: str, language: str) -> None:
    script = performances.SCRIPTS[name]
    with Visitor(demo.settings.public_url, language) as presenter:
        page = presenter.open(f"/stage/script/{name}").page
    assert page.html is not None
    assert page.html["lang"] == language
    assert len(page.select(".words > li")) == len(script.steps)
    told = [line.get_text().strip() for line in page.select(".words__say")]
    assert all(told)
    in_english = [str(step.words) for step in script.steps if step.words]
    assert (told == in_english) == (language == "en")


def test_three_minutes_are_enough_for_the_words() -> None:
    """At 130 words a minute, in German too, which takes a tenth more."""
    count = sum(len(str(step.words).split()) for step in performances.HAPPY_PATH.steps)
    assert count * 1.1 / 130 < 3
