"""The webhook receiver beside a bare durable insert, on SQLite and PostgreSQL, with 16 senders."""

from __future__ import annotations

import itertools
import json
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from portal.cashlink import statuses
from tests.postgres import new_database, running
from tests.settings import WEBHOOK_TOKEN

from . import load
from .figures import Effort, Pairs, Row, milliseconds, observed, percentile, rates, rotate
from .servers import Portal, Server, floor, free_port, simulator

SENDERS = 16
LONGEST_P99 = 0.150


def measure(folder: Path, effort: Effort) -> Iterator[Row]:
    with ExitStack() as stack:
        pairs = _on(stack, effort, folder / "receiver-sqlite", None, None)
        yield rates("webhooks, SQLite", pairs, 0.8)
        yield _slowest(pairs)
    with ExitStack() as stack:
        postgres = stack.enter_context(running())
        addresses = new_database(postgres), new_database(postgres)
        yield rates("webhooks, PostgreSQL", _on(stack, effort, folder / "receiver-postgresql", *addresses), 0.8)


def _on(stack: ExitStack, effort: Effort, folder: Path, portal_url: str | None, floor_url: str | None) -> Pairs:
    folder.mkdir()
    simulator_port = free_port()
    environ = {"PORTAL_DATABASE_URL": portal_url} if portal_url else {}
    portal = Portal(folder, simulator_port, **environ)
    stack.enter_context(simulator(folder, portal.port, simulator_port))
    stack.enter_context(portal)
    # The floor's table is the portal's, indexes included, made by the same migrations.
    floor_url = floor_url or f"sqlite:///{folder / 'floor.sqlite3'}"
    _migrate(folder, floor_url)
    bare = stack.enter_context(floor("webhook", folder, floor_url))
    return rotate(effort, partial(_send, portal, effort), partial(_send, bare, effort))


def _migrate(folder: Path, url: str) -> None:
    from portal import create_app, migrations
    from portal.config import Settings
    from portal.database import db
    from tests.settings import environment

    app = create_app(Settings.from_environment({**environment(folder), "PORTAL_DATABASE_URL": url}))
    migrations.migrate(app)
    with app.app_context():
        db.engine.dispose()


def _send(server: Server, effort: Effort) -> load.Window:
    return observed(server, lambda: load.run(server.port, _deliveries(server.port), SENDERS, effort.seconds, 204))


def _deliveries(port: int) -> Iterator[bytes]:
    """New changes of ever new investments; both sides are sent the bearer token, the floor does not look at it."""
    headers = {"Authorization": f"Bearer {WEBHOOK_TOKEN}", "Content-Type": "application/json"}
    instant = datetime.now(UTC) - timedelta(hours=1)
    for number in itertools.count():
        investment_id = str(uuid.uuid4())
        for status in statuses.ORDER[:5]:
            changed_at = instant + timedelta(microseconds=number)
            event = {"investment_id": investment_id, "status": status, "changed_at": changed_at.isoformat()}
            yield load.request("POST", "/webhooks/cashlink", port, headers, json.dumps(event).encode())


def _slowest(pairs: Pairs) -> Row:
    """The 99th percentile over all windows together."""
    portal, bare = (percentile([x for w in side for x in w.latencies], 99) for side in zip(*pairs, strict=True))
    return Row(
        f"webhooks, SQLite, p99 with {SENDERS} senders",
        milliseconds(portal),
        milliseconds(bare),
        ratio=f"{portal / bare:.2f}",
        target="< 150 ms",
        met=portal < LONGEST_P99,
    )
