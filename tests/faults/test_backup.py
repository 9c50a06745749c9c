"""Backup and restore by the very commands of docs/operate.md, while the portal runs; afterwards it catches up."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from portal.database import db

from ..acts import Acts
from ..people import add_user
from ..world import World, wait_until

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "operate.md").read_text()
COMMANDS = re.findall(r"^    (.*(?:backup-|portal\.sqlite3|URL\").*)$", PAGE, re.MULTILINE)


@pytest.fixture
def world(tmp_path: Path, database: dict[str, str]) -> Iterator[World]:
    """Without the loop: the test says when it runs."""
    with World(tmp_path, background=False, **database) as running:
        yield running


def run(folder: Path, environ: dict[str, str], *commands: str) -> None:
    """As an operator: in a folder with `instance/`, and with `$URL` and its like for PostgreSQL."""
    for command in commands:
        here = command.replace(".venv/bin/python", sys.executable)
        subprocess.run(["sh", "-ec", here], cwd=folder, env={**os.environ, **environ}, check=True, capture_output=True)


@pytest.mark.both_databases
def test_a_restored_backup_catches_up_by_asking(
    world: World, tmp_path: Path, database: dict[str, str], request: pytest.FixtureRequest
) -> None:
    acts = Acts(world)
    environ: dict[str, str] = {}
    if database:
        # pg_dump must not be older than the server.
        path = f"{request.getfixturevalue('postgres').bin_path}:{os.environ['PATH']}"
        url = database["PORTAL_DATABASE_URL"].replace("+psycopg", "")
        name = url.partition("@/")[2].partition("?")[0]
        others = {
            "ADMIN_URL": url.replace(name, "postgres", 1),
            "RESTORED_URL": url.replace(name, "portal_restored", 1),
        }
        environ = {"PATH": path, "URL": url, **others}
        run(tmp_path, environ, 'psql "$ADMIN_URL" --command="CREATE ROLE portal"')
    else:
        (tmp_path / "instance").symlink_to(tmp_path)
    backup, *restore = [command for command in COMMANDS if (".dump" in command or "URL" in command) == bool(database)]
    user_id = add_user(world.app)
    acts.import_investor(user_id)
    _, start_url = acts.invest(user_id)
    run(tmp_path, environ, backup)

    acts.sign(start_url)
    cashlink_id = acts.state()["investments"][0]["id"]
    wait_until(lambda: acts.status(cashlink_id) == "KYC_PENDING", what="the webhook")
    with world.app.app_context():
        if database:
            # Of a newer version, to which one does not go back otherwise.
            db.session.execute(text('CREATE TABLE newer (user_id integer REFERENCES "user" (id))'))
            db.session.commit()
        db.session.remove()
        db.engine.dispose()
    run(tmp_path, environ, *restore)
    if database:
        # What the new address would do: here the portal goes on with the one that it has.
        for old, new in ((name, f"{name}_before"), ("portal_restored", name)):
            run(tmp_path, environ, f'psql "$ADMIN_URL" --command="ALTER DATABASE {old} RENAME TO {new}"')

    assert acts.status(cashlink_id) is None
    acts.run_loop()
    assert acts.status(cashlink_id) == "KYC_PENDING"
    assert acts.invest(user_id, number=2)[1] != start_url
    assert acts.state()["counts"]["investors"] == 1


def test_a_database_that_is_not_there_makes_no_backup(tmp_path: Path) -> None:
    (tmp_path / "instance").mkdir()
    backup, *_ = COMMANDS
    with pytest.raises(subprocess.CalledProcessError):
        run(tmp_path, {}, backup)
    assert not [*tmp_path.glob("backup*"), *tmp_path.glob("instance/*")]
