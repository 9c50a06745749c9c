"""A cold start beside that of an empty Flask application with SQLAlchemy, in a process of its own each."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import NamedTuple

from portal import create_app, migrations
from portal.config import Settings
from tests.settings import environment

from .figures import Effort, Row, milliseconds, spread
from .servers import ROOT

MOST = 1.3
EMPTY = """
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import text
app = Flask("empty")
app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite://"
db = SQLAlchemy(app)
@app.get("/")
def home():
    return str(db.session.scalar(text("SELECT 1")))
assert app.test_client().get("/").status_code == 200
"""
# What the process has used by now, its interpreter's start included.
TELL = """
import time
print(time.process_time())
"""
PORTAL = """
from portal import create_app
assert create_app().test_client().get("/").status_code == 200
"""


def measure(folder: Path, effort: Effort) -> Iterator[Row]:
    settings = environment(folder / "start")
    (folder / "start").mkdir()
    migrations.migrate(create_app(Settings.from_environment(settings)))
    # The first pair writes compiled modules.
    pairs = [(_run(PORTAL, settings), _run(EMPTY, settings)) for _ in range(effort.pairs + 1)][1:]
    yield _row("cold start to the first answer, CPU", [(ours.start, empty.start) for ours, empty in pairs], MOST)
    yield _row("a process with one answer, its end included, CPU", [(ours.all, empty.all) for ours, empty in pairs])


class Cost(NamedTuple):
    """Processor seconds: the wall clock would tell of whoever else uses the machine."""

    start: float
    all: float


def _row(name: str, pairs: list[tuple[float, float]], most: float | None = None) -> Row:
    ratios = [portal / empty for portal, empty in pairs]
    portal, empty = (milliseconds(median(side)) for side in zip(*pairs, strict=True))
    target = f"≤ {most}" if most else ""
    return Row(name, portal, empty, spread(ratios), target, most is None or median(ratios) <= most)


def _run(program: str, settings: dict[str, str]) -> Cost:
    # Where the shell forbids Python to keep compiled modules, each start would compile all of ours anew.
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    before = os.times()
    # The programs are our own words.
    told = subprocess.run(  # noqa: S603
        [sys.executable, "-c", program + TELL],
        check=True,
        cwd=ROOT,
        env={**environ, **settings},
        capture_output=True,
    )
    after = os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return Cost(float(told.stdout), used)
