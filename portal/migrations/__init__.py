"""The schema's history, and the check that code and database agree on it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import Flask

from ..database import db
from ..models import Mark


class SchemaError(Exception):
    """The database's schema is not the one of this code; the text says what to do."""


def migrate(app: Flask) -> None:
    """Bring the database to the schema of this code; does nothing where it is there already."""
    from alembic import command

    with app.app_context(), db.engine.connect() as connection:
        command.upgrade(_config(connection), "head")
        connection.commit()


def check(app: Flask) -> None:
    """Refuse an older or newer schema.

    Raises:
        SchemaError: one sentence for the operator.
    """
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    with app.app_context(), db.engine.connect() as connection:
        found = MigrationContext.configure(connection).get_current_revision()
        script = ScriptDirectory.from_config(_config(connection))
    if found == script.get_current_head():
        return
    if found is None or found in {revision.revision for revision in script.walk_revisions()}:
        raise SchemaError("The database is older than this code. Run: portal migrate")
    raise SchemaError("The database is newer than this code. Start the newer version, or restore a backup.")


def is_demo(app: Flask) -> bool:
    """Whether the demo has seeded this database."""
    with app.app_context():
        return db.session.get(Mark, "seeded_by_demo") is not None


def _config(connection: Any) -> Any:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
