"""The SQLite file: how it is opened, made and filled. A simulator's data are disposable, so there are no migrations."""

import threading
import tomllib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import URL, Connection, Engine, create_engine, delete, event, inspect, select, update
from sqlalchemy.orm import Session

from .models import Base, Campaign, Delivery, StoredAnswer, db

# Raised whenever models.py changes: a file of another version is emptied.
SCHEMA_VERSION = 3

CAMPAIGNS_FILE = Path(__file__).with_name("campaigns.toml")

LONGEST_WAIT = 10

# NORMAL: a killed process loses nothing; a power cut may, which for a simulator does not matter.
PRAGMAS = ("journal_mode=WAL", "synchronous=NORMAL", f"busy_timeout={LONGEST_WAIT * 1000}", "foreign_keys=ON")

ENGINE_OPTIONS: dict[str, Any] = {"hide_parameters": True, "pool_size": 20, "max_overflow": 20}


def database_url(path: Path) -> URL:
    return URL.create("sqlite", database=str(path.absolute()))


def set_up(engine: Engine) -> None:
    """Let reads hold nothing, and let the first write of a transaction take the write lock at once.

    A read that turns into a write would fail with "database is locked" whatever the timeout. Writers of this process
    queue up before SQLite does, whose own waiting is not fair: some would wait for seconds.
    """
    writing = threading.Lock()

    @event.listens_for(engine, "connect")
    def connect(connection: Any, _: Any) -> None:
        connection.isolation_level = None
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "before_cursor_execute")
    def begin_immediate(connection: Connection, cursor: Any, statement: str, *_: Any) -> None:
        if not cursor.connection.in_transaction and statement.lstrip()[:6].upper() not in ("SELECT", "PRAGMA"):
            connection.info["writing"] = writing.acquire(timeout=LONGEST_WAIT)
            cursor.execute("BEGIN IMMEDIATE")

    @event.listens_for(engine, "checkin")
    def let_next_write(_: Any, record: Any) -> None:
        if record.info.pop("writing", False):
            writing.release()


def open_store(app: Flask, path: Path) -> None:
    """Bind the application to the file at this path, which is made if need be."""
    prepare(path)
    app.config["SQLALCHEMY_DATABASE_URI"] = database_url(path)
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = ENGINE_OPTIONS
    db.init_app(app)
    with app.app_context():
        set_up(db.engine)


def prepare(path: Path | str) -> None:
    """Make the file, its tables and campaigns; what is there already stays, unless it is of another version."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(database_url(path), **ENGINE_OPTIONS)
    set_up(engine)
    try:
        with engine.connect() as connection:
            if connection.exec_driver_sql("PRAGMA user_version").scalar() != SCHEMA_VERSION:
                _make_tables(connection)
        with Session(engine) as session:
            # No request of an earlier process is still running: what it had claimed is free again.
            session.execute(delete(StoredAnswer).where(StoredAnswer.status.is_(None)))
            # The fault that held a webhook back ended with that process too.
            session.execute(update(Delivery).where(Delivery.held).values(held=False))
            if not session.scalar(select(Campaign.id).limit(1)):
                session.add_all(read_campaigns(datetime.now(UTC)))
            session.commit()
    finally:
        engine.dispose()


def _make_tables(connection: Connection) -> None:
    # Tables of another version may refer to each other in any order.
    connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
    for name in inspect(connection).get_table_names():
        connection.exec_driver_sql(f'DROP TABLE "{name}"')
    Base.metadata.create_all(connection)
    connection.exec_driver_sql(f"PRAGMA user_version={SCHEMA_VERSION}")
    connection.commit()


def empty(session: Any, now: datetime) -> None:
    """Back to the seed: the campaigns, with dates relative to today, and nothing else."""
    for table in reversed(Base.metadata.sorted_tables):
        session.execute(table.delete())
    session.add_all(read_campaigns(now))


def read_campaigns(now: datetime) -> list[Campaign]:
    """The campaigns of the data file; their dates are counted from today, their amounts become cents."""
    today = now.date()
    with CAMPAIGNS_FILE.open("rb") as file:
        entries = tomllib.load(file)["campaign"]
    return [_campaign(position, entry, today, now) for position, entry in enumerate(entries)]


def _campaign(position: int, entry: dict[str, Any], today: date, now: datetime) -> Campaign:
    return Campaign(
        id=entry["id"],
        position=position,
        name=entry["name"],
        type=entry["type"],
        issuer=entry["issuer"],
        nominal=entry["nominal"] * 100,
        minimum=entry["minimum"] * 100,
        maximum=entry["maximum"] * 100,
        volume=entry["volume"] * 100,
        base_sum=entry["base_sum"] * 100,
        base_count=entry["base_count"],
        payment_days=entry["payment_days"],
        opens_on=today + timedelta(days=entry["opens_in_days"]),
        closes_on=today + timedelta(days=entry["closes_in_days"]),
        seeded_at=now,
        content={key: entry[key] for key in ("terms", "risk_notice", "documents", "recent")},
    )
