"""The panel in Chromium: live, unfolding, remembered, by keyboard, on a phone, and without JavaScript."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
import requests

from ..acts import Acts
from ..people import PASSWORD, add_user
from ..settings import BOND, WEBHOOK_TOKEN
from ..world import World, wait_until

pytest.importorskip("portal.demo.backstage", reason="the demo has been deleted")

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.slow

CAMPAIGN = f"/campaigns/{BOND}"
Open = Callable[..., "Page"]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with World(tmp_path_factory.mktemp("world"), demo=True, background=False) as running:
        add_user(running.app, "alice")
        Acts(running).import_investor(1)
        Acts(running).invest(1)
        yield running


@pytest.fixture
def open_page(browser: Browser, world: World) -> Iterator[Open]:
    """Opens the campaign's page for Alice; a complaint of the browser fails the test."""
    complaints: list[str] = []
    contexts = []

    def open_it(**options: Any) -> Page:
        options.setdefault("viewport", {"width": 1280, "height": 800})
        context = browser.new_context(locale="en-GB", **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"{world.url}/login?next={CAMPAIGN}")
        page.fill("[name=email]", "alice@example.org")
        page.fill("[name=password]", PASSWORD)
        page.locator("#main-form button").first.click()
        page.wait_for_url(f"{world.url}{CAMPAIGN}")
        return page

    yield open_it
    for context in contexts:
        context.close()
    assert complaints == []


def send_webhook(world: World, status: str) -> None:
    investment = Acts(world).state()["investments"][0]["id"]
    body = {"investment_id": investment, "status": status, "changed_at": "2026-01-01T10:00:00Z"}
    headers = {"Authorization": f"Bearer {WEBHOOK_TOKEN}"}
    assert requests.post(f"{world.url}/webhooks/cashlink", json=body, headers=headers).status_code == 204


def test_news_appear_while_it_is_open_and_leave_the_rest_alone(open_page: Open, world: World) -> None:
    page = open_page()
    page.locator("#backstage > summary").click()
    line = page.locator(".bs-line", has_text="create the investment")
    line.locator("summary").first.click()
    page.get_by_role("button", name="Copy").first.wait_for()
    source = line.locator(".bs-place[open] .bs-source__line--meant")
    assert "client().create_investment(body, key)" in source.inner_text()
    button = line.locator(".bs-copy").first
    button.focus()
    send_webhook(world, "ACCEPTED")
    page.locator(".bs-line--webhook", has_text="ACCEPTED").wait_for(timeout=5000)
    assert "differ" not in page.locator(".bs-compare").inner_text()
    # What was unfolded still is, and the focus stays.
    assert source.is_visible()
    assert button.evaluate("button => button === document.activeElement")
    assert "ACCEPTED" in page.locator("#backstage-say").inner_text()


def test_news_leave_the_focus_on_what_is_made_anew(open_page: Open, world: World) -> None:
    page = open_page()
    page.locator("#backstage > summary").click()
    link = page.locator(".bs-compare a")
    link.focus()
    send_webhook(world, "PAID")
    page.locator(".bs-line--webhook", has_text="PAID").wait_for(timeout=5000)
    assert link.evaluate("link => link === document.activeElement")


def test_a_click_into_which_news_come_counts(open_page: Open, world: World) -> None:
    page = open_page()
    page.locator("#backstage > summary").click()
    line = page.locator(".bs-line", has_text="create the investment")
    box = line.locator("summary").first.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 20, box["y"] + 10)
    # The first answer comes of opening, and would replace the lines as well.
    with page.expect_response(lambda answer: answer.url.endswith("/backstage/live") and answer.status == 304):
        pass
    page.mouse.down()
    with page.expect_response(lambda answer: answer.url.endswith("/backstage/live") and answer.status == 200):
        send_webhook(world, "DELIVERED")
    page.mouse.up()
    line.get_by_role("button", name="Copy").first.wait_for()
    page.locator(".bs-line--webhook", has_text="DELIVERED").wait_for()


def test_nothing_is_asked_while_it_is_closed(open_page: Open) -> None:
    page = open_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/backstage" in request.url else None)
    page.clock.install()
    page.reload()
    asked.clear()
    page.clock.run_for(10_000)
    assert asked == []
    with page.expect_request("**/backstage/live"):
        page.locator("#backstage > summary").click()
    page.locator("#backstage > summary").click()
    asked.clear()
    page.clock.run_for(10_000)
    assert asked == []


def test_open_or_closed_is_remembered(open_page: Open, world: World) -> None:
    page = open_page()
    panel = page.locator("#backstage")
    assert panel.get_attribute("open") is None

    def kept() -> dict[str, str]:
        return {cookie["name"]: cookie["value"] for cookie in page.context.cookies()}

    for wanted, word in (("", "open"), (None, "closed")):
        page.locator("#backstage > summary").click()
        # The browser tells the script of it, and the script the browser, each a little later.
        wait_until(lambda word=word: kept().get("backstage") == word, what="the cookie", known=kept)
        page.goto(f"{world.url}/investments")
        page.locator('main a[href^="/investments/"]').first.click()
        page.wait_for_url("**/investments/*-*")
        assert panel.get_attribute("open") == wanted


def test_code_is_copied(open_page: Open) -> None:
    page = open_page(permissions=["clipboard-read", "clipboard-write"])
    page.locator("#backstage > summary").click()
    line = page.locator(".bs-line", has_text="create the investment")
    line.locator("summary").first.click()
    code = line.locator("code[id$=-curl]")
    line.locator(".bs-code", has=page.get_by_role("heading", name="As curl")).get_by_role("button").click()
    page.get_by_role("button", name="Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == code.text_content()


def test_everything_is_reached_by_keyboard(open_page: Open) -> None:
    page = open_page()
    page.locator("#backstage > summary").focus()
    page.keyboard.press("Enter")
    seen = []
    for _ in range(12):
        page.keyboard.press("Tab")
        seen.append(page.evaluate("document.activeElement.innerText"))
        style = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert style != "none", seen[-1]
        if "create the investment" in seen[-1]:
            break
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Copy").first.wait_for()
    assert seen[:3] == ["Run portal sync", "As a page", "Take home"]


def test_on_a_phone_it_is_a_drawer(open_page: Open) -> None:
    page = open_page(viewport={"width": 320, "height": 640})
    page.locator("#backstage > summary").click()
    page.locator(".bs-line", has_text="create the investment").locator("summary").first.click()
    page.get_by_role("button", name="Copy").first.wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    assert page.locator(".bs-panel__body").evaluate("body => body.scrollWidth - body.clientWidth") == 0
    box = page.locator(".bs-panel__body").bounding_box()
    assert box is not None
    assert (box["x"], box["width"], box["y"] + box["height"]) == (0, 320, 640)
    assert box["y"] > 100


def test_it_works_without_javascript(open_page: Open) -> None:
    page = open_page(java_script_enabled=False)
    page.locator("#backstage > summary").click()
    line = page.locator(".bs-line", has_text="create the investment")
    line.locator("summary").click()
    line.get_by_role("link", name="Bodies, source and code to copy").click()
    page.wait_for_url("**/backstage/*")
    assert page.locator(".bs-copy").first.is_hidden()
    assert "client().create_investment" in page.locator(".bs-place[open] .bs-source__line--meant").inner_text()
    page.get_by_role("link", name="Backstage").last.click()
    assert page.locator("h1").inner_text() == "Backstage"
    assert page.get_by_role("link", name="Refresh").is_visible()
