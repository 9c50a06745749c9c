"""Walks the simulator over HTTP as people do, by its pages alone: the subscription, and the issuer in the Studio."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin

import requests

TIMEOUT = (3.05, 15)


@dataclass
class PageForm:
    """A form as a browser would send it untouched, with all boxes ticked and the first button pressed."""

    action: str
    values: dict[str, str] = field(default_factory=dict)
    button: str | None = None
    # Where its buttons lead.
    actions: list[str] = field(default_factory=list)


class _Forms(HTMLParser):
    """Collects the POST forms of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[PageForm] = []
        self._open: PageForm | None = None
        self._select: str | None = None

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        attrs = {name: value or "" for name, value in attributes}
        if tag == "form" and attrs.get("method", "").lower() == "post":
            self._open = PageForm(attrs.get("action", ""))
            self.forms.append(self._open)
        if self._open is None:
            return
        name = attrs.get("name")
        if tag == "button":
            self._open.actions.append(attrs.get("formaction", self._open.action))
        if tag == "button" and self._open.button is None:
            self._open.button = name or ""
            if name:
                self._open.values[name] = attrs.get("value", "")
        elif tag == "input" and name:
            self._input(attrs, name)
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and ("selected" in attrs or self._select not in self._open.values):
            self._open.values[self._select] = attrs.get("value", "")

    def _input(self, attrs: dict[str, str], name: str) -> None:
        form, kind = self._open, attrs.get("type", "text")
        if form is None or kind in ("submit", "file"):
            return
        if kind == "radio" and "checked" not in attrs:
            return
        form.values[name] = attrs.get("value", "on" if kind == "checkbox" else "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None
        elif tag == "select":
            self._select = None


def forms_of(html: str) -> list[PageForm]:
    parser = _Forms()
    parser.feed(html)
    return parser.forms


def subscribe(start_url: str, **values: str) -> None:
    """Go through the hosted subscription on its default values, to its last page.

    Args:
        start_url: of the investment.
        values: what to enter instead of the defaults, by field name; a name that a page lacks is passed over. With
            `press="name"` the page that has a button of this name is sent with it, e.g. `press="later"`.

    Raises:
        RuntimeError: a page could not be passed.
    """
    with requests.Session() as browser:
        browser.trust_env = False
        page = browser.get(start_url, timeout=TIMEOUT)
        for _ in range(12):
            page.raise_for_status()
            forms = forms_of(page.text)
            if not forms:
                return
            form = forms[0]
            form.values |= {name: value for name, value in values.items() if name in form.values}
            page = browser.post(urljoin(page.url, form.action), data=form.values, timeout=TIMEOUT)
        raise RuntimeError("the hosted subscription does not end")


class Studio:
    """The issuer at work in the Studio."""

    def __init__(self, url: str) -> None:
        """`url`: the simulator's address, without a path."""
        self.url = url
        self._browser = requests.Session()
        self._browser.trust_env = False

    def act(self, investment_id: str, action: str) -> None:
        """Press a button of one investment: identify, insufficient, review, accept, reject, pay, deliver, cancel."""
        page = self._browser.get(f"{self.url}/studio/investments/{investment_id}", timeout=TIMEOUT)
        page.raise_for_status()
        path = f"/studio/investments/{investment_id}/{action}"
        form = next((form for form in forms_of(page.text) if path in form.actions), None)
        if form is None:
            raise RuntimeError(f"the Studio does not offer {action}")
        self._browser.post(self.url + path, data=form.values, timeout=TIMEOUT).raise_for_status()
