"""The migrations make the schema of the models, and the wrong schema is refused in a sentence."""

from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from flask import Flask

from portal import create_app, migrations
from portal.config import Settings
from portal.database import db


def test_the_migrations_make_the_schema_of_the_models(app: Flask) -> None:
    with app.app_context(), db.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), db.metadata) == []


def test_migrating_again_changes_nothing(app: Flask) -> None:
    migrations.migrate(app)
    migrations.check(app)


def test_an_empty_database_is_older(environ: dict[str, str]) -> None:
    app = create_app(Settings.from_environment(environ))
    with pytest.raises(migrations.SchemaError, match="portal migrate"):
        migrations.check(app)


def test_a_newer_database_is_refused(app: Flask) -> None:
    with app.app_context():
        db.session.execute(db.text("UPDATE alembic_version SET version_num = '9999'"))
        db.session.commit()
    with pytest.raises(migrations.SchemaError, match="newer"):
        migrations.check(app)
