"""Our own portal as a self-check sees it: a script that subscribes in a browser without JavaScript.

Run as a module it prints the rules that the portal breaks, for copies of the source with a bug planted.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin

from portal.contract.app.knocks import Target
from portal.contract.app.rounds import PLANS, Plan
from portal.contract.app.run import check_app
from portal.contract.report import Report

from ..journey import Visitor
from ..people import PASSWORD, add_user
from ..settings import BOND, WEBHOOK_TOKEN
from ..world import World

CLICKS = 4


@dataclass
class Script:
    """A new person in each round, with data that are complete but for the consent."""

    world: World
    person: int = 0

    def __call__(self, plan: Plan) -> None:
        self.person += 1
        name = f"person{self.person}"
        add_user(self.world.app, name)
        with Visitor(self.world.url) as visitor:
            visitor.open("/login").send({"email": f"{name}@example.org", "password": PASSWORD})
            visitor.open("/investor/check").send({"consent": "y"})
            visitor.open(f"/campaigns/{BOND}")
            if plan.name == "calm":
                self.click_many_times(visitor)
            else:
                visitor.send(form="form[data-invest]")

    def click_many_times(self, visitor: Visitor) -> None:
        form = visitor.form("form[data-invest]")
        address = urljoin(visitor.url, form.action)

        def click(_: int) -> None:
            visitor.browser.post(address, data=form.values, allow_redirects=False, timeout=20)

        with ThreadPoolExecutor(CLICKS) as pool:
            list(pool.map(click, range(CLICKS)))


def check(world: World, patience: float, rounds: Sequence[str] | None = None) -> Report:
    """All rounds, or those that are named. The loop looks oftener than usual, so that a test waits less."""
    assert world._background is not None
    world._background._loop.pause = 0.05
    target = Target(f"{world.url}/webhooks/cashlink", WEBHOOK_TOKEN)
    plans = [plan for plan in PLANS if rounds is None or plan.name in rounds]
    return check_app(target, world.simulator_url, Script(world), patience=patience, plans=plans)


def broken(report: Report) -> dict[str, str]:
    """The rules that were not kept, and what was seen."""
    return {
        verdict.rule.id: verdict.finding.seen.en for verdict in report.verdicts if verdict.finding.state == "failed"
    }


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder, World(Path(folder)) as world:
        json.dump(broken(check(world, patience=5, rounds=sys.argv[1:] or None)), sys.stdout)
