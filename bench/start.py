"""A cold start beside that of an empty Flask application with SQLAlchemy: the whole process, to the first answer."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median

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
PORTAL = """
from portal import create_app
assert create_app().test_client().get("/").status_code == 200
"""


def measure(folder: Path, effort: Effort) -> Iterator[Row]:
    settings = environment(folder / "start")
    (folder / "start").mkdir()
    migrations.migrate(create_app(Settings.from_environment(settings)))
    pairs = []
    for _ in range(effort.pairs + 1):
        pairs.append((_run(PORTAL, settings), _run(EMPTY, settings)))
    # The first pair writes compiled modules.
    pairs = pairs[1:]
    ratios = [portal / empty for portal, empty in pairs]
    portal, empty = (milliseconds(median(side)) for side in zip(*pairs, strict=True))
    yield Row("cold start to the first answer, CPU", portal, empty, spread(ratios), f"≤ {MOST}", median(ratios) <= MOST)


def _run(program: str, settings: dict[str, str]) -> float:
    """Processor seconds of a process: the wall clock would tell of whoever else uses the machine."""
    before = os.times()
    # The programs are our own words.
    subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT, env={**os.environ, **settings})  # noqa: S603
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system
