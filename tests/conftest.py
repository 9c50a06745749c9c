"""Fixtures that all tests share. The API's address comes from here alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2.bccache import Bucket, BytecodeCache

from portal import create_app
from portal.config import Settings
from portal.database import db

from .schema import migrate
from .settings import environment

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from portal.demo.run import Demo

    from .world import World


class CompiledTemplates(BytecodeCache):
    """Keeps compiled templates: each test has an application of its own, and a third of its time went into them."""

    def __init__(self) -> None:
        self.code: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self.code:
            bucket.bytecode_from_string(self.code[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.code[bucket.key] = bucket.bytecode_to_string()


Flask.jinja_options = {"bytecode_cache": CompiledTemplates()}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="the long form of proofs (make test-faults)")
    parser.addoption("--seed", type=int, default=None, help="the seed of a random proof, to replay it")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What only the long form plays is not there in the short one."""
    if not config.getoption("--long"):
        left_out = [item for item in items if item.get_closest_marker("long")]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Tests marked `both_databases` run on SQLite and on PostgreSQL."""
    if "database" in metafunc.fixturenames and metafunc.definition.get_closest_marker("both_databases"):
        # The server alone takes seconds to start.
        databases = ["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)]
        metafunc.parametrize("database", databases, indirect=True)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Any]:
    """One server for all tests; each takes a database of its own."""
    from .postgres import running

    with running() as server:
        yield server


@pytest.fixture
def database(request: pytest.FixtureRequest) -> dict[str, str]:
    """The settings that choose the database: none for SQLite."""
    if getattr(request, "param", "sqlite") == "sqlite":
        return {}
    from .postgres import new_database

    return {"PORTAL_DATABASE_URL": new_database(request.getfixturevalue("postgres"))}


@pytest.fixture
def environ(tmp_path: Path, database: dict[str, str]) -> dict[str, str]:
    """Settings of a portal whose Cashlink does not answer (port 9 is closed)."""
    return {**environment(tmp_path), **database}


@pytest.fixture
def app(environ: dict[str, str]) -> Iterator[Flask]:
    """A portal without demo, on an empty database of its own."""
    app = create_app(Settings.from_environment(environ))
    migrate(app)
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def demo_app(environ: dict[str, str]) -> Flask:
    """The same with the presenter's aids."""
    app = create_app(Settings.from_environment(environ), demo=True)
    migrate(app)
    return app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def world(tmp_path: Path, database: dict[str, str]) -> Iterator[World]:
    """Portal and simulator over real HTTP, empty."""
    from .world import World

    with World(tmp_path, **database) as running:
        yield running


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A running demo with its cast."""
    from .demo.presenting import running_demo

    with running_demo(tmp_path_factory.mktemp("demo")) as running:
        yield running


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all browser tests: a second one in the same process would be refused."""
    from .browser import chromium

    if chromium.is_left_out():
        pytest.skip(chromium.LEFT_OUT)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = chromium.find(playwright.chromium.executable_path)
        if path is None:
            pytest.fail(chromium.MISSING, pytrace=False)
        running = playwright.chromium.launch(executable_path=path, args=chromium.ARGUMENTS)
        yield running
        running.close()
