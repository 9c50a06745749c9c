"""What a person does to a page in earnest: changes the language while typing, clicks twice, loses the live line."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Request, Route, expect

from ..journey import TYPED
from ..settings import BOND
from ..world import World
from .conftest import Open, SignedIn

pytestmark = pytest.mark.slow


def test_the_language_changes_in_the_middle_of_a_form(open_tab: Open) -> None:
    tab = open_tab("en").go("/register")
    tab.fill("email", "dora@example.org")
    tab.form.locator("[name=terms]").check()
    tab.press(tab.page.get_by_role("button", name="Deutsch"))
    assert tab.page.locator("html").get_attribute("lang") == "de"
    expect(tab.page.locator("h1")).to_have_text("Konto anlegen")
    expect(tab.form.locator("[name=email]")).to_have_value("dora@example.org")
    expect(tab.form.locator("[name=terms]")).to_be_checked()
    assert tab.page.locator(".summary").count() == 0, "nothing was sent, so nothing is wrong"
    # And the form goes on as if nothing had been.
    tab.send({"password": "meadow copper violin 7"})
    assert tab.path == "/register/sent"


def test_the_language_changes_on_a_step_with_a_mistake_in_it(signed_in: SignedIn) -> None:
    tab = signed_in("emma", imported=False).go("/investor/address")
    for name, text in {**TYPED["address"], "zip": "abc"}.items():
        tab.fill(name, text)
    tab.allowed.append(r"\b422\b")
    tab.press(tab.form.locator("button").first)
    expect(tab.page.locator(".summary")).to_contain_text("There is a problem")
    tab.fill("city", "Köln am Rhein")
    tab.press(tab.page.get_by_role("button", name="Deutsch"))
    for name, text in {**TYPED["address"], "zip": "abc", "city": "Köln am Rhein"}.items():
        expect(tab.form.locator(f"[name={name}]")).to_have_value(text)
    tab.send({"zip": "50667"})
    assert tab.path != "/investor/address"
    assert tab.page.locator("html").get_attribute("lang") == "de"


@pytest.mark.parametrize("scripts", [True, False])
def test_what_is_needed_of_an_identification_is_shown_when_it_is_asked_for(
    signed_in: SignedIn, open_tab: Open, scripts: bool
) -> None:
    tab = signed_in("ilse" if scripts else "ilka", imported=False)
    if not scripts:
        cookies = tab.page.context.cookies()
        tab = open_tab("en", java_script_enabled=False)
        tab.page.context.add_cookies(cookies)  # type: ignore[arg-type]
    number = tab.go("/investor/identification").form.locator("[name=document_id]")
    expect(number).to_be_hidden()
    tab.fill("identified", "true")
    expect(number).to_be_visible()
    tab.allowed.append(r"\b422\b")
    tab.press(tab.form.locator("button").first)
    expect(tab.page.locator(".summary")).to_contain_text("Enter the number of your identity document")
    expect(number).to_be_visible()
    tab.fill("identified", "false")
    expect(number).to_be_hidden()


def test_a_double_click_on_invest_now_is_one_investment(signed_in: SignedIn, demo_world: World) -> None:
    tab = signed_in("frieda").go(f"/campaigns/{BOND}")
    tab.page.locator("form[data-invest] button").dblclick()
    # The second click breaks off the first one's navigation, which a wait for a navigation takes for a failure.
    expect(tab.page).to_have_url(re.compile(f"^{demo_world.simulator_url}/subscribe/.+/."), timeout=20_000)
    start_url = tab.page.url.rpartition("/")[0]
    # In another tab the button continues the same one.
    other = tab.another().go(f"/campaigns/{BOND}")
    other.press(other.page.locator("form[data-invest] button"))
    assert other.page.url.rpartition("/")[0] == start_url
    tab.go("/investments")
    assert tab.page.locator("main table a").count() == 1


@contextmanager
def slow_cashlink(simulator: Flask) -> Iterator[threading.Event]:
    """New investments are answered once this event is set."""
    at_once, answered = simulator.wsgi_app, threading.Event()

    def later(environ: dict[str, Any], start_response: Any) -> Any:
        if (environ["REQUEST_METHOD"], environ["PATH_INFO"]) == ("POST", "/api/external/v2/investments/"):
            answered.wait(5)
        return at_once(environ, start_response)

    simulator.wsgi_app = later  # type: ignore[method-assign]
    try:
        yield answered
    finally:
        answered.set()
        simulator.wsgi_app = at_once  # type: ignore[method-assign]


def test_clicking_again_while_cashlink_takes_its_time_is_one_investment(signed_in: SignedIn, demo_world: World) -> None:
    """Both clicks are sent; the browser follows the second answer, and it leads to the same place."""
    tab = signed_in("fiona").go(f"/campaigns/{BOND}")
    sent: list[Request] = []
    tab.page.on("request", lambda request: sent.append(request) if request.url.endswith("/invest") else None)
    box = tab.page.locator("form[data-invest] button").bounding_box()
    assert box is not None
    with slow_cashlink(demo_world.simulator) as answered:
        for clicks in (1, 2):
            with tab.page.expect_request("**/invest"):
                tab.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
            assert len(sent) == clicks
        answered.set()
        tab.page.wait_for_url(f"{demo_world.simulator_url}/subscribe/**")
    tab.go("/investments")
    assert tab.page.locator("main table a").count() == 1


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("gerda", {"status": 503}),
        ("hanno", {"status": 200, "content_type": "text/event-stream", "body": "retry: 10000\n\n"}),
    ],
    ids=["refused for good", "beyond the cap"],
)
def test_without_a_stream_the_page_asks_and_shows_the_change(
    signed_in: SignedIn, name: str, answer: dict[str, Any]
) -> None:
    tab = signed_in(name)
    tab.allowed.append(r"\b503\b")
    refused: list[str] = []

    def refuse(route: Route) -> None:
        refused.append(route.request.url)
        route.fulfill(**answer)

    tab.page.context.route("**/events", refuse)
    tab.invest(BOND)
    watched = tab.another().open_progress()
    watched.page.evaluate("window.untouched = true")
    expect(watched.page.get_by_text("As of")).to_be_visible()
    tab.sign()
    watched.page.locator('[data-status="KYC_PENDING"]').wait_for(state="attached", timeout=5_000)
    assert watched.page.evaluate("window.untouched") is True, "not reloaded"
    assert watched.page.locator('p[role="status"]').inner_text()
    assert refused


def test_a_page_that_can_be_seen_keeps_its_person_signed_in(signed_in: SignedIn) -> None:
    """The page's timer is rung by hand, and its clock put forward."""
    tab = signed_in("greta", imported=False)
    tab.page.add_init_script("window.setInterval = (ring) => { window.ring = ring; }")
    tab.go("/account")
    with tab.page.expect_response("**/account/session") as answer:
        tab.page.evaluate("Date.now = () => performance.timeOrigin + 300000; window.ring()")
    assert answer.value.status == 200
    asked: list[str] = []
    tab.page.on("request", lambda request: asked.append(request.url))
    tab.page.evaluate("Object.defineProperty(document, 'hidden', { value: true })")
    tab.page.evaluate("Date.now = () => performance.timeOrigin + 900000; window.ring()")
    assert asked == []
