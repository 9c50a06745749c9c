"""The fault show: each act is played to its end, and its verdict says FAIL when a bug is planted."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from .presenting import Presenter

acts = pytest.importorskip("portal.demo.acts", reason="the demo has been deleted")
pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]

# What the verdict of each act tells, when all is well.
VERDICTS = {
    "lost": r"2 attempts, one key, 1 new investment at Cashlink, investor redirected after \d+(\.\d)? s",
    "twice": r"2 clicks, 1 attempt, 1 new investment at Cashlink, both led to the same page",
    "shuffled": r"4 webhooks for 2 changes, each answered with 204, the older one came later, "
    r"each change recorded once, portal and Cashlink both say WAITING_FOR_ACCEPTANCE",
    "dropped": r"0 webhooks arrived, the portal asked \d+ times?, portal and Cashlink both say ACCEPTED",
    "lied": r"a webhook said DELIVERED, the portal asked \d+ times?, portal and Cashlink both say PAID",
}


@pytest.mark.parametrize("name", list(VERDICTS))
def test_the_act_ends_well(demo: Any, name: str) -> None:
    assert [act.name for act in acts.ACTS] == list(VERDICTS)
    with Presenter(demo.settings.public_url) as presenter:
        (verdict,) = presenter.begin(name).play_to_the_end()
    assert re.fullmatch(f"PASS {VERDICTS[name]}", verdict), verdict


@pytest.mark.long
def test_an_act_can_be_played_again(demo: Any) -> None:
    with Presenter(demo.settings.public_url) as presenter:
        for _ in range(2):
            (verdict,) = presenter.begin("twice").play_to_the_end()
            assert verdict.startswith("PASS")


def test_what_goes_wrong_is_told_until_the_verdict(demo: Any) -> None:
    with Presenter(demo.settings.public_url) as presenter:
        presenter.begin("dropped").press()
        assert presenter._text(".accident") == ""
        presenter.press()
        assert "the webhook about it never comes" in presenter._text(".accident")
        presenter.press()
        assert presenter.way == ["done", "lost", "lost", "lost"]
        assert "issuer is deciding" in presenter.sentence, "the portal knows nothing"
        presenter.press()
        assert presenter.sentence.startswith("Accepted")


def test_who_leaves_an_act_leaves_no_fault_behind(demo: Any) -> None:
    with Presenter(demo.settings.public_url) as presenter:
        presenter.begin("lost").press().press()
        faults = f"{demo.simulator_url}/_control/faults"
        assert [fault["fault"] for fault in requests.get(faults, timeout=5).json()] == ["after:lost"]
        presenter.begin("happy-path")
        assert requests.get(faults, timeout=5).json() == []


@dataclass(frozen=True)
class Bug:
    """A change of one file, and the act that should notice."""

    act: str
    file: str
    right: str
    wrong: str


NOBODY_ASKS = (
    "Investment.next_poll_at <= now(), Investment.cashlink_id.is_not(None)",
    "Investment.next_poll_at <= now(), Investment.cashlink_id.is_(None)",
)
BUGS = (
    Bug(
        "lost",
        "portal/intents.py",
        '"attempts": Intent.attempts + 1, "reason": None}',
        '"attempts": Intent.attempts + 1, "reason": None, "idempotency_key": __import__("uuid").uuid4().hex}',
    ),
    Bug(
        "twice",
        "portal/integration.py",
        "    existing = next(shown, known.unsigned)\n    if existing is not None:\n        return existing\n",
        "    known = history.InCampaign(unsigned=Investment(number=uuid.uuid4().int % 10**6))\n",
    ),
    Bug("shuffled", "portal/integration.py", '        "changed_at": changed_at,', '        "changed_at": instant,'),
    Bug("dropped", "portal/sync.py", *NOBODY_ASKS),
    Bug("lied", "portal/sync.py", *NOBODY_ASKS),
)
PLAY = """
import sys
from pathlib import Path
from tests.demo.presenting import Presenter, running_demo
with running_demo(Path(sys.argv[1])) as demo, Presenter(demo.settings.public_url) as presenter:
    print(*presenter.begin(sys.argv[2]).play_to_the_end(), sep="\\n")
"""


# The first is enough to see that a verdict can say so; each takes a seed and a play of its own.
PLANTED = [pytest.param(bug, id=bug.act, marks=[pytest.mark.long] if bug.act != "lost" else []) for bug in BUGS]


@pytest.mark.parametrize("bug", PLANTED)
def test_a_planted_bug_makes_the_verdict_say_fail(bug: Bug, tmp_path: Path) -> None:
    source = tmp_path / "source"
    for name in ("portal", "tests", "templates", "static"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    file = source / bug.file
    text = file.read_text()
    assert text.count(bug.right) == 1, "the planted bug no longer fits the code"
    file.write_text(text.replace(bug.right, bug.wrong))
    run = subprocess.run(
        [sys.executable, "-c", PLAY, str(tmp_path / "data"), bug.act],
        cwd=source,
        env={**os.environ, "PYTHONPATH": str(source)},
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert run.returncode == 0, run.stderr[-2000:]
    assert run.stdout.startswith("FAIL"), run.stdout
