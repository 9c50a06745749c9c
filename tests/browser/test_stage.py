"""The stage in Chromium: one key, a projector's size, and a click that is seen to travel."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Page, expect

from ..world import wait_until

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytest.importorskip("portal.demo", reason="the demo has been deleted")
pytestmark = pytest.mark.slow

# Milliseconds that the longest step may take on a machine with much to do.
STEP = 30_000
PROJECTOR = {"width": 1280, "height": 720}
# The smallest size of a text that is seen, in pixels.
SMALLEST = """() => {
  const sizes = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement, box = element.getBoundingClientRect();
    if (walker.currentNode.textContent.trim() && box.width > 1 && box.height > 1 && element.checkVisibility())
      sizes.push([parseFloat(getComputedStyle(element).fontSize), walker.currentNode.textContent.trim()]);
  }
  return sizes.filter(([size]) => size < 20).map(([size, text]) => `${size}: ${text}`);
}"""
# When which station of a click's way is let in; they may come with several answers.
WATCH_ARRIVALS = """() => {
  const note = (stop) => (arrivals[stop.querySelector("strong").textContent] ??=
    parseFloat(getComputedStyle(stop, "::after").animationDelay));
  window.arrivals = {};
  new MutationObserver(() => document.querySelectorAll(".way > .way__done.arrives").forEach(note))
    .observe(document.body, { childList: true, subtree: true, attributes: true });
}"""
# By how many pixels the page is larger than the window.
OVERFLOW = (
    """() => [document.documentElement.scrollWidth - innerWidth, document.documentElement.scrollHeight - innerHeight]"""
)


@pytest.fixture
def open_stage(browser: Browser, demo: Any) -> Iterator[Callable[..., Page]]:
    """The stage at its beginning. Messages of the console fail the test."""
    demo.start_over()
    contexts, trouble = [], []

    def open_it(language: str = "en", **options: Any) -> Page:
        locale = {"en": "en-GB", "de": "de-DE"}[language]
        context = browser.new_context(locale=locale, **{"viewport": PROJECTOR, **options})
        context.set_default_timeout(20_000)
        context.on("console", lambda message: trouble.append(message.text))
        contexts.append(context)
        page = context.new_page()
        page.goto(f"{demo.settings.public_url}/stage")
        return page

    yield open_it
    for context in contexts:
        context.close()
    assert trouble == []


def begin(page: Page, script: str) -> None:
    page.locator("#menu > summary").click()
    page.locator(f'form[action="/stage/play/{script}"] button').click()
    expect(page.locator(".stage__count")).to_contain_text("0/")
    expect(page.locator("#stage")).not_to_have_attribute("aria-busy", "true")


def put_carol_on(page: Page) -> None:
    page.locator('form[action="/stage/cast/carol"] button').click()
    expect(page.locator("#next")).to_have_text("Mark as paid")
    expect(page.locator("#stage")).not_to_have_attribute("aria-busy", "true")


def press(page: Page, key: str, position: int) -> None:
    page.keyboard.press(key)
    expect(page.locator("#stage")).to_have_attribute("data-position", str(position), timeout=STEP)
    expect(page.locator("#stage")).not_to_have_attribute("aria-busy", "true", timeout=STEP)


@pytest.mark.parametrize("language", ["de", pytest.param("en", marks=pytest.mark.long)])
def test_one_key_plays_everything_on_one_screen_in_large_letters(
    open_stage: Callable[..., Page], language: str
) -> None:
    page = open_stage(language)
    begin(page, "everything-goes-wrong")
    count = int(page.locator(".stage__count").inner_text().partition("/")[2])
    for position in range(1, count + 1):
        press(page, "PageDown", position)
        assert page.evaluate(SMALLEST) == []
        assert max(page.evaluate(OVERFLOW)) <= 0, f"step {position}"
    expect(page.locator("#verdict strong")).to_have_text({"de": "BESTANDEN", "en": "PASS"}[language])


def test_the_space_bar_is_the_key_only_when_no_control_has_the_focus(open_stage: Callable[..., Page]) -> None:
    page = open_stage()
    put_carol_on(page)
    page.locator("#menu > summary").focus()
    page.keyboard.press(" ")
    expect(page.locator("#menu")).to_have_attribute("open", "")
    assert page.locator("#stage").get_attribute("data-position") == "0"
    page.keyboard.press(" ")
    page.evaluate("() => document.activeElement.blur()")
    press(page, " ", 1)
    # Page Down works wherever the focus is.
    page.locator("#menu > summary").focus()
    press(page, "PageDown", 2)
    expect(page.locator("#sentence")).to_contain_text("credited")


def test_a_click_is_seen_to_travel(open_stage: Callable[..., Page]) -> None:
    page = open_stage()
    put_carol_on(page)
    page.evaluate(WATCH_ARRIVALS)
    page.locator("#next").click()
    wait_until(lambda: page.evaluate("() => Object.keys(arrivals).length") == 4, 30, "the way of the click")
    delays = [page.evaluate("name => arrivals[name]", name) for name in page.locator(".way strong").all_inner_texts()]
    assert delays == sorted(delays)
    assert delays[-1] > 1, "slow enough for eyes"
    still = open_stage(reduced_motion="reduce")
    assert still.locator(".way > li").last.evaluate("stop => getComputedStyle(stop, '::after').animationName") == "none"


def test_a_click_into_which_news_come_counts(open_stage: Callable[..., Page]) -> None:
    page = open_stage()
    put_carol_on(page)
    page.locator("#next").hover()
    page.mouse.down()
    with page.expect_response(lambda answer: answer.url.endswith("/stage/view") and answer.status == 200):
        # As if the tag were an older one: the part that changes is sent and put in place anew.
        page.evaluate("() => { document.getElementById('stage').dataset.tag = 'older'; }")
    page.mouse.up()
    expect(page.locator("#stage")).to_have_attribute("data-position", "1", timeout=STEP)


@pytest.mark.parametrize("width", [pytest.param(1280, marks=pytest.mark.long), 390, 320])
@pytest.mark.parametrize("language", ["de", pytest.param("en", marks=pytest.mark.long)])
def test_it_fits_phones(open_stage: Callable[..., Page], language: str, width: int) -> None:
    page = open_stage(language, viewport={"width": width, "height": 720})
    begin(page, "dropped")
    press(page, "PageDown", 1)
    press(page, "PageDown", 2)
    press(page, "PageDown", 3)
    assert page.evaluate(OVERFLOW)[0] <= 0
    page.locator("#menu > summary").click()
    assert page.evaluate(OVERFLOW)[0] <= 0


def test_without_javascript_the_same_buttons_do_the_same(open_stage: Callable[..., Page]) -> None:
    page = open_stage(java_script_enabled=False)
    page.locator('form[action="/stage/cast/carol"] button').click()
    page.locator("#next").click()
    page.reload()
    expect(page.locator("#next")).to_have_text("Credit securities")
