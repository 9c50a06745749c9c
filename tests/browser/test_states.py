"""Every state of every page: accessible, as narrow as the window, quiet, light, valid, in one language."""

from __future__ import annotations

import re
import subprocess
import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from flask import Flask, Response
from werkzeug.exceptions import HTTPException

pytest.importorskip("portal.simulator", reason="the simulator has been deleted")
pytest.importorskip("portal.demo", reason="the demo has been deleted")

from ..places import Places, running_places
from ..states import BY_ID, KEY, LANGUAGES, STATES, WIDTHS, State, View, looks
from . import words
from .looking import Looker

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment
    from playwright.sync_api import Browser

pytestmark = pytest.mark.slow

CHECKER = Path(__file__).parent / "npm" / "node_modules" / "vnu-jar" / "build" / "dist" / "vnu.jar"
# The phone's cards are rows of a table that is not drawn as one. Some browsers then forget that it is a table, hence
# the roles; the checker calls them superfluous, not knowing the stylesheet.
ROLES_OF_TABLES = "“role” attribute must not be used on a “t[dhr]” element"
# HTML allows it for rel=expect, too, which the checker does not know yet.
BLOCKING = "“link” element with a “blocking” attribute must have a “rel” attribute whose value is “stylesheet”"
# What answers a GET and is no page of its own: files, fragments, streams, what only leads on, or serves machines.
NO_PAGES = {
    *(
        "static",
        "demo.static",
        "pages.favicon",
        "health.healthz",
        "health.readyz",
        "health.show_metrics",
        "campaigns.document",
        "accounts.export",
    ),
    *("accounts.session_state", "pages.brand_file"),
    *("investments.events", "investments.status"),
    *("demo.backstage_entry", "demo.backstage_live", "demo.stage_view", "demo.take_home"),
}
NO_PAGES_OF_THE_SIMULATOR = {
    *("static", "start_page", "healthz", "elsewhere.elsewhere", "info.funding_information"),
    "reference.description",
    *("investments.list_investments", "investments.read_investment", "investors.read_investor"),
    *("control.state", "control.show_modes", "control.show_clock", "control.list_faults"),
    *("control.deliveries_log", "control.requests_log"),
}


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
    """A test for each state and language that is due."""
    if "views" in metafunc.fixturenames:
        thorough = metafunc.config.getoption("--long")
        due = [(state, views) for state in STATES for views in looks(state, thorough=thorough)]
        names = [f"{state}-{views[0] if len(views) == 1 else views[0].language}" for state, views in due]
        metafunc.parametrize(("state", "views"), due, ids=names)


def test_state(looker: Looker, state: State, views: tuple[View, ...], pytestconfig: pytest.Config) -> None:
    extremes = state.id in KEY or bool(pytestconfig.getoption("--long"))
    trouble = looker.look(state, views, extremes=extremes)
    assert not trouble, "\n".join(trouble)


def test_a_word_of_the_other_language_is_found_and_a_part_of_an_identifier_is_not() -> None:
    assert words.foreign("Der Strom ist Fed.", "de") == ["fed"]
    assert words.foreign("Referenz: 4FED09A1-63FE", "de") == []


def test_each_page_has_a_state(places: Places) -> None:
    """Whatever answers a GET with a page stands in the list; a new page needs its row there."""
    for app, others, names in (
        (places.demo.portal, NO_PAGES, ("demo", "bare", "closed")),
        (places.demo.simulator, NO_PAGES_OF_THE_SIMULATOR, ("simulator", "empty", "disturbed")),
    ):
        routes, seen = app.url_map.bind("localhost"), set()
        for state in STATES:
            if state.place in names:
                path = places.address(state).removeprefix(places.url[state.place])
                with suppress(HTTPException):
                    seen.add(routes.match(path, "GET")[0])
        there = {rule.endpoint for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())}
        assert there - seen == others, "a page without a state in tests/states.py, or no page that has one"


# Where a page is cut in halves: what is there would move once the rest comes.
HALVES = {"list": b"</button></form>", "studio": b"</thead>", "stage": b"</li>"}

