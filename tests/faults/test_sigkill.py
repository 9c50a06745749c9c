"""SIGKILL to `portal serve`, all its processes at once, under load. Nothing lost, nothing doubled."""

from __future__ import annotations

import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
import requests
from sqlalchemy import func, select, update

from portal import history
from portal.database import db
from portal.demo.walk import forms_of
from portal.models import Intent, Investment

from ..acts import Acts
from ..people import PASSWORD, add_user
from ..settings import BOND
from ..world import wait_until
from .invariants import violations
from .serving import Served

pytestmark = [pytest.mark.both_databases, pytest.mark.slow, pytest.mark.timeout(14400)]


def click(url: str, name: str) -> bool:
    """Sign in and press "Invest now", as a browser; False where the kill came first."""
    with requests.Session() as browser:
        try:
            page = browser.get(f"{url}/login", timeout=5)
            token = forms_of(page.text)[0].values["csrf_token"]
            form = {"email": f"{name}@example.org", "password": PASSWORD, "csrf_token": token}
            browser.post(f"{url}/login", data=form, timeout=5, allow_redirects=False)
            page = browser.get(f"{url}/campaigns/{BOND}", timeout=5)
            invest = next(form for form in forms_of(page.text) if form.action.endswith("/invest"))
            browser.post(f"{url}/campaigns/{BOND}/invest", data=invest.values, timeout=10, allow_redirects=False)
        except (requests.RequestException, StopIteration, KeyError, IndexError):
            return False
        return True


def test_kills_under_load(tmp_path: Path, database: dict[str, str], request: pytest.FixtureRequest) -> None:
    """100 kills for each database in the long form, 3 in the short one."""
    kills = 100 if request.config.getoption("--long") else 3
    seed = request.config.getoption("--seed") or random.randrange(2**32)
    print(f"seed {seed}; replay: pytest --seed {seed} {request.node.nodeid}")
    rng = random.Random(seed)
    hits = people = 0
    with Served(tmp_path, **database) as served:
        acts = Acts(served)  # type: ignore[arg-type]
        for kill in range(kills):
            # Slow enough that a call is open most of the time.
            acts.arm("any", "late", times=None)
            names = [f"person{kill}x{number}" for number in range(4)]
            people += len(names)
            for name in names:
                add_user(served.app, name, consented=True)
            clicks = [threading.Thread(target=click, args=(served.url, name), daemon=True) for name in names]
            for thread in clicks:
                thread.start()
            if kills < 10 or rng.random() < 0.8:
                wait_until(lambda: calls_open(served), 20, "an open call")
            time.sleep(rng.random() * 0.3)
            served.kill()
            hits += bool(calls_open(served))
            for thread in clicks:
                thread.join(15)
            acts.clear_faults()
            served.start()
        print(f"{kills} kills, {hits} of them with an open call")
        assert hits >= kills / 2

        def click_again(number: int) -> None:
            name = f"person{number // 4}x{number % 4}"
            wait_until(partial(click, served.url, name), 30, f"the second click of {name}")

        # A page waits for a call that somebody else has taken, alive or not: side by side that costs the time once.
        with ThreadPoolExecutor(12) as clicking:
            list(clicking.map(click_again, range(people)))

        # Once: again and again it would take rows away from the process that is calling.
        make_due(served)

        def open_ends() -> list[str]:
            begun = started(served)
            return [*violations(acts), *([] if begun == people else [f"{begun} of {people} subscriptions started"])]

        wait_until(lambda: not open_ends(), 60, "the healing", known=open_ends)
        assert acts.state()["counts"]["investors"] == acts.state()["counts"]["investments"] == people
        assert "Traceback" not in served.log()


def calls_open(served: Served) -> int:
    """Calls that a process is in the middle of, or was when it died."""
    with served.app.app_context():
        statement = select(func.count()).select_from(Intent).where(Intent.result.is_(None), Intent.reason.is_(None))
        return db.session.scalar(statement) or 0


def make_due(served: Served) -> None:
    """A killed process's claims end by themselves after 30 s; the test does not wait for them."""
    with served.app.app_context():
        db.session.execute(update(Intent).where(Intent.result.is_(None)).values(next_try_at=history.UNUSABLE))
        db.session.commit()


def started(served: Served) -> int:
    with served.app.app_context():
        statement = select(func.count()).select_from(Investment).where(Investment.start_url.is_not(None))
        return db.session.scalar(statement) or 0
