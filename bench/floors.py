"""What the portal is compared with: bare Flask applications that do the same work at the database and nothing else.

They are served by `portal.server.serve`, so server and options are the portal's own.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from flask import Flask, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Engine, create_engine
from sqlalchemy.dialects import postgresql, sqlite

from portal import server
from portal.database import set_up_sqlite, write_lock
from portal.models import StatusChange


def make_engine(url: str) -> Engine:
    """With the portal's pragmas, its BEGIN and its pool."""
    if url.startswith("postgresql"):
        return create_engine(url, pool_size=5, max_overflow=0, pool_pre_ping=True)
    engine = create_engine(url)
    set_up_sqlite(engine)
    return engine


def webhook(url: str) -> Flask:
    """The durable insert of a webhook in SQLAlchemy Core: no authentication, no checks of the body."""
    app, engine = Flask("floor"), make_engine(url)
    table = StatusChange.__table__
    dialect: Any = postgresql if engine.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(table).on_conflict_do_nothing()

    @app.post("/webhooks/cashlink")
    def receive() -> ResponseReturnValue:
        told = request.get_json()
        values = {
            "investment_id": told["investment_id"],
            "status": told["status"],
            "changed_at": datetime.fromisoformat(told["changed_at"]),
            "polled": False,
            "received_at": datetime.now(UTC),
        }
        with write_lock, engine.begin() as connection:
            connection.execute(statement, values)
        return "", 204

    return app


FLOORS: dict[str, Callable[[str], Flask]] = {"webhook": webhook}


def main(name: str, url: str, bind: str, workers: str) -> None:
    """Serve a floor, with all of the portal's options but without its loop and its watcher."""
    # gunicorn counts the parameters of a hook.
    server.start_background = lambda _worker: None
    server.close_background = lambda _server, _worker: None
    server.serve(lambda: FLOORS[name](url), bind, int(workers), streams=1000)


if __name__ == "__main__":
    main(*sys.argv[1:])