# That nothing is drawn is known after a while only.
DRAWN_OR_NOT = """() => new Promise((done) => {
  const drawn = () => performance.getEntriesByType("paint").length > 0;
  const ask = () => drawn() || performance.now() > 500 ? done() : setTimeout(ask, 20);
  ask();
})"""
SHIFTS_AFTER_A_FRAME = """() => new Promise((done) =>
  requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => done(window.shifts)))))"""


def in_halves(app: Flask, end: bytes, rest: threading.Event) -> WSGIApplication:
    """The same application, whose pages stop behind `end` until the rest is called for."""
    whole = app.wsgi_app

    def serve(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        answer = Response.from_app(whole, {**environ, "HTTP_ACCEPT_ENCODING": "identity"}, buffered=True)

        def halves(html: bytes) -> Iterator[bytes]:
            first, cut, second = html.partition(end)
            yield first + cut
            rest.wait(10)
            yield second

        if answer.mimetype == "text/html":
            answer.response = halves(answer.get_data())
        return answer(environ, start_response)

    return serve


@pytest.mark.parametrize("state", [BY_ID[name] for name in HALVES], ids=str)
def test_a_page_that_comes_in_halves_does_not_move(
    looker: Looker, places: Places, state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A browser that is busy or waits for the network draws what it has read so far, unless it is asked not to."""
    app, rest = places.demo.simulator if state.place == "simulator" else places.demo.portal, threading.Event()
    monkeypatch.setattr(app, "wsgi_app", in_halves(app, HALVES[state.id], rest))
    page = looker.page
    for width in WIDTHS:
        rest.clear()
        looker.open(state, View("en", "light", width), until="commit")
        page.evaluate(DRAWN_OR_NOT)
        rest.set()
        page.wait_for_load_state("load")
        assert page.evaluate(SHIFTS_AFTER_A_FRAME) == [], f"at {width} px"


PRINTED = (
    *("progress-DELIVERED", "progress-ACCEPTED", "progress-KYC_INSUFFICIENT"),
    *("portfolio", "portfolio-with-tasks", "withdraw-receipt", "account-receipt"),
)
# Contrast of each text that is printed, without any background, against the paper.
TOO_PALE = """() => {
  const light = (value) => { const c = value / 255; return c <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4; };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), pale = [];
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || !element.checkVisibility() || element.closest("svg, .vh")) continue;
    const [r, g, b] = getComputedStyle(element).color.match(/[\\d.]+/g).map(Number);
    const contrast = 1.05 / (.2126 * light(r) + .7152 * light(g) + .0722 * light(b) + .05);
    if (contrast < 4.5) pale.push(`${contrast.toFixed(1)}: ${walker.currentNode.textContent.trim()}`);
  }
  return pale;
}"""


@pytest.mark.parametrize("state", [BY_ID[name] for name in PRINTED], ids=str)
def test_print_takes_two_pages_and_is_dark_on_white(looker: Looker, state: State, pytestconfig: pytest.Config) -> None:
    """On A4, without backgrounds, by somebody whose screen is dark."""
    for language in LANGUAGES if pytestconfig.getoption("--long") else LANGUAGES[:1]:
        looker.open(state, View(language, "dark", 1280))
        page = looker.page
        page.emulate_media(media="print", color_scheme="dark")
        try:
            assert page.evaluate(TOO_PALE) == []
            paper = page.pdf(format="A4", print_background=False)
            assert 1 <= len(re.findall(rb"/Type\s*/Page\b", paper)) <= 2
        finally:
            page.emulate_media(media="screen")


@pytest.mark.long
@pytest.mark.timeout(600)
def test_html_is_valid(looker: Looker, tmp_path: Path) -> None:
    """The Nu HTML checker knows elements, attributes and values; parse errors are found in each look."""
    assert CHECKER.is_file(), "The Nu HTML checker is not there. Fetch it with: make test-pages"
    for state in STATES:
        for language in LANGUAGES:
            answer = looker.open(state, View(language, "light", 1280))
            (tmp_path / f"{state.id}-{language}.html").write_text(answer.text(), encoding="utf-8")
    command = ["java", "-jar", str(CHECKER), "--errors-only", "--format", "gnu", "--skip-non-html", str(tmp_path)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert [line for line in run.stderr.splitlines() if not re.search(f"{ROLES_OF_TABLES}|{BLOCKING}", line)] == []
