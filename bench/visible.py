"""From a webhook to the text that a person reads, in Chromium: the whole way, script and drawing included."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from tests.browser import chromium

from .figures import Effort, Row, milliseconds
from .pages import dana
from .servers import Portal
from .streams import cashlink_id_of, tell

if TYPE_CHECKING:
    from playwright.sync_api import Page

LONGEST = 1.0
# In turns, so that each is news.
SAID = {"REVIEW_PENDING": "Your subscription is being reviewed", "PAID": "Payment received"}


def measure(folder: Path, effort: Effort) -> Iterator[Row]:
    from playwright.sync_api import sync_playwright

    place = folder / "visible"
    place.mkdir()
    portal = Portal(place)
    cookie, investment = dana(portal)
    cashlink_id = cashlink_id_of(portal, investment)
    name, _, value = cookie.partition("=")
    with portal, sync_playwright() as playwright:
        path = chromium.find(playwright.chromium.executable_path)
        browser = playwright.chromium.launch(executable_path=path, args=chromium.ARGUMENTS)
        url = f"http://localhost:{portal.port}"
        context = browser.new_context(locale="en-GB")
        context.add_cookies([{"name": name, "value": value, "url": url}])
        page = context.new_page()
        page.goto(f"{url}/investments/{investment}")
        page.wait_for_selector("#live-note[data-on]")
        delays = [_delay(portal, page, cashlink_id, status) for _ in range(effort.pairs * 2) for status in SAID]
        browser.close()
    yield Row(
        "webhook to visible text in Chromium, median",
        f"{milliseconds(median(delays))}, slowest {milliseconds(max(delays))}",
        "–",
        f"{len(delays)} webhooks",
        "< 1 s each",
        max(delays) < LONGEST,
    )


def _delay(portal: Portal, page: Page, cashlink_id: str, status: str) -> float:
    begun = time.perf_counter()
    tell(portal.port, cashlink_id, status)
    page.wait_for_function("text => document.querySelector('#banner').innerText.includes(text)", arg=SAID[status])
    return time.perf_counter() - begun
