"""The self-check bites: each bug that shows from outside breaks its rule and no unrelated one; the rest is listed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from ..faults.test_planted_bugs import BUGS, Bug, plant

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@dataclass(frozen=True)
class Seen:
    """What a bug breaks.

    Attributes:
        rule: the one that must be found broken.
        related: those that may be broken by the same.
        rounds: of the short form; it plays those that show the bug.
    """

    rule: str
    related: tuple[str, ...] = ()
    rounds: tuple[str, ...] = ()
    short: bool = False


SEEN = {
    "a new key for each try": Seen(
        "app-same-key",
        ("app-outage", "app-no-redirect", "app-one-investor", "app-one-investment"),
    ),
    "no unique number per account and campaign": Seen("app-one-investment"),
    "no new token after a 401": Seen("app-new-token"),
    "redirects are followed": Seen("app-no-redirect", rounds=("redirect",), short=True),
    "start_url on any host": Seen("app-start-url"),
    "nobody asks whether a status is true": Seen("app-asks"),
    "any bearer token opens the receiver": Seen("app-webhook-token", rounds=("none",), short=True),
    "an unknown result counts as refused": Seen("app-same-key", ("app-outage", "app-no-redirect", "app-new-token")),
}
# What cannot be seen of an application through its calls and its answers to webhooks.
UNSEEN = {
    "the call before the commit": "shows only when the process is killed between the two",
    "the body is made anew for each try": "shows only when the person's data change between two tries",
    "204 before the commit": "the answer is the same; the portal has just forgotten, and learns it by asking",
    "the order of arrival decides": "shows on the portal's pages only",
    "no order among changes of one instant": "shows on the portal's pages only",
    "an investor that is not found is created anew": "no call more or less; the reason that is kept is another",
    "one read for the whole answer": "a truncated answer is unreadable as well, and the same call is repeated",
    "the machine's netrc is trusted": "shows only on a machine with such a file",
}


def chosen() -> list[Bug]:
    long = "--long" in sys.argv
    return [bug for bug in BUGS if bug.name in SEEN and (long or SEEN[bug.name].short)]


def test_each_bug_is_seen_or_listed_as_unseen() -> None:
    assert sorted([*SEEN, *UNSEEN]) == sorted(bug.name for bug in BUGS)


@pytest.mark.parametrize("bug", chosen(), ids=lambda bug: bug.name)
def test_a_planted_bug_breaks_its_rule_and_no_unrelated_one(bug: Bug, tmp_path: Path) -> None:
    plant(bug, tmp_path)
    seen = SEEN[bug.name]
    rounds = () if "--long" in sys.argv else seen.rounds
    result = subprocess.run(
        [sys.executable, "-m", "tests.contract.own_portal", *rounds],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert result.returncode == 0, result.stderr[-2000:]
    broken = json.loads(result.stdout)
    assert seen.rule in broken, broken
    assert set(broken) <= {seen.rule, *seen.related}, broken
