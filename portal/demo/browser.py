"""A person's browser at the portal, over HTTP, by what stands on the pages: it opens them and sends their forms."""

from __future__ import annotations

import re
from urllib.parse import urljoin, urlsplit

import requests

from .walk import PageForm, forms_of

TIMEOUT = (3.05, 15)


class Lost(Exception):
    """A page is not what it should be; the text tells which."""


class Browser:
    """Cookies of its own, and no JavaScript."""

    def __init__(self, home: str, language: str = "en") -> None:
        """`home`: the portal's address, without a path."""
        self.home = home
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers["Accept-Language"] = language

    def open(self, address: str) -> str:
        """The page at an address, or at a path of the portal.

        Raises:
            Lost: there is none.
        """
        answer = self._session.get(urljoin(self.home, address), timeout=TIMEOUT)
        if not answer.ok:
            raise Lost(f"{urlsplit(answer.url).path}: {answer.status_code}")
        return answer.text

    def find_link(self, page: str, pattern: str) -> str | None:
        """The first address on a page that matches."""
        return next((link for link in re.findall(r'href="([^"]+)"', page) if re.search(pattern, link)), None)

    def read_form(self, page: str, action: str) -> PageForm:
        """The form of a page that leads to this path.

        Raises:
            Lost: the page has none.
        """
        form = next((form for form in forms_of(page) if form.action == action), None)
        if form is None:
            raise Lost(f"no form leads to {action}")
        return form

    def send(self, path: str, action: str, values: dict[str, str] | None = None) -> str:
        """Open a page, fill in one of its forms and send it; returns where that leads.

        Raises:
            Lost: the form came back, or there is none.
        """
        form = self.read_form(self.open(path), action)
        return self.post(action, {**form.values, **(values or {})})

    def post(self, action: str, values: dict[str, str]) -> str:
        """Send a form that was read before; returns the address to which it leads."""
        answer = self._session.post(urljoin(self.home, action), data=values, timeout=TIMEOUT, allow_redirects=False)
        if answer.status_code != 303:
            raise Lost(f"{action}: {answer.status_code}")
        return answer.headers["Location"]

    def close(self) -> None:
        self._session.close()
