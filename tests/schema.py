"""Databases at the schema of this code, quickly."""

from __future__ import annotations

from pathlib import Path

from flask import Flask

from portal import migrations
from portal.database import scrub

_migrated: list[bytes] = []


def migrate(app: Flask) -> None:
    """As `portal migrate`; on SQLite the migrations run once for all tests, and then their result is copied."""
    file = Path(app.config["SQLALCHEMY_DATABASE_URI"].removeprefix("sqlite:///"))
    if not app.config["SQLALCHEMY_DATABASE_URI"].startswith("sqlite") or file.exists():
        migrations.migrate(app)
    elif _migrated:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(_migrated[0])
    else:
        migrations.migrate(app)
        with app.app_context():
            scrub()
        _migrated.append(file.read_bytes())
