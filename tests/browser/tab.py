"""A tab of a browser, and what a person does in it. Notes all that must not happen on the way."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from playwright.sync_api import ConsoleMessage, Locator, Page, Request, Response, WebError, expect

from ..journey import PASSWORD, TYPED

# Tells of each violation by the console, which is watched.
TELL_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error("CSP", event.effectiveDirective, event.blockedURI));
"""


class Tab:
    """One tab.

    Attributes:
        trouble: console messages, errors of scripts, requests to other hosts, answers of 400 and more, in all tabs of
            this profile.
    """

    def __init__(self, page: Page, portal: str, simulator: str, first: Tab | None = None) -> None:
        self.page, self.portal, self.simulator = page, portal, simulator
        self.trouble: list[str] = first.trouble if first else []
        self.allowed: list[str] = first.allowed if first else []
        if first is None:
            self._watch()

    def _watch(self) -> None:
        context = self.page.context
        context.add_init_script(TELL_VIOLATIONS)
        context.on("console", self._note_console)
        context.on("weberror", lambda error: self._note_error(error))
        context.on("request", self._note_request)
        context.on("response", self._note_response)

    def _note_console(self, message: ConsoleMessage) -> None:
        self._note(f"console: {message.text}")

    def _note_error(self, error: WebError) -> None:
        self._note(f"script: {error.error}")

    def _note_request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        hosts = {urlsplit(self.portal).netloc, urlsplit(self.simulator).netloc}
        if parts.scheme != "data" and parts.netloc not in hosts:
            self._note(f"request: {request.url}")

    def _note_response(self, response: Response) -> None:
        if response.status >= 400:
            self._note(f"{response.status}: {response.request.method} {response.url}")

    def _note(self, line: str) -> None:
        if not any(re.search(pattern, line) for pattern in self.allowed):
            self.trouble.append(line)

    def another(self) -> Tab:
        """A second tab of the same profile."""
        return Tab(self.page.context.new_page(), self.portal, self.simulator, self)

    # Where the tab is.

    @property
    def path(self) -> str:
        return urlsplit(self.page.url).path

    @property
    def at_cashlink(self) -> bool:
        return self.page.url.startswith(f"{self.simulator}/subscribe/")

    @property
    def form(self) -> Locator:
        """The first POST form of the page itself."""
        return self.page.locator('main form[method="post"]').first

    def status(self) -> str:
        return self.page.locator("[data-status]").get_attribute("data-status") or ""

    # What the person does.

    def go(self, place: str) -> Tab:
        self.page.goto(place if "://" in place else self.portal + place)
        return self

    def press(self, control: Locator) -> Tab:
        """Press a button or follow a link that leads to another page."""
        with self.page.expect_navigation():
            control.click()
        return self

    def send(self, typed: Mapping[str, str] | None = None) -> Tab:
        """Fill in the first form, tick its boxes, press its first button."""
        # Chromium draws a tab in the back once a second, and a click waits for the drawing.
        self.page.bring_to_front()
        for name, text in (typed or {}).items():
            self.fill(name, text)
        for box in self.form.locator("input[type=checkbox]").all():
            box.check()
        return self.press(self.form.locator("button").first)

    def fill(self, name: str, text: str) -> None:
        control = self.form.locator(f'[name="{name}"]').first
        if control.evaluate("element => element.tagName") == "SELECT":
            control.select_option(text)
        elif control.get_attribute("type") == "radio":
            self.form.locator(f'[name="{name}"][value="{text}"]').check()
        else:
            control.fill(text)

    # The stations of the journey.

    def register(self, email: str) -> Tab:
        """Make an account, open the mail in the mailbox, confirm the address."""
        self.go("/register").send({"email": email, "password": PASSWORD})
        expect(self.page.locator("main")).to_contain_text(email)
        mail = self.go("/mailbox").page.locator("article", has_text=email)
        self.press(mail.locator('a[href*="/confirm-email/"]').first)
        return self.send({"password": PASSWORD})

    def enter_data(self, *, by_samples: bool) -> Tab:
        """The investor data, step by step, typed or by the presenter's button; the check page; the consent."""
        for step, typed in TYPED.items():
            assert self.path == f"/investor/{step}"
            if by_samples:
                self.press(self.form.locator("button[name=sample]"))
                self.press(self.form.locator("button").first)
            else:
                # The box of the tax step is not for everybody.
                for name, text in typed.items():
                    self.fill(name, text)
                self.press(self.form.locator("button").first)
        assert self.path == "/investor/check"
        return self.send()

    def invest(self, campaign: str) -> Tab:
        """From the list over the campaign's page to Cashlink."""
        self.go("/").press(self.page.locator(f'main a[href="/campaigns/{campaign}"]').first)
        self.press(self.page.locator("form[data-invest] button"))
        assert self.at_cashlink, self.page.url
        return self

    def open_progress(self) -> Tab:
        """The progress page of the newest investment."""
        return self.go("/investments").press(self.page.locator('main table a[href^="/investments/"]').first)

    def sign(self) -> Tab:
        """The hosted pages up to the signature, and the identification after it not yet."""
        while not self.path.endswith(("/identification", "/status")):
            self.send()
            assert self.at_cashlink, self.page.url
        return self

    def act(self, action: str) -> Tab:
        """A button of the Studio, at the newest investment that offers it."""
        self.page.bring_to_front()
        button = f'button[formaction^="/studio/investments/"][formaction$="/{action}"]'
        self.go(f"{self.simulator}/studio/")
        return self.press(self.page.locator(button).first)
