"""Tabs of the one Chromium, and portal and simulator running for each module of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from ..people import PASSWORD, add_user
from .tab import Tab

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from ..world import World

Open = Callable[..., Tab]
SignedIn = Callable[..., Tab]


@pytest.fixture(scope="module")
def demo_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """With the mailbox and the sample data, and without any cast."""
    from ..world import World

    with World(tmp_path_factory.mktemp("world"), demo=True) as running:
        yield running


@pytest.fixture
def open_tab(browser: Browser, demo_world: World) -> Iterator[Open]:
    """Opens the first tab of a fresh browser profile. Whatever goes wrong in any of its tabs fails the test."""
    opened: list[Tab] = []

    def open_it(language: str = "en", **options: Any) -> Tab:
        locale = {"en": "en-GB", "de": "de-DE"}[language]
        options.setdefault("viewport", {"width": 1280, "height": 800})
        context = browser.new_context(locale=locale, **options)
        context.set_default_timeout(10_000)
        opened.append(Tab(context.new_page(), demo_world.url, demo_world.simulator_url))
        return opened[-1]

    yield open_it
    trouble = [line for tab in opened for line in tab.trouble]
    for tab in opened:
        tab.page.context.close()
    assert trouble == []


@pytest.fixture
def signed_in(open_tab: Open, demo_world: World) -> SignedIn:
    """Opens a tab for somebody new who is signed in; with the investor data passed on to Cashlink already."""
    from ..acts import Acts

    def sign_in(name: str, *, imported: bool = True) -> Tab:
        user_id = add_user(demo_world.app, name)
        if imported:
            assert Acts(demo_world).import_investor(user_id) == "done"
        tab = open_tab("en")
        tab.go("/login").send({"email": f"{name}@example.org", "password": PASSWORD})
        assert tab.path == "/"
        return tab

    return sign_in
