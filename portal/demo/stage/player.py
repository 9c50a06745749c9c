"""Somebody on stage, at work in a browser of their own: at the portal, and on the pages behind `start_url`."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from urllib.parse import urlsplit

from ...investors import steps
from ...language import language
from .. import cast, samples
from ..browser import Browser, Lost
from ..walk import subscribe

CAMPAIGN = "waermeanleihe-hollerbrueck"
PAGE = f"/campaigns/{CAMPAIGN}"
INVEST = f"{PAGE}/invest"
# How long the way to Cashlink may take to appear on the progress page.
LONGEST_WAIT = 20.0
LOOK_AGAIN = 0.1


class Player:
    """One person. All that it does goes over HTTP, as it would from any browser."""

    def __init__(self, home: str, email: str, name: str) -> None:
        """`home`: the portal's address, without a path."""
        self.email, self.name = email, name
        # In the presenter's language, who may go on by hand as this person.
        self._browser = Browser(home, language())

    def sign_in(self) -> None:
        self._browser.send("/login", "/login", {"email": self.email, "password": cast.PASSWORD})

    def register(self) -> None:
        """Make an account, and open the link in the mailbox."""
        self._browser.send("/register", "/register", {"email": self.email, "password": cast.PASSWORD})
        mail = next(part for part in self._browser.open("/mailbox").split("<article")[1:] if self.email in part)
        link = self._browser.find_link(mail, "/confirm-email/")
        if link is None:
            raise Lost("no link in the mailbox")
        place = urlsplit(unescape(link)).path
        self._browser.send(place, place, {"password": cast.PASSWORD})

    def enter_data(self) -> None:
        """All steps with sample data; not identified before, so that the audience sees it happen."""
        for step in steps.NAMES:
            self._browser.send(f"/investor/{step}", f"/investor/{step}", samples.fields(step))

    def consent(self) -> None:
        """Step 1 of the guide: the portal passes the data on."""
        self._browser.send("/investor/check", "/investor/check")

    def invest(self) -> float:
        """Press "Invest now" and go on to Cashlink; returns the seconds until its first page was there."""
        began = time.monotonic()
        self._arrive(self._browser.send(PAGE, INVEST))
        return time.monotonic() - began

    def double_click(self) -> list[str]:
        """Press "Invest now" twice at the same moment; returns where each click led."""
        form = self._browser.read_form(self._browser.open(PAGE), INVEST)
        with ThreadPoolExecutor(2) as clicks:
            answers = [clicks.submit(self._browser.post, INVEST, form.values) for _ in range(2)]
            return [answer.result() for answer in answers]

    def sign(self, start_url: str) -> None:
        """Go through the pages at Cashlink, sign, and leave the identification for later."""
        subscribe(start_url, outcome="later")

    def show_identity(self, start_url: str) -> None:
        subscribe(start_url, outcome="passes")

    def _arrive(self, address: str) -> None:
        """Follow the answer to "Invest now"; on the progress page wait for the way to Cashlink."""
        ends = time.monotonic() + LONGEST_WAIT
        while urlsplit(address).path.startswith("/investments/"):
            link = self._browser.find_link(self._browser.open(address), r"^http[^\"]*/subscribe/")
            if link:
                address = unescape(link)
            elif time.monotonic() > ends:
                raise Lost("the way to Cashlink does not appear")
            else:
                time.sleep(LOOK_AGAIN)
        self._browser.open(address)
