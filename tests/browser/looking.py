"""Opens a state in a view and tells all that is wrong with the page: in one visit, so that it is cheap."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Literal
from urllib.parse import urlsplit

from justhtml import JustHTML
from playwright.sync_api import Browser, ConsoleMessage, Request, Response

from ..places import Places
from ..states import WIDTHS, State, View
from . import axe, words
from .tab import TELL_VIOLATIONS

# Where styles and scripts lie that are loaded in the demo only; the budgets hold without them.
OF_THE_DEMO = "/static/demo/"
PORTAL = {"bytes": 90_000, "requests": 8, "script": 3_000, "style": 8 * 1024}
SIMULATOR = {**PORTAL, "bytes": 20_000}
WATCH_SHIFTS = """
window.shifts = [];
new PerformanceObserver((list) => window.shifts.push(...list.getEntries().filter((entry) => !entry.hadRecentInput)
  .map((entry) => `${entry.value.toFixed(5)} ${entry.sources.map(({node}) => node?.className || node?.nodeName)}`)))
  .observe({type: "layout-shift", buffered: true});
"""
OVERFLOW = """() => {
  const root = document.documentElement;
  const clipped = [root, document.body].some((e) => ["hidden", "clip"].includes(getComputedStyle(e).overflowX));
  return clipped ? 9999 : root.scrollWidth - root.clientWidth;
}"""
# A window of 1280 by 1024 at 200 and at 400 per cent, and a projector's.
ZOOMED = ((640, 512), (320, 256), (1024, 576), (1920, 1080))
# Success criterion 1.4.12 of WCAG. A sheet of the document's own, which the pages' policy does not concern.
SPACE_OUT = """() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync("*{line-height:1.5!important;letter-spacing:.12em!important;word-spacing:.16em!important}"
    + "p{margin-block-end:2em!important}");
  document.adoptedStyleSheets = [sheet];
}"""
SETTLE = """() => document.getAnimations().forEach((animation) => {
  try { animation.finish(); } catch { animation.cancel(); }
})"""
# Backgrounds are gone in forced colours: what can be pressed is then known by its border or its underline.
WITHOUT_EDGE = """() => [...document.querySelectorAll("button, a.btn, a.b, input, select, textarea")]
  .filter((element) => element.checkVisibility() && element.offsetWidth > 1)
  .filter(({type}) => !["checkbox", "radio"].includes(type))
  .filter((element) => {
    const {borderTopStyle, borderBottomStyle, textDecorationLine} = getComputedStyle(element);
    return [borderTopStyle, borderBottomStyle].every((style) => style === "none") && textDecorationLine === "none";
  }).map((element) => element.outerHTML.slice(0, 90))"""
MOVES = "() => document.getAnimations().some(({playState}) => playState === 'running')"
READ = """(demo) => {
  const root = document.documentElement;
  const loaded = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
    .filter(({name}) => !name.includes(demo) && !name.includes("/backstage/live") && !name.startsWith("data:"));
  // What Chromium has kept in memory counts as well; 300 bytes are the headers.
  const sum = (entries) => [...new Map(entries.map((entry) => [entry.name, entry.encodedBodySize + 300])).values()]
    .reduce((all, size) => all + size, 0);
  const texts = [], walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  const untranslated = "code, pre, samp, script, style, [translate=no]";
  // A long list is the one of the countries: Heard Island, the Isle of Man.
  const own = (element) => element.closest("[lang]") === root && !element.closest(untranslated)
    && !(element.closest("select")?.length > 100);
  while (walker.nextNode()) {
    const {parentElement, textContent} = walker.currentNode;
    if (parentElement && textContent.trim() && own(parentElement)) texts.push(textContent);
  }
  for (const name of ["aria-label", "alt", "title", "placeholder"])
    for (const element of document.querySelectorAll(`[${name}]`))
      if (own(element)) texts.push(element.getAttribute(name));
  texts.push(document.querySelector("meta[name=description]")?.content ?? "");
  return {
    lang: root.lang,
    shifts: window.shifts ?? [],
    text: texts.join(" \\n "),
    weight: {
      bytes: sum(loaded),
      requests: new Set(loaded.filter(({initiatorType}) => initiatorType !== "fetch").map(({name}) => name)).size,
      script: sum(loaded.filter(({initiatorType}) => initiatorType === "script")),
      style: sum(loaded.filter(({name}) => name.includes(".css"))),
    },
  };
}"""


class Looker:
    """One tab that is led from state to state.

    Args:
        options: of the browser's profile.
    """

    def __init__(self, browser: Browser, places: Places, **options: Any) -> None:
        self.places = places
        self.context = browser.new_context(**options)
        self.context.set_default_timeout(10_000)
        self.context.add_init_script(TELL_VIOLATIONS + WATCH_SHIFTS)
        self.page = self.context.new_page()
        # Each page as for a first visit: cached fonts would hide a shift, and weigh nothing.
        network = self.context.new_cdp_session(self.page)
        network.send("Network.enable")
        network.send("Network.setCacheDisabled", {"cacheDisabled": True})
        self._hosts = {urlsplit(url).netloc for url in places.url.values()}
        self._noted: list[str] = []
        self.context.on("console", self._note_console)
        self.context.on("weberror", lambda error: self._noted.append(f"script: {error.error}"))
        self.context.on("request", self._note_request)

    def close(self) -> None:
        self.context.close()

    def _note_console(self, message: ConsoleMessage) -> None:
        self._noted.append(f"console: {message.text}")

    def _note_request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("data", "blob", "about") and parts.netloc not in self._hosts:
            self._noted.append(f"request to another host: {request.url}")

    def look(self, state: State, views: Sequence[View], *, extremes: bool = False) -> list[str]:
        """Open a state and judge the page: once for what stays, and in each view for what one sees.

        Args:
            views: all in one language.
            extremes: also zoomed in, with wide letters, in forced colours.
        """
        answer = self.open(state, views[0])
        trouble = [f"answered {answer.status}"] if answer.status != state.status else []
        trouble += self._judge_page(state, views[0].language, answer.text())
        for view in views:
            self._show(view)
            trouble += [f"{view}: {line}" for line in axe.violations(self.page)]
        for width in WIDTHS:
            trouble += self._judge_width(width, 800)
        if extremes:
            trouble += self._judge_extremes()
        return trouble

    def open(self, state: State, view: View, until: Literal["commit", "load"] = "load") -> Response:
        """Go there in this view; returns the answer that the page came with.

        Args:
            until: what to wait for, the beginning of the page or its end.
        """
        # The page before gives its stream back first, and its last words are not ours.
        self.page.goto("about:blank")
        self._noted.clear()
        self._show(view)
        self._sign_in(state, view.language)
        self.context.unroute_all()
        if not state.streams:
            self.context.route("**/events", lambda route: route.fulfill(status=503))
        answer = self.page.goto(self.places.address(state), wait_until=until)
        if state.typed is not None:
            answer = self._send(state)
        assert answer is not None
        return answer

    def _show(self, view: View) -> None:
        self.page.set_viewport_size({"width": view.width, "height": 800})
        self.page.emulate_media(color_scheme=view.scheme)  # type: ignore[arg-type]
        # Colours that are on their way to others would be judged.
        self.page.evaluate(SETTLE)

    def _sign_in(self, state: State, language: str) -> None:
        self.context.clear_cookies()
        cookies = {"portal_language": language, "simulator_language": language, **self.places.cookies(state)}
        url = self.places.url[state.place]
        self.context.add_cookies([{"name": name, "value": value, "url": url} for name, value in cookies.items()])

    def _send(self, state: State) -> Response:
        page = self.page
        form = page.locator(state.form).first
        for name, text in (state.typed or {}).items():
            control = form.locator(f'[name="{name}"]').first
            if control.get_attribute("type") == "radio":
                form.locator(f'[name="{name}"][value="{text}"]').check()
            else:
                control.fill(text)
        if state.sent_to:
            form.evaluate("(form, action) => { form.action = action; }", state.sent_to)
        # The server says what is wrong, whatever the browser would.
        form.evaluate("(form) => { form.noValidate = true; }")
        if state.forgotten:
            self.context.clear_cookies(name="portal_session")
        with page.expect_navigation() as navigation:
            form.locator("button").first.click()
        return navigation.value

    def _judge_page(self, state: State, language: str, html: str) -> list[str]:
        seen = self.page.evaluate(READ, OF_THE_DEMO)
        # Three decimals are what is counted in the end: a font that comes late moves less.
        shifted = sum(float(shift.partition(" ")[0]) for shift in seen["shifts"])
        trouble = [f"shifted: {seen['shifts']}"] if round(shifted, 3) else []
        trouble += [f"speaks {seen['lang']}"] if seen["lang"] != language else []
        trouble += [f"a word of the other language: {word}" for word in words.foreign(seen["text"], language)]
        trouble += parse_errors(html)
        trouble += over_budget(state, seen["weight"])
        # Chromium reports an answer that is an error, which is meant here.
        expected = re.compile(r"Failed to load resource.*status of (4|5)\d\d") if self._may_fail(state) else None
        return trouble + [line for line in self._noted if not (expected and expected.search(line))]

    def _judge_width(self, width: int, height: int, how: str = "") -> list[str]:
        """Whether the page is wider than a window of this size; hiding what sticks out would not help."""
        self.page.set_viewport_size({"width": width, "height": height})
        wider = self.page.evaluate(OVERFLOW)
        return [f"{wider} px wider than {width} px{how}"] if wider > 0 else []

    def _judge_extremes(self) -> list[str]:
        trouble = [line for width, height in ZOOMED for line in self._judge_width(width, height, " (zoomed)")]
        self.page.evaluate(SPACE_OUT)
        trouble += [line for width in WIDTHS for line in self._judge_width(width, 800, " (with wide letters)")]
        self.page.emulate_media(forced_colors="active", contrast="more", reduced_motion="reduce")
        trouble += [f"no edge in forced colours: {element}" for element in self.page.evaluate(WITHOUT_EDGE)]
        trouble += ["moves, although less motion is asked for"] if self.page.evaluate(MOVES) else []
        self.page.emulate_media(forced_colors="none", contrast="no-preference", reduced_motion="no-preference")
        return trouble

    @staticmethod
    def _may_fail(state: State) -> bool:
        return state.status >= 400 or not state.streams or "invented" in state.path


def parse_errors(html: str) -> list[str]:
    """What a browser has to mend when it reads the page."""
    lines = html.splitlines()
    return [
        f"HTML: {error.code} in line {error.line}: {lines[error.line - 1].strip()[:120] if error.line else ''}"
        for error in JustHTML(html, collect_errors=True, sanitize=False).errors
    ]


def over_budget(state: State, weight: dict[str, int]) -> list[str]:
    """The demo's own pages have no budget: nobody ships them."""
    if state.id in ("backstage", "stage", "stage-script", "mailbox"):
        return []
    budget = PORTAL if state.place in ("demo", "bare", "closed") else SIMULATOR
    return [f"{name}: {weight[name]} instead of {most}" for name, most in budget.items() if weight[name] > most]
