"""The schema's history, and the check that code and database agree on it.

A migration that only adds says `additive = True`. Code that does not know it can run on the schema all the same, so
that a newer version can be rolled out machine by machine; `migrate` writes down since which revision that is so.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ..database import db
from ..models import Mark

FOLDER = Path(__file__).parent
# The mark's value: the revision that the schema has, and the one since which everything was only added.
MARK = "schema"
# Any number that nothing else of this database uses.
LOCK = 20_260_101


class SchemaError(Exception):
    """The database's schema is not the one of this code; the text says what to do."""


def migrate(app: Flask) -> None:
    """Bring the database to the schema of this code; does nothing where it is there already."""
    from alembic import command

    head, *_ = _revisions()
    with app.app_context(), db.engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            # Until the commit: of several that start at once one migrates, and the others find it done.
            connection.execute(select(func.pg_advisory_xact_lock(LOCK)))
        if _found(connection) not in (None, *_revisions()):
            # A newer version has been here, and this one has nothing to add.
            return
        command.upgrade(_config(connection), "head")
        # After the upgrade: a mark that belongs to another revision counts for nothing.
        with Session(connection) as session:
            session.merge(Mark(name=MARK, value=f"{head} {_usable_from()}"))
            session.flush()
        connection.commit()


def check(app: Flask) -> None:
    """Refuse an older schema, and a newer one unless it has only been added to.

    Raises:
        SchemaError: one sentence for the operator.
    """
    head, *older = _revisions()
    with app.app_context(), db.engine.connect() as connection:
        found = _found(connection)
        if found == head:
            return
        if found is None or found in older:
            raise SchemaError("The database is older than this code. Run: portal migrate")
        mark = connection.execute(select(Mark.value).where(Mark.name == MARK)).scalar() or ""
    revision, _, usable_from = mark.partition(" ")
    if revision != found or usable_from not in (head, *older):
        raise SchemaError("The database is newer than this code. Start the newer version, or restore a backup.")


def is_demo(app: Flask) -> bool:
    """Whether the demo has seeded this database."""
    with app.app_context():
        return db.session.get(Mark, "seeded_by_demo") is not None


def _found(connection: Any) -> str | None:
    from alembic.runtime.migration import MigrationContext

    found: str | None = MigrationContext.configure(connection).get_current_revision()
    return found


def _revisions() -> tuple[str, ...]:
    """All that this code knows, newest first."""
    return tuple(_additive(FOLDER))


def _usable_from() -> str:
    """The newest revision that did more than add."""
    return next(revision for revision, additive in _additive(FOLDER).items() if not additive)


@cache
def _additive(folder: Path) -> dict[str, bool]:
    from alembic.script import ScriptDirectory

    walked = ScriptDirectory(str(folder)).walk_revisions()
    return {script.revision: getattr(script.module, "additive", False) for script in walked}


def _config(connection: Any) -> Any:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
