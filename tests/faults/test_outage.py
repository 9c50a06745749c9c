"""Trouble that lasts: 72 hours without Cashlink, in simulated time, and a flood of news about others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from portal import database, history, integration, sync
from portal.cashlink.observation import Exchange
from portal.database import db
from portal.models import Investment
from portal.sync import LONGEST_PAUSE, Loop

from ..acts import Acts
from ..people import add_user
from ..world import World
from .invariants import violations

pytestmark = pytest.mark.slow

HOURS = 72
PEOPLE = 20


@pytest.fixture
def acts(tmp_path: Path) -> Iterator[Acts]:
    with World(tmp_path, background=False) as world:
        yield Acts(world)


def test_72_hours_without_cashlink(acts: Acts, monkeypatch: pytest.MonkeyPatch) -> None:
    start = datetime.now(UTC)
    ahead = timedelta()
    monkeypatch.setattr(database, "read_clock", lambda: datetime.now(UTC) + ahead)
    monkeypatch.setattr(integration, "WEB_DEADLINE", 0.5)
    calls: Counter[int] = Counter()

    def count(_exchange: Exchange) -> None:
        calls[int((database.now() - start) / timedelta(hours=1))] += 1

    acts.world.app.extensions["cashlink"].observer = count
    # Half of them are imported before it begins, the other half click into the silence.
    people = [add_user(acts.world.app, f"person{number}") for number in range(PEOPLE)]
    for user_id in people[::2]:
        assert acts.import_investor(user_id) == "done"
    calls.clear()
    acts.go_away()
    for user_id in people:
        acts.import_investor(user_id)
        assert acts.invest(user_id)[1] is None
    loop = Loop(acts.world.app)
    wait = loop.pause
    while database.now() - start < timedelta(hours=HOURS):
        # In the first hour as the loop does it; later in larger steps, each with the calls of one round.
        wait = loop.round(wait)
        ahead += timedelta(seconds=wait if database.now() - start < timedelta(hours=1) else 900)
    first_hour, later = calls[0], max(calls[hour] for hour in range(1, HOURS))
    print(f"calls in the first hour: {first_hour}; at most {later} in 4 rounds of a later one")
    # One try per longest pause, and a few for the clicks themselves.
    assert first_hour < 3600 / LONGEST_PAUSE * 3 + 4 * PEOPLE
    assert later <= 4 * 4
    acts.come_back()
    calls.clear()
    rounds = 0
    while violations(acts) and rounds < 200:
        rounds += 1
        wait = loop.round(wait)
        ahead += timedelta(seconds=wait)
    assert violations(acts) == []
    assert acts.state()["counts"]["investments"] == PEOPLE
    print(f"healed {PEOPLE} people in {rounds} rounds with {sum(calls.values())} calls")
    assert sum(calls.values()) < 12 * PEOPLE


def test_news_behind_a_flood_are_seen_some_rounds_later(acts: Acts, monkeypatch: pytest.MonkeyPatch) -> None:
    """A round looks at the latest rows only; what a flood has pushed out of them waits for a look at all."""
    monkeypatch.setattr(sync, "LATEST", 10)
    user_id = add_user(acts.world.app, "person")
    acts.import_investor(user_id)
    acts.invest(user_id)
    loop = Loop(acts.world.app)
    loop.round(loop.pause)
    with acts.world.app.app_context():
        mine = db.session.scalars(select(Investment)).one()
        told = datetime.now(UTC)
        for row in (mine.cashlink_id, *(f"nobody's {number}" for number in range(20))):
            integration.record_status_change(row or "", "KYC_PENDING", told)

    def seen() -> bool:
        with acts.world.app.app_context():
            newest = history.newest_change(mine.cashlink_id)
            return newest is not None and newest.checked_at is not None

    rounds = 0
    while not seen() and rounds < 2 * sync.ALL_EVERY:
        loop.round(loop.pause)
        rounds += 1
    assert 1 < rounds <= sync.ALL_EVERY
