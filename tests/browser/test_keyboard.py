"""From registering to DELIVERED without a mouse; each stop is seen, not covered, and large enough to hit."""

from __future__ import annotations

import pytest

from ..journey import PASSWORD, PATH, TYPED
from ..settings import BOND
from ..world import World, wait_until
from .conftest import Open
from .keyboard import Keyboard

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("language", "viewport"),
    [
        ("de", {"width": 390, "height": 700}),
        pytest.param("en", {"width": 1280, "height": 800}, marks=pytest.mark.long),
        pytest.param("en", {"width": 640, "height": 400}, marks=pytest.mark.long),
    ],
    ids=["phone", "desktop", "zoomed"],
)
def test_the_journey_by_keyboard_alone(
    open_tab: Open, demo_world: World, language: str, viewport: dict[str, int]
) -> None:
    tab = open_tab(language, viewport=viewport)
    keys, page = Keyboard(tab), tab.page
    email = f"keys-{viewport['width']}@example.org"

    tab.go("/")
    keys.follow(page.locator('main a[href="/register"]').last).fill_in({"email": email, "password": PASSWORD})
    tab.go("/mailbox")
    keys.follow(page.locator("article", has_text=email).locator('a[href*="/confirm-email/"]').first)
    keys.fill_in({"password": PASSWORD})
    for step, typed in TYPED.items():
        assert tab.path == f"/investor/{step}"
        keys.fill_in(typed, tick=False)
    assert tab.path == "/investor/check"
    keys.fill_in({})

    tab.go("/")
    keys.follow(page.locator(f'main a[href="/campaigns/{BOND}"]').first)
    keys.follow(page.locator("form[data-invest] button"))
    while not tab.path.endswith("/status"):
        assert tab.at_cashlink, page.url
        keys.fill_in({})

    for action, status in PATH:
        if action != "identify":
            tab.go(f"{demo_world.simulator_url}/studio/")
            keys.follow(page.locator(f'button[formaction$="/{action}"]').first)
        tab.go("/investments")
        keys.follow(page.locator('main table a[href^="/investments/"]').first)
        wait_until(lambda status=status: tab.status() == status, what=status)  # type: ignore[misc]
    keys.follow(page.locator("#next-step"))
    assert tab.path == "/investments"
    assert not keys.trouble, "\n".join(keys.trouble)
    assert keys.stops > 100
