"""Random schedules of people, faults and restarts. After each everything heals, and the invariants hold.

The seed is printed; `pytest --seed N tests/faults/test_schedules.py` plays the same again.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from portal import integration
from portal.demo.walk import Studio

from ..acts import Acts
from ..people import add_user
from ..settings import BOND, SOLAR
from ..world import World, wait_until
from .invariants import violations
from .killing import dies
from .test_fault_table import CALLS, KEPT

pytestmark = [pytest.mark.both_databases, pytest.mark.slow, pytest.mark.timeout(14400)]

SHORT, LONG = 150, 10_000  # schedules for each database
PORTION = 25  # schedules that are judged together
# Those that answer at once; the slow ones stand in the table's own tests.
QUICK = [fault for fault in KEPT if not fault.endswith("timeout") and fault not in ("drip", "late", "huge")]
DELIVERY = ["duplicate", "reorder", "ghost", "hostile", "future", "unknown_status", "wrong_status", "drop", "early"]
STUDIO = ["identify", "insufficient", "review", "accept", "reject", "pay", "deliver", "cancel"]

_names = itertools.count(1)


@pytest.fixture
def acts(tmp_path: Path, database: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Acts]:
    monkeypatch.setattr(integration, "WEB_DEADLINE", 1.0)
    with World(tmp_path, background=False, **database) as world:
        yield Acts(world)


class Schedule:
    """One person, and what fate has in store."""

    def __init__(self, acts: Acts, rng: random.Random) -> None:
        self.acts, self.rng = acts, rng
        self.studio = Studio(acts.world.simulator_url)
        self.user_id = add_user(acts.world.app, f"person{next(_names)}", identified=rng.random() < 0.3)
        self.campaigns = [BOND] if rng.random() < 0.7 else [BOND, SOLAR]
        self.done: list[str] = []

    def play(self) -> None:
        for _ in range(self.rng.randint(3, 8)):
            act = self.rng.choice([self.arm, self.arm, self.click, self.click, self.die, self.loop, self.sign])
            self.done.append(act.__name__)
            act()

    def arm(self) -> None:
        if self.rng.random() < 0.3:
            self.acts.arm("delivery", self.rng.choice(DELIVERY), self.rng.randint(1, 2))
        else:
            call = self.rng.choice([*CALLS, "token", "fetch_investment"])
            self.acts.arm(call, self.rng.choice(QUICK), self.rng.randint(1, 3))

    def click(self) -> None:
        self.acts.import_investor(self.user_id)
        self.acts.invest(self.user_id, self.rng.randint(1, 3), self.rng.choice(self.campaigns))

    def die(self) -> None:
        dies(self.acts.world.app, self.rng.randint(1, 40), self.rng.choice([self.click, self.loop]))

    def loop(self) -> None:
        self.acts.run_loop(ask_all=False)

    def sign(self) -> None:
        """Signs what can be signed, and the issuer acts on it."""
        start_url = self.acts.invest(self.user_id, 1, self.rng.choice(self.campaigns))[1]
        if start_url is None:
            return
        self.acts.sign(start_url)
        for row in self.acts.state()["investments"][-2:]:
            if self.rng.random() < 0.6:
                try:
                    self.studio.act(row["id"], self.rng.choice(STUDIO))
                except RuntimeError:
                    # Not offered in this state.
                    continue

    def heal(self) -> None:
        self.acts.clear_faults()
        for _ in range(3):
            self.acts.run_loop(ask_all=False)
        for campaign in self.campaigns:
            self.acts.invest(self.user_id, 1, campaign)


def test_any_schedule_heals(acts: Acts, request: pytest.FixtureRequest) -> None:
    seed = request.config.getoption("--seed") or random.randrange(2**32)
    count = LONG if request.config.getoption("--long") else SHORT
    print(f"seed {seed}, {count} schedules; replay: pytest --seed {seed} {request.node.nodeid}")
    rng = random.Random(seed)
    for first in range(0, count, PORTION):
        schedules = [Schedule(acts, rng) for _ in range(min(PORTION, count - first))]
        for schedule in schedules:
            schedule.play()
            schedule.heal()
        told = [schedule.done for schedule in schedules]
        wait_until(lambda: acts.state()["counts"]["deliveries_waiting"] == 0, 60, "the queue's end")
        acts.loop_until(lambda: not violations(acts), f"all invariants after {told}", 60)
        acts.start_over()
        if (first + PORTION) % 1000 == 0:
            print(f"{first + PORTION} schedules, no violation", flush=True)
