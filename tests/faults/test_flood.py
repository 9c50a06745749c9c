"""Webhooks at full speed: duplicated, shuffled, hostile, while processes are killed and the database restarts."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from flask import Flask
from sqlalchemy import func, select

from portal.cashlink import statuses
from portal.database import db
from portal.history import newest_change
from portal.models import StatusChange

from ..settings import WEBHOOK_TOKEN
from ..world import wait_until
from .serving import Served

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]

START = datetime(2026, 1, 1, tzinfo=UTC)
SENDERS = 8


def events(count: int, rng: random.Random) -> list[dict[str, str]]:
    """The lives of some investments, each event up to three times, in any order."""
    told = []
    for number in range(count // 14):
        for step, status in enumerate(statuses.ORDER[:7]):
            instant = START + timedelta(hours=step, microseconds=rng.randrange(10**6))
            event = {"investment_id": f"i{number}", "status": status, "changed_at": instant.isoformat()}
            told += [event] * rng.randint(1, 3)
    rng.shuffle(told)
    return told


def deliver(url: str, told: list[dict[str, str]], interrupt: Callable[[], None]) -> float:
    """Send all as Cashlink does, again until 2xx; returns deliveries per second."""
    begun = time.monotonic()
    with ThreadPoolExecutor(SENDERS + 1) as pool:
        interrupted = pool.submit(interrupt)
        list(pool.map(lambda part: _send(url, part), [told[start::SENDERS] for start in range(SENDERS)]))
        interrupted.result()
    return len(told) / (time.monotonic() - begun)


def _send(url: str, told: list[dict[str, str]]) -> None:
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {WEBHOOK_TOKEN}"
        for event in told:
            ends = time.monotonic() + 120
            while time.monotonic() < ends:
                try:
                    if session.post(f"{url}/webhooks/cashlink", json=event, timeout=10).status_code == 204:
                        break
                except requests.RequestException:
                    # Gone for the moment; a delivery is repeated until it is answered.
                    time.sleep(0.05)
            else:
                raise AssertionError("a delivery was never answered")


def wait_for_share(served: Served, told: list[dict[str, str]], share: float) -> None:
    """Until about this share of the events is stored, so that the blow falls into the middle of the traffic."""
    wanted = share * len({tuple(event.values()) for event in told})

    def is_stored() -> bool:
        with served.app.app_context():
            return (db.session.scalar(select(func.count()).select_from(StatusChange)) or 0) >= wanted

    wait_until(is_stored, 600, "the flood")


def check(app: Flask, told: list[dict[str, str]]) -> None:
    """Each event is there once, and the newest is the last of its life."""
    wanted = {(event["investment_id"], event["status"], datetime.fromisoformat(event["changed_at"])) for event in told}
    with app.app_context():
        rows = [(row.investment_id, row.status, row.changed_at) for row in db.session.scalars(select(StatusChange))]
        newest = newest_change("i0")
    assert len(rows) == len(wanted)
    assert set(rows) == wanted
    assert newest is not None
    assert newest.status == "DELIVERED"


@pytest.mark.both_databases
def test_a_flood_with_kills(tmp_path: Path, database: dict[str, str], request: pytest.FixtureRequest) -> None:
    """100,000 webhooks in the long form (both databases together)."""
    long = request.config.getoption("--long")
    seed = request.config.getoption("--seed") or random.randrange(2**32)
    told = events(50_000 if long else 1_500, random.Random(seed))
    with Served(tmp_path, **database) as served:

        def kill() -> None:
            kills = 20 if long else 2
            for number in range(kills):
                wait_for_share(served, told, (number + 1) / (kills + 2))
                served.kill()
                served.start()

        speed = deliver(served.url, told, kill)
        print(f"seed {seed}: {len(told)} deliveries, {speed:.0f} per second, with kills")
        check(served.app, told)


def test_postgresql_restarts_under_traffic(tmp_path: Path, postgres: Any) -> None:
    from ..postgres import new_database, restart

    told = events(1_500, random.Random(1))
    with Served(tmp_path, PORTAL_DATABASE_URL=new_database(postgres)) as served:

        def interrupt() -> None:
            for number in range(2):
                wait_for_share(served, told, (number + 1) / 4)
                restart(postgres)

        deliver(served.url, told, interrupt)
        check(served.app, told)


def hostile_bodies(rng: random.Random) -> Iterator[bytes]:
    """Bodies that a careless parser chokes on: mutated, nested, mistyped, overlong."""
    good = json.dumps({"investment_id": "x", "status": "PAID", "changed_at": "2026-01-01T00:00:00Z"}).encode()
    odd: list[Any] = [
        None,
        1,
        -1,
        2**80,
        1.5,
        True,
        [],
        {},
        "",
        " ",
        "\x00",
        "\ud800",
        "\u202e",
        "😀" * 20,
        "A" * 70,
        "٣",
    ]
    odd += [
        "2026-13-01T00:00:00Z",
        "2026-02-30T00:00:00Z",
        "0000-00-00",
        "+292278994-08-17T07:12:55Z",
        "2026-W01-1",
        "T",
    ]
    while True:
        match rng.randrange(6):
            case 0:
                body = bytearray(good)
                for _ in range(rng.randint(1, 8)):
                    body[rng.randrange(len(body))] = rng.randrange(256)
                yield bytes(body)
            case 1:
                names = ("investment_id", "status", "changed_at")
                yield json.dumps({name: rng.choice([*odd, "PAID"]) for name in names}).encode("utf-8", "surrogatepass")
            case 2:
                yield rng.choice([b"[", b'{"a":', b'{"investment_id":[']) * rng.randint(1, 10_000)
            case 3:
                yield rng.randbytes(rng.randint(0, 300))
            case 4:
                yield good[: rng.randrange(len(good))]
            case _:
                yield b"9" * rng.randint(1, 6_000)


@pytest.mark.both_databases
def test_hostile_bodies(app: Flask, request: pytest.FixtureRequest) -> None:
    """20,000 in the long form (both databases together)."""
    count = 10_000 if request.config.getoption("--long") else 500
    seed = request.config.getoption("--seed") or random.randrange(2**32)
    print(f"seed {seed}; replay: pytest --seed {seed} {request.node.nodeid}")
    client = app.test_client()
    bodies = hostile_bodies(random.Random(seed))
    for _ in range(count):
        body = next(bodies)
        answer = client.post(
            "/webhooks/cashlink", data=body, headers={"Authorization": f"Bearer {WEBHOOK_TOKEN}"}
        ).status_code
        assert answer == (413 if len(body) > 64 * 1024 else 204), body[:200]
