"""No cost that grows: each statement of pages, receiver and loop finds its rows by an index, as the plan says.

The statements are not written down here: they are listened to while the real pages and the real loop run.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Connection, event, insert, text

from portal import live, metrics, sync
from portal.database import db, now
from portal.investments.stream import Keeper
from portal.live import Watcher
from portal.models import FundingInformation, Intent, Investment

from .investments.person import Person
from .settings import BOND, WEBHOOK_TOKEN

pytestmark = pytest.mark.both_databases

# Tables that grow with people and time. The rest has a row, a handful, or at most a thousand.
GROWING = frozenset(
    {"user", "user_session", "email_token", "mail", "investor", "investment", "intent", "status_change"}
)
# Enough that PostgreSQL finds an index cheaper than reading a table through.
ROWS = 4000


@dataclass(frozen=True)
class Statement:
    sql: str
    parameters: Any


@contextmanager
def listening(app: Flask) -> Iterator[dict[str, Statement]]:
    """The statements of the block, each form once."""
    heard: dict[str, Statement] = {}
    with app.app_context():
        engine = db.engine

    def note(_conn: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        if re.match(r"\s*(SELECT|UPDATE|DELETE|INSERT)", statement):
            # Of many executions at once the first.
            one = parameters[0] if isinstance(parameters, list) else parameters
            heard.setdefault(statement, Statement(statement, one))

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield heard
    finally:
        event.remove(engine, "before_cursor_execute", note)


def read_through(connection: Connection, statement: Statement) -> list[str]:
    """The tables that a statement reads from end to end."""
    if connection.dialect.name == "sqlite":
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement.sql}", statement.parameters)
        lines = [row.detail for row in rows]
        # SCAN … USING INDEX walks along a whole index, unless that holds only what is due.
        scans = [re.match(r"SCAN (\S+)(?: USING (?:COVERING )?INDEX (\S+))?", line) for line in lines]
        return [match[1] for match in scans if match and match[2] not in PARTIAL]
    rows = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement.sql}", statement.parameters)
    plan = rows.scalar_one()
    plan = json.loads(plan) if isinstance(plan, str) else plan
    return [node["Relation Name"] for node in nodes(plan[0]["Plan"]) if node["Node Type"].endswith("Seq Scan")]


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from nodes(part)


# Indexes of what is due or open only: they stay small however long the table gets.
PARTIAL = {index.name for table in db.metadata.tables.values() for index in table.indexes if "where" in index.info}


@pytest.fixture
def grown(app: Flask) -> Person:
    """Dana among many others, and years of history."""
    dana = Person.create(app, "dana@example.org", "Dana", "Muster")
    dana.invest("KYC_PENDING", "REVIEW_PENDING")
    dana.invest(number=2, result=None, cashlink_id=None, start_url=None)
    long_ago = now() - timedelta(days=400)
    with app.app_context():
        users = [{"id": n, "email": f"{n}@example.org", "password_hash": "-"} for n in range(10, ROWS + 10)]
        db.session.execute(
            insert(db.metadata.tables["user"]),
            [{**user, "created_at": long_ago, "email_confirmed_at": long_ago} for user in users],
        )
        ids = [user["id"] for user in users]
        fill(
            "investor",
            [
                {"id": n, "user_id": n, "cashlink_id": f"i{n}", "imported_at": long_ago, "consented_at": long_ago}
                for n in ids
            ],
        )
        fill(
            "user_session",
            [{"token_hash": f"{n}", "user_id": n, "created_at": long_ago, "seen_at": long_ago} for n in ids],
        )
        fill(
            "mail",
            [
                {
                    "user_id": n,
                    "recipient": "-",
                    "subject": "-",
                    "language": "de",
                    "created_at": long_ago,
                    "sent_at": long_ago,
                    "next_try_at": long_ago,
                    "attempts": 1,
                }
                for n in ids
            ],
        )
        rows = [
            Investment(
                user_id=n, campaign=BOND, number=1, cashlink_id=f"c{n}", final_at=long_ago, next_poll_at=long_ago
            )
            for n in ids
        ]
        db.session.add_all(rows)
        db.session.add_all(
            Intent(kind="investor", investor_id=n, result="done", closed_at=long_ago, created_at=long_ago) for n in ids
        )
        db.session.flush()
        db.session.add_all(
            Intent(kind="investment", investment_id=row.id, result="done", closed_at=long_ago, created_at=long_ago)
            for row in rows
        )
        fill(
            "status_change",
            [
                {
                    "investment_id": f"c{n}",
                    "status": "PAID",
                    "changed_at": long_ago,
                    "polled": False,
                    "received_at": long_ago,
                    "checked_at": long_ago,
                }
                for n in ids
            ],
        )
        db.session.add(
            FundingInformation(id=1, products=[], answered_at=now(), next_fetch_at=now() + timedelta(days=1))
        )
        db.session.commit()
        db.session.execute(text("ANALYZE"))
        db.session.commit()
    return dana


def fill(table: str, rows: list[dict[str, Any]]) -> None:
    db.session.execute(insert(db.metadata.tables[table]), rows)


def test_pages_receiver_and_loop_find_their_rows_by_an_index(app: Flask, grown: Person) -> None:
    with app.app_context():
        mine = db.session.scalars(db.select(Investment).where(Investment.user_id == grown.user_id)).all()
    watcher, keeper = Watcher(app), Keeper(app).start()
    watcher._look()
    # The watcher looks for news while a page is open.
    with live.hub(app).listen(mine[0].id, ""), listening(app) as heard:
        anybody = app.test_client()
        for client in (anybody, grown.client):
            for path in ("/", f"/campaigns/{BOND}"):
                assert client.get(path).status_code == 200
        for row in mine:
            assert grown.client.get(f"/investments/{row.id}").status_code == 200
            with grown.client.get(f"/investments/{row.id}/events") as stream:
                pieces = iter(stream.response)  # type: ignore[call-overload]
                # The second is what the keeper has found.
                assert next(pieces)
                assert next(pieces)
        assert grown.client.get("/investments").status_code == 200
        told = {"investment_id": mine[0].cashlink_id, "status": "ACCEPTED", "changed_at": now().isoformat()}
        headers = {"Authorization": f"Bearer {WEBHOOK_TOKEN}"}
        assert anybody.post("/webhooks/cashlink", json=told, headers=headers).status_code == 204
        watcher._look()
        with app.app_context():
            db.session.execute(db.update(Intent).values(next_try_at=now()).where(Intent.result.is_(None)))
            db.session.commit()
        sync.Loop(app).round(1)
        with app.app_context():
            # Cashlink was away: the questions come in the second round.
            app.extensions["cashlink"].unanswered = 0
            sync.run_once()
            metrics.what_waits()
    keeper.close()
    assert len(heard) > 25
    assert any("user_session.token_hash IN" in sql for sql in heard), "the keeper's look"
    with app.app_context(), db.engine.connect() as connection:
        # That it would be seen is seen first.
        bad = Statement("SELECT * FROM status_change WHERE status = 'DECLINED'", ())
        assert read_through(connection, bad) == ["status_change"]
        found = {sql: GROWING.intersection(read_through(connection, statement)) for sql, statement in heard.items()}
    assert {sql: tables for sql, tables in found.items() if tables} == {}
