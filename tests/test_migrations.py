"""The migrations make the schema of the models, and the wrong schema is refused in a sentence."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from flask import Flask
from sqlalchemy import event, func, select

from portal import create_app, migrations
from portal.config import Settings
from portal.database import db, now

from .investments.person import Person
from .settings import BOND, WEBHOOK_TOKEN


def test_the_migrations_make_the_schema_of_the_models(app: Flask) -> None:
    with app.app_context(), db.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), db.metadata) == []


def test_migrating_again_changes_nothing(app: Flask) -> None:
    migrations.migrate(app)
    migrations.check(app)


@pytest.mark.slow
@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_of_several_that_migrate_at_once_one_does_all_of_it(environ: dict[str, str]) -> None:
    """The mark as well: each would find none, and all but the first fail to write it."""
    app = create_app(Settings.from_environment(environ))
    free: list[bool] = []

    def look(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("INSERT INTO mark"):
            with db.engine.connect() as other:
                free.append(other.execute(select(func.pg_try_advisory_xact_lock(migrations.LOCK))).scalar_one())

    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", look)
    migrations.migrate(app)
    assert free == [False]
    migrations.check(app)
    with app.app_context():
        db.engine.dispose()


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


NEXT = """
import sqlalchemy as sa
from alembic import op

revision = "9001"
down_revision = "{head}"
branch_labels = None
depends_on = None
additive = {additive}


def upgrade() -> None:
    op.create_table("novelty", sa.Column("id", sa.Integer(), primary_key=True))
    op.add_column("investment", sa.Column("novelty", sa.String(length=20), nullable=True))
    op.create_index("ix_investment_novelty", "investment", ["novelty"])
"""


def roll_out(app: Flask, folder: Path, *, additive: bool) -> None:
    """What `portal migrate` of the next version does, whose code this version does not have."""
    head = max(
        re.findall(
            r"^revision = \"(\d+)\"",
            "".join(path.read_text() for path in (migrations.FOLDER / "versions").glob("0*.py")),
            re.MULTILINE,
        )
    )
    with pytest.MonkeyPatch.context() as patch:
        shutil.copytree(migrations.FOLDER, folder / "next")
        (folder / "next" / "versions" / "9001_next.py").write_text(NEXT.format(head=head, additive=additive))
        patch.setattr(migrations, "FOLDER", folder / "next")
        migrations.migrate(app)
        migrations.check(app)


@pytest.mark.both_databases
def test_this_version_runs_on_a_schema_to_which_the_next_has_only_added(app: Flask, tmp_path: Path) -> None:
    roll_out(app, tmp_path, additive=True)
    migrations.check(app)
    dana = Person.create(app, "dana@example.org", "Dana", "Muster")
    assert dana.client.get("/readyz").status_code == 200
    investment = dana.invest("ACCEPTED")
    told = {"investment_id": dana.cashlink_id(investment), "status": "PAID", "changed_at": now().isoformat()}
    answer = dana.client.post("/webhooks/cashlink", json=told, headers={"Authorization": f"Bearer {WEBHOOK_TOKEN}"})
    assert answer.status_code == 204
    assert dana.progress(investment).status == "PAID"
    assert dana.client.get(f"/campaigns/{BOND}").status_code == 200
    # Not even by mistake is anything taken back.
    migrations.migrate(app)
    migrations.check(app)


def test_a_schema_that_has_lost_something_takes_this_version_out(app: Flask, tmp_path: Path) -> None:
    roll_out(app, tmp_path, additive=False)
    with pytest.raises(migrations.SchemaError, match="newer"):
        migrations.check(app)
    assert app.test_client().get("/readyz").status_code == 503


def test_a_mark_of_another_revision_counts_for_nothing(app: Flask, tmp_path: Path) -> None:
    """A migration that was cut off before it said what it had done."""
    roll_out(app, tmp_path, additive=True)
    with app.app_context():
        db.session.execute(db.text("UPDATE alembic_version SET version_num = '9002'"))
        db.session.commit()
    with pytest.raises(migrations.SchemaError, match="newer"):
        migrations.check(app)
