"""How a visitor walks the portal and the hosted pages: by what stands on the pages, over real HTTP.

Knows neither the portal's code nor the simulator's: addresses, names of fields and `data-status` are all that it uses.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

import requests
from bs4 import BeautifulSoup, Tag

# Steps of the investor data, in their order, with what the visitors of the tests type. All of it is invented: no bank
# has this code, and the phone number is one of those kept free for films.
TYPED: dict[str, dict[str, str]] = {
    "person": {"salutation": "", "forename": "Toni Robin", "surname": "Beispiel-Größe"},
    "birth": {
        "birth_day": "31",
        "birth_month": "8",
        "birth_year": "1985",
        "birth_place": "Köln",
        "citizenship": "DEU",
    },
    "address": {
        "street": "Probestraße 9",
        "zip": "50667",
        "city": "Köln",
        "country": "DEU",
        "phone": "030 23125 110",
    },
    "tax": {"tax_identification_number": "21 345 678 998"},
    "bank": {"account_holder": "Toni Robin Beispiel-Größe", "iban": "DE53 9000 0000 7070 7070 70", "bic": ""},
    "statements": {"is_beneficiary": "true", "pep_status": "false", "is_subject_to_us_tax": "false"},
    "identification": {"identified": "false"},
}
IBAN = "DE53900000007070707070"
TAX_NUMBER = "21345678998"
PASSWORD = "meadow copper violin 7"
# After the signature: what the investor or the Studio does, and the status to which it leads.
PATH = (
    ("identify", "REVIEW_PENDING"),
    ("review", "WAITING_FOR_ACCEPTANCE"),
    ("accept", "ACCEPTED"),
    ("pay", "PAID"),
    ("deliver", "DELIVERED"),
)


@dataclass
class Form:
    """A POST form as a browser would send it untouched, with one of its buttons.

    Attributes:
        boxes: the tick boxes with the value that each sends when it is ticked.
    """

    action: str
    values: dict[str, str] = field(default_factory=dict)
    boxes: dict[str, str] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)

    @classmethod
    def read(cls, form: Tag, button: str) -> Form:
        read = cls(str(form.get("action", "")))
        for control in form.select("input[name], select[name], textarea[name]"):
            read._take(control, str(control["name"]))
        pressed = form.select_one(button)
        if pressed is not None:
            read.action = str(pressed.get("formaction", read.action))
            if pressed.get("name"):
                read.values[str(pressed["name"])] = str(pressed.get("value", ""))
        return read

    def _take(self, control: Tag, name: str) -> None:
        self.names.add(name)
        kind = control.get("type", "text")
        if control.name == "select":
            chosen = control.select_one("option[selected]") or control.select_one("option")
            self.values[name] = str(chosen["value"]) if chosen else ""
        elif control.name == "textarea":
            self.values[name] = control.get_text()
        elif kind in ("checkbox", "radio"):
            if kind == "checkbox":
                self.boxes[name] = str(control.get("value", "on"))
            if control.has_attr("checked"):
                self.values[name] = str(control.get("value", "on"))
        elif kind not in ("submit", "file", "button"):
            self.values[name] = str(control.get("value", ""))


class Visitor:
    """A browser without JavaScript: cookies of its own, one page at a time.

    Attributes:
        visited: all addresses that were asked for, redirects included.
        browser: its cookies and connections, for what no page offers.
    """

    def __init__(self, home: str, language: str = "en") -> None:
        self.home = home
        self.visited: list[str] = []
        self.browser = requests.Session()
        self.browser.trust_env = False
        self.browser.headers["Accept-Language"] = language
        self.browser.headers["Accept"] = "text/html"

    def __enter__(self) -> Visitor:
        return self

    def __exit__(self, *_: object) -> None:
        self.browser.close()

    # What the page says.

    @property
    def url(self) -> str:
        return self.answer.url

    @property
    def path(self) -> str:
        return urlsplit(self.url).path

    @property
    def heading(self) -> str:
        return words(self.page.h1) if self.page.h1 else ""

    @property
    def text(self) -> str:
        return words(self.page.main or self.page)

    @property
    def status(self) -> str:
        """The one data-status of a progress page."""
        (element,) = self.page.select("[data-status]")
        return str(element["data-status"])

    @property
    def cookies(self) -> dict[str, str]:
        return {cookie.name: cookie.value or "" for cookie in self.browser.cookies}

    # What the visitor does.

    def open(self, place: str) -> Visitor:
        """Go to an address, or to a path of the present site."""
        address = urljoin(self.url if hasattr(self, "answer") else self.home, place)
        return self._arrive(self.browser.get(address, timeout=20))

    def follow(self, selector: str) -> Visitor:
        """Follow the first link that the selector finds."""
        link = self.page.select_one(selector)
        assert link is not None, f"no {selector} on {self.url}: {self.text[:400]}"
        return self.open(str(link["href"]))

    def send(
        self,
        typed: Mapping[str, str] | None = None,
        *,
        form: str = "main form",
        button: str = "button",
        tick: bool = False,
    ) -> Visitor:
        """Type into a form and send it.

        Args:
            typed: text by field name; a name that the form lacks is a mistake of the test.
            form: the first POST form that this selector finds.
            button: the first button in it that this selector finds.
            tick: tick all boxes.
        """
        found = self.form(form, button)
        unknown = set(typed or ()) - found.names
        assert not unknown, f"the form on {self.url} has no {sorted(unknown)}"
        values = {**found.values, **(found.boxes if tick else {}), **(typed or {})}
        return self._arrive(self.browser.post(urljoin(self.url, found.action), data=values, timeout=20))

    def form(self, form: str = "main form", button: str = "button") -> Form:
        found = [tag for tag in self.page.select(form) if str(tag.get("method", "")).lower() == "post"]
        assert found, f"no {form} on {self.url}: {self.text[:400]}"
        return Form.read(found[0], button)

    def has_form(self) -> bool:
        return self.page.select_one('main form[method="post"]') is not None

    def _arrive(self, answer: requests.Response) -> Visitor:
        self.visited += [step.url for step in (*answer.history, answer)]
        self.answer = answer
        self.page = BeautifulSoup(answer.text, "html.parser")
        return self


def words(element: Tag) -> str:
    """The text as a person reads it."""
    return " ".join(element.get_text(" ").replace("\N{NO-BREAK SPACE}", " ").split())


def press_in_studio(studio: Visitor, action: str) -> None:
    """Press a button on the Studio's list, at the newest investment that offers it."""
    button = f'button[formaction^="/studio/investments/"][formaction$="/{action}"]'
    studio.open("/studio/").send(form=f"main form:has({button})", button=button)
