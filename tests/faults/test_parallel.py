"""Clicks at the same time: one investment, and each answer bears the same start_url."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from ..acts import Acts
from ..people import add_user
from ..world import World
from .invariants import violations

pytestmark = [pytest.mark.both_databases, pytest.mark.slow, pytest.mark.timeout(3600)]


def test_parallel_double_clicks(world: World, request: pytest.FixtureRequest) -> None:
    """1,600 clicks in the long form: 200 people, eight clicks each, at the same time."""
    acts = Acts(world)
    people = 200 if request.config.getoption("--long") else 20
    answers: Counter[int] = Counter()
    with ThreadPoolExecutor(8) as pool:
        for number in range(people):
            user_id = add_user(world.app, f"person{number}")
            assert acts.import_investor(user_id) == "done"
            clicks = set(pool.map(lambda _, user_id=user_id: acts.invest(user_id), range(8)))
            assert len(clicks) == 1, clicks
            assert clicks.pop()[1] is not None
            answers[8] += 1
    print(f"{people * 8} clicks, {answers[8]} people with one answer each")
    assert acts.state()["counts"]["investments"] == people
    acts.run_loop()
    assert violations(acts) == []


def test_parallel_imports(world: World, request: pytest.FixtureRequest) -> None:
    """Four requests and the loop import the same investor, in processes' worth of sessions: whoever makes a call, each
    goes on with the id that it brought, and all tell the person the same."""
    acts = Acts(world)
    people = 100 if request.config.getoption("--long") else 15
    with ThreadPoolExecutor(4) as pool:
        for number in range(people):
            user_id = add_user(world.app, f"person{number}")
            states = list(pool.map(lambda _, user_id=user_id: acts.import_investor(user_id), range(4)))
            assert states == ["done"] * 4
    assert acts.state()["counts"]["investors"] == people
    assert violations(acts) == []
