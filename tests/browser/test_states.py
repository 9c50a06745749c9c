"""Every state of every page: accessible, as narrow as the window, quiet, light, valid, in one language."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("portal.simulator", reason="the simulator has been deleted")
pytest.importorskip("portal.demo", reason="the demo has been deleted")

from ..places import Places, running_places
from ..states import STATES, State, View, views
from .looking import Looker

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Places]:
    with running_places(tmp_path_factory.mktemp("places")) as running:
        yield running


@pytest.fixture(scope="module")
def looker(browser: Browser, places: Places) -> Iterator[Looker]:
    looking = Looker(browser, places)
    yield looking
    looking.close()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test for each state and view that is due."""
    if "view" in metafunc.fixturenames:
        thorough = metafunc.config.getoption("--long")
        due = [(state, view) for state in STATES for view in views(state, thorough=thorough)]
        metafunc.parametrize(("state", "view"), due, ids=lambda part: str(part))


def test_state(looker: Looker, state: State, view: View) -> None:
    trouble = looker.look(state, view).trouble
    assert not trouble, "\n".join(trouble)
