"""The database behind the models: one set-up for SQLite and PostgreSQL, and instants that are always UTC."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar, cast

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    CursorResult,
    DateTime,
    Dialect,
    Engine,
    Index,
    MetaData,
    TypeDecorator,
    Update,
    event,
    select,
    text,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.schema import CreateIndex
from sqlalchemy.sql.compiler import DDLCompiler


class Base(DeclarativeBase):
    """Base of all tables. Constraints bear names, so that a migration can change them on every database."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


# expire_on_commit is off: reading an attribute after a commit must not open a transaction during a call to Cashlink.
db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})

if TYPE_CHECKING:
    Model = Base
else:
    Model = db.Model

Row = TypeVar("Row", bound=Base)

# SQLite's busy handler sleeps up to 100 ms and is not fair: waiting here instead, one writer of a process at a time,
# brings the slowest webhooks from 735 ms to below 90 ms.
write_lock = threading.Lock()


def read_clock() -> datetime:
    return datetime.now(UTC)


def now() -> datetime:
    """The present instant in UTC, from the one clock of the portal."""
    return read_clock()


class Instant(TypeDecorator[datetime]):
    """An instant in UTC. SQLite knows no time zones: the zone is taken off on the way in and added on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def partial_index(name: str, column: str, where: str) -> Index:
    """An index over the rows that fulfil a condition.

    SQLAlchemy's own, `sqlite_where` beside `postgresql_where`, loads both dialects, and one of them costs as much of a
    cold start as all tables together.
    """
    return Index(name, column, info={"where": where})


@compiles(CreateIndex)
def _create_index(create: CreateIndex, compiler: DDLCompiler, **options: Any) -> str:
    statement = compiler.visit_create_index(create, **options)
    where = create.element.info.get("where")
    return f"{statement} WHERE {where}" if where else statement


def insert_or_ignore(model: type[Base], **values: Any) -> Any:
    """An INSERT that does nothing where a unique constraint already holds such a row, on both databases.

    Without values, which are then given to `execute`, it is made once: to build it costs more than to execute it.
    """
    statement = _insert_or_ignore(model, db.engine.dialect.name)
    return statement.values(**values) if values else statement


def insert_unless_there(model: type[Row], **values: Any) -> Row | None:
    """Insert a row and return it; None where a unique constraint already holds such a row. The caller commits."""
    statement = insert_or_ignore(model, **values).returning(*model.__table__.columns)
    return db.session.scalars(select(model).from_statement(statement)).one_or_none()


@cache
def _insert_or_ignore(model: type[Base], dialect_name: str) -> Any:
    # Imported here: the other database's dialect would cost a tenth of the start.
    dialect: Any
    if dialect_name == "postgresql":
        from sqlalchemy.dialects import postgresql as dialect
    else:
        from sqlalchemy.dialects import sqlite as dialect
    # The table, not the class: nothing here needs the ORM.
    return dialect.insert(model.__table__).on_conflict_do_nothing()


def changes_one_row(statement: Update) -> bool:
    """Execute a guarded UPDATE: whether this process has changed the row, of all that try. The caller commits."""
    result = db.session.execute(statement.execution_options(synchronize_session=False))
    return cast(CursorResult[()], result).rowcount == 1


def scrub() -> None:
    """Make dropped data be gone from the files of SQLite: secure_delete overwrites them, this empties the log."""
    if db.engine.dialect.name == "sqlite":
        db.session.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))


def set_up(app: Flask) -> None:
    """Bind the database to the application.

    hide_parameters: an exception must not print an IBAN.
    """
    url = app.config["SQLALCHEMY_DATABASE_URI"]
    options: dict[str, Any] = {"hide_parameters": True}
    if url.startswith("postgresql"):
        options |= {"pool_size": 5, "max_overflow": 0, "pool_pre_ping": True}
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = options
    db.init_app(app)
    with app.app_context():
        if db.engine.dialect.name == "sqlite":
            set_up_sqlite(db.engine)


def set_up_sqlite(engine: Engine) -> None:
    """WAL; FULL, because "commit, then call" must survive a power cut; BEGIN IMMEDIATE before the first write only.

    Reads run in SQLite's own autocommit and hold nothing. A transaction that begins with a read and then writes would
    fail at once with "database is locked", whatever the timeout.
    """

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "busy_timeout=10000",
            "foreign_keys=ON",
            "secure_delete=ON",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "before_cursor_execute")
    def _begin(_conn: Any, cursor: Any, statement: str, *_: Any) -> None:
        if not cursor.connection.in_transaction and statement.lstrip()[:6].upper() not in ("SELECT", "PRAGMA"):
            cursor.execute("BEGIN IMMEDIATE")
