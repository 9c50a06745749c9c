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
from sqlalchemy import Engine, create_engine, select
from sqlalchemy.dialects import postgresql, sqlite

from portal import database, server
from portal.database import db, set_up_sqlite, write_lock
from portal.models import Investment, Investor, StatusChange, User


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


PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{{ user.email }}</title></head>
<body><h1>{{ investor.forename }} {{ investor.surname }}</h1>
<p>{{ investment.campaign }}, {{ investment.number }}</p>
<ul>{% for change in changes %}<li>{{ change.status }}: {{ change.changed_at }}</li>{% endfor %}</ul>
{% for text in texts %}<p>{{ text }}</p>
{% endfor %}</body></html>
"""
PARAGRAPH = "A text of two hundred characters, like those of which a page is made. " * 3


def page(url: str, size: str) -> Flask:
    """A page of so many bytes with four ORM reads, of the portal's own tables: no session, no forms, no languages."""
    app = Flask("floor")
    app.config["SQLALCHEMY_DATABASE_URI"] = url
    database.set_up(app)
    template = app.jinja_env.from_string(PAGE)
    texts = [PARAGRAPH] * (int(size) // (len(PARAGRAPH) + len("<p></p>\n")))

    @app.get("/page")
    def show() -> str:
        user = db.session.scalars(select(User).order_by(User.id)).first()
        investor = db.session.scalars(select(Investor).where(Investor.user_id == user.id)).first()
        investment = db.session.scalars(select(Investment).where(Investment.user_id == user.id)).first()
        told = select(StatusChange).where(StatusChange.investment_id == investment.cashlink_id)
        changes = db.session.scalars(told.order_by(StatusChange.changed_at)).all()
        return template.render(user=user, investor=investor, investment=investment, changes=changes, texts=texts)

    return app


FLOORS: dict[str, Callable[..., Flask]] = {"webhook": webhook, "page": page}


def main(name: str, url: str, bind: str, workers: str, *arguments: str) -> None:
    """Serve a floor, with all of the portal's options but without its loop and its watcher."""
    # gunicorn counts the parameters of a hook.
    server.start_background = lambda _worker: None
    server.close_background = lambda _server, _worker: None
    server.serve(lambda: FLOORS[name](url, *arguments), bind, int(workers), streams=1000)


if __name__ == "__main__":
    main(*sys.argv[1:])
