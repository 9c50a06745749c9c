"""The script of the open page, in Chromium: what a webhook changes, and what happens where no stream comes through."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
import requests
from flask import Flask
from sqlalchemy import delete

import portal
from portal import live
from portal.database import db, now
from portal.investments import stream
from portal.live import Watcher
from portal.models import UserSession

from ..settings import WEBHOOK_TOKEN
from ..world import wait_until
from .person import Person

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.slow

LIVE = "#live-note[data-on]"
Open = Callable[..., "Page"]


@pytest.fixture
def open_page(browser: Browser, server: str, dana: Person, watch: Callable[[], Watcher]) -> Iterator[Open]:
    """Opens progress pages; a message in the console fails the test."""
    watch()
    messages: list[str] = []
    contexts = []

    def open_it(investment: UUID, prepare: Callable[[Page], object] = lambda _: None, quiet: bool = True) -> Page:
        context = browser.new_context(locale="en-GB", viewport={"width": 1280, "height": 500})
        contexts.append(context)
        context.set_default_timeout(10_000)
        context.add_cookies([{"name": name, "value": value, "url": server} for name, value in dana.cookie.items()])
        page = context.new_page()
        if quiet:
            page.on("console", lambda message: messages.append(message.text))
        page.on("pageerror", lambda error: messages.append(str(error)))
        prepare(page)
        page.goto(f"{server}/investments/{investment}")
        return page

    yield open_it
    for context in contexts:
        context.close()
    assert messages == []


def tell(server: str, dana: Person, investment: UUID, status: str) -> float:
    """A webhook; the moment of its 204."""
    body = {"investment_id": dana.cashlink_id(investment), "status": status, "changed_at": now().isoformat()}
    headers = {"Authorization": f"Bearer {WEBHOOK_TOKEN}"}
    assert requests.post(f"{server}/webhooks/cashlink", json=body, headers=headers, timeout=10).status_code == 204
    return time.monotonic()


def test_a_webhook_changes_the_open_page(server: str, dana: Person, open_page: Open) -> None:
    investment = dana.invest("KYC_PENDING")
    page = open_page(investment)
    page.wait_for_selector(LIVE)
    page.focus(".nav a")
    page.evaluate("window.untouched = true; window.scrollTo(0, 150)")
    # How soon is a figure of `make bench`.
    tell(server, dana, investment, "REVIEW_PENDING")
    page.wait_for_selector('[data-status="REVIEW_PENDING"]', state="attached")
    assert page.title() == "In review: Wärmeanleihe Hollerbrück – Feldmark"
    said = "Your subscription is being reviewed. There is nothing for you to do at the moment."
    assert page.inner_text("#say") == said
    assert page.evaluate("window.untouched && scrollY === 150")
    assert page.evaluate("document.activeElement.matches('.nav a')")
    assert page.locator("[data-status]").count() == 1
    assert page.is_visible(LIVE)


def test_the_focus_goes_to_the_news_only_from_within_what_was_replaced(
    server: str, dana: Person, open_page: Open
) -> None:
    investment = dana.invest("KYC_PENDING")
    page = open_page(investment)
    page.wait_for_selector(LIVE)
    page.focus("#next-step")
    tell(server, dana, investment, "ACCEPTED")
    page.wait_for_selector('[data-status="ACCEPTED"]', state="attached")
    assert page.evaluate("document.activeElement.id") == "banner"


def test_where_nothing_new_is_to_be_said_the_focus_stays_on_the_button(
    server: str, dana: Person, open_page: Open
) -> None:
    investment = dana.invest("KYC_PENDING")
    page = open_page(investment)
    page.wait_for_selector(LIVE)
    page.focus("#next-step")
    with dana.app.app_context():
        db.session.execute(db.text("UPDATE investment SET units = 50"))
        db.session.commit()
    # The same status once more: only the amount is new on the page.
    tell(server, dana, investment, "KYC_PENDING")
    page.wait_for_selector("text=€5,000.00")
    assert page.evaluate("document.activeElement.id") == "next-step"
    assert page.inner_text("#say") == ""


def test_a_page_whose_stream_is_refused_asks_by_itself(server: str, dana: Person, open_page: Open) -> None:
    investment = dana.invest("KYC_PENDING")
    page = open_page(investment, lambda page: page.route("**/events", lambda route: route.fulfill(status=503)), False)
    page.wait_for_selector(LIVE)
    told = tell(server, dana, investment, "REVIEW_PENDING")
    page.wait_for_selector('[data-status="REVIEW_PENDING"]', state="attached")
    assert time.monotonic() - told < 5


def test_a_page_beyond_the_cap_asks_by_itself(app: Flask, server: str, dana: Person, open_page: Open) -> None:
    live.hub(app).cap = 0
    investment = dana.invest("KYC_PENDING")
    page = open_page(investment)
    page.wait_for_selector(LIVE)
    told = tell(server, dana, investment, "REVIEW_PENDING")
    page.wait_for_selector('[data-status="REVIEW_PENDING"]', state="attached")
    assert time.monotonic() - told < 5


def test_who_is_signed_out_elsewhere_is_led_to_the_sign_in_page(
    app: Flask, dana: Person, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "KEEP_ALIVE", 0.1)
    page = open_page(dana.invest("KYC_PENDING"), quiet=False)
    page.wait_for_selector(LIVE)
    with app.app_context():
        db.session.execute(delete(UserSession))
        db.session.commit()
    page.wait_for_url(re.compile(r"/login\?next=/investments/"))


def test_a_hidden_page_holds_no_stream_and_catches_up_when_it_is_seen_again(
    app: Flask, server: str, dana: Person, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "KEEP_ALIVE", 0.1)
    investment = dana.invest("KYC_PENDING")
    page = open_page(investment)
    page.wait_for_selector(LIVE)

    def hide(hidden: bool) -> None:
        page.evaluate(
            """hidden => { Object.defineProperty(document, "hidden", {get: () => hidden, configurable: true});
            document.dispatchEvent(new Event("visibilitychange")); }""",
            hidden,
        )

    hide(True)
    wait_until(lambda: len(live.hub(app)) == 0)
    tell(server, dana, investment, "REVIEW_PENDING")
    assert page.is_visible("#live-note:not([data-on]) >> text=As of")
    hide(False)
    page.wait_for_selector('[data-status="REVIEW_PENDING"]', state="attached")


def test_a_page_that_is_left_gives_its_stream_back(
    app: Flask, server: str, dana: Person, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "KEEP_ALIVE", 0.1)
    page = open_page(dana.invest("KYC_PENDING"))
    page.wait_for_selector(LIVE)
    page.goto(f"{server}/investments")
    wait_until(lambda: len(live.hub(app)) == 0)


def test_a_finished_investment_opens_no_stream(dana: Person, open_page: Open) -> None:
    asked: list[str] = []
    page = open_page(
        dana.invest("DELIVERED"), lambda page: page.on("request", lambda request: asked.append(request.url))
    )
    page.wait_for_load_state("networkidle")
    assert [url for url in asked if url.endswith(("/events", "/status"))] == []
    assert page.is_visible("#live-note >> text=As of")


def test_the_news_that_finishes_it_closes_the_stream(
    app: Flask, server: str, dana: Person, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "KEEP_ALIVE", 0.1)
    investment = dana.invest("PAID")
    page = open_page(investment)
    page.wait_for_selector(LIVE)
    tell(server, dana, investment, "DELIVERED")
    page.wait_for_selector('[data-status="DELIVERED"]', state="attached")
    wait_until(lambda: len(live.hub(app)) == 0)
    assert page.is_visible("#live-note >> text=As of")


def test_without_a_connection_the_page_says_how_old_it_is(dana: Person, open_page: Open) -> None:
    page = open_page(dana.invest("KYC_PENDING"), quiet=False)
    page.wait_for_selector(LIVE)
    assert page.is_hidden("#as-of")
    page.context.set_offline(True)
    page.wait_for_selector("#as-of", state="visible")
    page.context.set_offline(False)
    page.wait_for_selector(LIVE)


def test_a_change_of_language_in_another_tab_does_not_mix_languages(server: str, dana: Person, open_page: Open) -> None:
    investment = dana.invest("KYC_PENDING")
    page = open_page(investment)
    page.wait_for_selector(LIVE)
    page.context.add_cookies([{"name": "portal_language", "value": "de", "url": server}])
    tell(server, dana, investment, "REVIEW_PENDING")
    page.wait_for_selector("text=Ihre Zeichnung wird geprüft")
    assert page.get_attribute("html", "lang") == "de"


def test_the_script_is_small() -> None:
    assert (Path(portal.__file__).parents[1] / "static" / "live.js").stat().st_size <= 2500
