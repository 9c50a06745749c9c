"""Known and unknown addresses take the same time: not by a clock's number, but beside pairs that are surely alike."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import delete

from portal.accounts import passwords
from portal.database import db, now
from portal.models import Attempt, EmailToken, Mail, User

from ..people import PASSWORD
from ..visitor import BASE, Visitor

pytestmark = [pytest.mark.long, pytest.mark.timeout(1800)]

KNOWN = "alice@example.org"
ROUNDS = 60


def spread(first: list[float], second: list[float]) -> float:
    """How far two series are apart: the difference of their medians, by the larger one."""
    a, b = statistics.median(first), statistics.median(second)
    return abs(a - b) / max(a, b)


@pytest.mark.parametrize("path", ["/login", "/register", "/password/forgotten"])
def test_a_known_and_an_unknown_address_take_the_same_time(
    app: Flask, path: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """In random order: known, unknown, and unknown once more. The last two are alike, and what chance makes of them is
    the measure."""
    with app.app_context():
        user = User(email=KNOWN, password_hash=passwords.hash_password(PASSWORD), email_confirmed_at=now())
        db.session.add(user)
        db.session.commit()
    visitor = Visitor(app)
    token = visitor.get(path).typed("csrf_token")

    def ask(email: str) -> float:
        fields = {"email": email, "password": "a-wrong-password", "terms": "y", "csrf_token": token}
        began = time.perf_counter()
        response = visitor.client.post(path, base_url=BASE, data=fields)
        taken = time.perf_counter() - began
        assert response.status_code in (303, 422)
        forget(app)
        return taken

    kinds: dict[str, Callable[[int], str]] = {
        "known": lambda _: KNOWN,
        "unknown": lambda n: f"nobody{n}@example.org",
        "again": lambda n: f"no-one{n}@example.org",
    }
    times: dict[str, list[float]] = {kind: [] for kind in kinds}
    for count in range(ROUNDS):
        for kind in random.sample(list(kinds), len(kinds)):
            times[kind].append(ask(kinds[kind](count)))
    floor, found = spread(times["unknown"], times["again"]), spread(times["known"], times["unknown"])
    with capsys.disabled():
        median = statistics.median(times["known"])
        print(f"\n{path}: known beside unknown {found:.3f}, two unknown {floor:.3f}, of {median:.3f} s")
    # A hash that is left out makes it 0.9 and more.
    assert found <= max(3 * floor, 0.1)


def forget(app: Flask) -> None:
    """Each request begins as the first one did."""
    with app.app_context():
        for model in (Attempt, Mail, EmailToken):
            db.session.execute(delete(model))
        db.session.execute(delete(User).where(User.email != KNOWN))
        db.session.commit()
