"""Fixtures that all tests share. The API's address comes from here alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal import create_app, migrations
from portal.config import Settings

from .settings import environment

if TYPE_CHECKING:
    from .world import World


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """Settings of a portal whose Cashlink does not answer (port 9 is closed)."""
    return environment(tmp_path)


@pytest.fixture
def app(environ: dict[str, str]) -> Flask:
    """A portal without demo, on an empty database of its own."""
    app = create_app(Settings.from_environment(environ))
    migrations.migrate(app)
    return app


@pytest.fixture
def demo_app(environ: dict[str, str]) -> Flask:
    """The same with the presenter's aids."""
    app = create_app(Settings.from_environment(environ), demo=True)
    migrations.migrate(app)
    return app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Portal and simulator over real HTTP, empty."""
    from .world import World

    with World(tmp_path) as running:
        yield running
