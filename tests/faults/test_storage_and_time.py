"""A full disk, and clocks that jump: reading goes on, and everything recovers by itself."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, func, select

from portal import database
from portal.database import db
from portal.demo.walk import Studio
from portal.models import StatusChange
from portal.sync import Loop

from ..acts import Acts
from ..people import PASSWORD, add_user
from ..settings import BOND
from ..visitor import Visitor
from ..webhooks.test_receiver import AUTHENTIC, body
from ..world import World, wait_until
from .invariants import violations


class Disk:
    """SQLite's own limit of pages stands for the disk's end; the error and its text are the same."""

    def __init__(self, app: Flask) -> None:
        self.is_full = False
        with app.app_context():
            event.listen(db.engine, "checkout", self._limit)

    def _limit(self, connection: Any, *_: Any) -> None:
        connection.execute(f"PRAGMA max_page_count = {1 if self.is_full else 1_000_000}")


def webhook(client: FlaskClient) -> int:
    answer = client.post("/webhooks/cashlink", data=body(investment_id=str(uuid.uuid4())), headers=AUTHENTIC)
    assert answer.status_code in (204, 503)
    assert (answer.status_code == 503) == ("Retry-After" in answer.headers)
    return answer.status_code


def test_a_full_disk(app: Flask, client: FlaskClient) -> None:
    add_user(app, "alice")
    visitor = Visitor(app)
    visitor.sign_in("alice@example.org", PASSWORD)
    disk = Disk(app)
    disk.is_full = True
    answers = [webhook(client)]
    while answers[-1] == 204:
        # What is left of the last page fills up first.
        answers.append(webhook(client))
        assert len(answers) < 1000
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(StatusChange)) == answers.count(204)

    assert visitor.get("/").status == 200
    assert visitor.get(f"/campaigns/{BOND}").status == 200
    assert visitor.get("/investments").status == 200
    stranger = Visitor(app)
    addresses = (f"new{number}@example.org" for number in range(100))
    address, page = next(
        (address, page) for address in addresses if (page := stranger.register(address, PASSWORD)).status != 303
    )
    assert page.status == 503
    assert page.response.headers["Retry-After"]
    assert page.typed("email") == address
    assert page.soup.select(".notice")

    disk.is_full = False
    assert webhook(client) == 204
    assert stranger.register(address, PASSWORD).status == 303


@pytest.fixture
def world_without_loop(tmp_path: Path) -> Iterator[World]:
    with World(tmp_path, background=False) as world:
        yield world


@pytest.mark.slow
@pytest.mark.parametrize("hours", [1, -1])
def test_a_clock_that_jumps_changes_nothing(
    world_without_loop: World, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    acts, studio = Acts(world_without_loop), Studio(world_without_loop.simulator_url)
    user_id = add_user(world_without_loop.app, "alice")
    acts.import_investor(user_id)
    start_url = acts.invest(user_id)[1]
    acts.sign(start_url)
    investment = acts.state()["investments"][0]["id"]
    loop = Loop(world_without_loop.app)
    loop.round(1.0)

    monkeypatch.setattr(database, "read_clock", lambda: datetime.now(UTC) + timedelta(hours=hours))
    # So the status must be asked for, although its turn seems to be an hour away.
    acts.arm("delivery", "drop", None)
    for action in ("identify", "review", "accept"):
        studio.act(investment, action)
    second = add_user(world_without_loop.app, "bob")
    acts.arm("create_investment", "after:500", 1)
    acts.import_investor(second)
    acts.invest(second)

    def right() -> bool:
        loop.round(1.0)
        return acts.status(investment) == acts.state()["investments"][0]["status"] and not violations(acts)

    wait_until(right, 20, "the right status", known=lambda: [*violations(acts), acts.status(investment)])
