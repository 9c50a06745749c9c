"""The journey in Chromium: with JavaScript and without, in both languages."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from ..journey import PATH
from ..settings import BOND
from ..world import wait_until
from .conftest import Open
from .tab import Tab

pytestmark = pytest.mark.slow

# Milliseconds from the button in the Studio to the changed page, at the most: a page without a stream asks after three
# seconds only.
SOON = 2_500
# How spoken news end.
TURNS = ("It is your turn.", "There is nothing for you to do at the moment.", "There is nothing left to do.")


class Watched:
    """An open progress page that nobody touches."""

    def __init__(self, tab: Tab) -> None:
        self.tab, self.page = tab.open_progress(), tab.page
        self.page.evaluate("window.untouched = true")
        self.said = ""

    def sees(self, status: str, focus: str) -> None:
        """The page has changed by itself to this status; whoever looks, listens or uses the keyboard notices.

        Args:
            focus: where the keyboard was before: an element's selector.
        """
        page = self.page
        page.locator(f'[data-status="{status}"]').wait_for(state="attached", timeout=SOON)
        assert page.evaluate("window.untouched") is True, "not reloaded"
        label = page.locator("#status .tag").first.inner_text()
        assert page.title().startswith(label)
        spoken = page.locator('p[role="status"]').inner_text()
        assert spoken.startswith(page.locator("#banner").inner_text())
        assert spoken != self.said
        assert spoken.endswith(TURNS), "whose turn it is"
        self.said = spoken
        focused = "document.activeElement.matches('#banner, ' + selector)"
        assert page.evaluate(f"selector => {focused}", focus), "the focus is lost"


def test_the_journey_with_javascript_and_live_news(open_tab: Open) -> None:
    tab = open_tab("en")
    tab.register("anna@example.org").enter_data(by_samples=False).invest(BOND)

    watched = Watched(tab.another())
    assert watched.tab.status() == "STARTED"
    expect(watched.page.get_by_text("This page updates itself")).to_be_visible()

    watched.page.locator("#refresh").focus()
    tab.sign()
    watched.sees("KYC_PENDING", "#refresh")
    watched.page.locator("#next-step").focus()
    tab.send()
    assert tab.form.count() == 0
    # The button that had the focus is not on the new page: its heading has it.
    watched.sees("REVIEW_PENDING", "#banner")

    watched.page.locator(".nav a").first.focus()
    for action, status in PATH[1:]:
        tab.act(action)
        watched.sees(status, ".nav a")
    expect(watched.page.locator("#banner")).to_contain_text("10 units have been credited")
    expect(watched.page.get_by_text("This page updates itself")).to_be_hidden()
    expect(watched.page.get_by_text("As of")).to_be_visible()


def test_the_journey_without_javascript(open_tab: Open) -> None:
    tab = open_tab("de", java_script_enabled=False)
    tab.register("bernd@example.org").enter_data(by_samples=True).invest(BOND)

    watched = tab.another().open_progress()
    refresh = watched.page.get_by_role("link", name="Aktualisieren")
    assert watched.status() == "STARTED"
    expect(watched.page.get_by_text("Diese Seite aktualisiert sich selbst")).to_be_hidden()

    def shows(status: str) -> None:
        wait_until(lambda: watched.press(refresh).status() == status, what=status)

    # The sample person is not identified yet, so that the simulator's page for it is seen.
    tab.sign()
    shows("KYC_PENDING")
    tab.send()
    for action, status in PATH:
        if action != "identify":
            tab.act(action)
        shows(status)
    expect(watched.page.locator("#banner")).to_contain_text("10 Stück")
    assert watched.page.locator("html").get_attribute("lang") == "de"
