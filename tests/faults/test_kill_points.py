"""Every point at which a process can die in import, "Invest now" and webhook, and every ordered pair of points.

After each death the rest heals: nothing lost, nothing doubled.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ..acts import Acts
from ..people import add_user
from ..settings import WEBHOOK_TOKEN
from ..world import World
from .invariants import violations
from .killing import dies

pytestmark = [pytest.mark.both_databases, pytest.mark.slow, pytest.mark.timeout(14400)]


@pytest.fixture
def acts(tmp_path: Path, database: dict[str, str]) -> Iterator[Acts]:
    with World(tmp_path, background=False, **database) as world:
        yield Acts(world)


_names = itertools.count(1)


class Story:
    """One person's import and "Invest now", which may be told again and again."""

    def __init__(self, acts: Acts) -> None:
        self.acts = acts
        self.user_id = add_user(acts.world.app, f"person{next(_names)}", identified=True)

    def tell(self) -> None:
        self.acts.import_investor(self.user_id)
        self.acts.invest(self.user_id)

    def heal(self) -> None:
        for _ in range(3):
            self.acts.run_loop(ask_all=False)


def test_one_death_anywhere_heals(acts: Acts) -> None:
    for k in itertools.count(1):
        story = Story(acts)
        if not dies(acts.world.app, k, story.tell):
            break
        story.heal()
        # The person comes back and clicks again.
        story.tell()
    assert k > 15
    assert violations(acts) == []
    assert acts.state()["counts"]["investors"] == acts.state()["counts"]["investments"] == k


def test_a_second_death_while_healing_heals_too(acts: Acts, request: pytest.FixtureRequest) -> None:
    """All ordered pairs in the long form; in the short one each first point with a spread of second ones."""
    # The pairs are the same on both databases; in the short form those on PostgreSQL lie further apart.
    stride = 1 if request.config.getoption("--long") else 40 if acts.world.environ.get("PORTAL_DATABASE_URL") else 20
    pairs = 0
    for first in itertools.count(1):
        story = Story(acts)
        if not dies(acts.world.app, first, story.tell):
            break
        story.heal()
        for second in itertools.count(1 + first % stride, stride):
            story = Story(acts)
            assert dies(acts.world.app, first, story.tell)
            died_again = dies(acts.world.app, second, story.heal)
            story.heal()
            story.tell()
            if not died_again:
                break
            pairs += 1
    print(f"{first - 1} points, {pairs} pairs")
    assert pairs >= first // 2
    assert violations(acts) == []


def deliver(acts: Acts, body: bytes) -> Callable[[], None]:
    def post() -> None:
        client = acts.world.app.test_client()
        answer = client.post(
            "/webhooks/cashlink",
            base_url=acts.world.url,
            data=body,
            headers={"Authorization": f"Bearer {WEBHOOK_TOKEN}"},
        )
        assert answer.status_code == 204

    return post


def test_a_death_while_receiving_confirms_nothing_that_is_not_stored(acts: Acts) -> None:
    for k in itertools.count(1):
        body = {"investment_id": f"k{k}", "status": "PAID", "changed_at": "2020-10-19T08:00:00Z"}
        post = deliver(acts, json.dumps(body).encode())
        if not dies(acts.world.app, k, post):
            break
        # Cashlink had no answer and sends it again.
        post()
        assert acts.status(f"k{k}") == "PAID"
    assert k > 1
