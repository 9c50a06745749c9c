"""A browser without JavaScript: it opens pages, fills in their forms and follows nothing by itself."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from bs4 import BeautifulSoup, Tag
from flask import Flask
from sqlalchemy import select
from urllib3.filepost import encode_multipart_formdata
from werkzeug.test import TestResponse

from portal.database import db
from portal.models import Mail

BASE = "http://localhost:8000"
LINK = re.compile(r"http://localhost:8000(/\S+)")


@dataclass
class Answer:
    """What came back, as a person reads it."""

    response: TestResponse

    @property
    def status(self) -> int:
        return self.response.status_code

    @property
    def location(self) -> str:
        return (self.response.location or "").removeprefix(BASE)

    @cached_property
    def soup(self) -> BeautifulSoup:
        return BeautifulSoup(self.response.text, "html.parser")

    @property
    def text(self) -> str:
        return words(self.soup.main or self.soup)

    @property
    def heading(self) -> str:
        (heading,) = self.soup.select("h1")
        return words(heading)

    @property
    def summary(self) -> list[str]:
        """The messages on top of the form."""
        return [words(item) for item in self.soup.select(".summary li")]

    def message(self, field: str) -> str:
        """The message beside a field; empty where there is none."""
        control = self.soup.select_one(f'[name="{field}"]')
        assert control is not None, field
        box = control.find_parent(class_="field")
        found = box.select_one(".message") if box else None
        return words(found).removeprefix("Error:").removeprefix("Fehler:").strip() if found else ""

    def typed(self, field: str) -> Any:
        """What the field holds."""
        controls = self.soup.select(f'[name="{field}"]')
        assert controls, field
        values = [value for value in map(_value, controls) if value is not None]
        return values[0] if values else None

    def form(self) -> Tag:
        form = self.soup.select_one("#main-form")
        assert form is not None
        return form


def words(element: Tag) -> str:
    return " ".join(element.get_text(" ").replace("\N{NO-BREAK SPACE}", " ").split())


def _value(control: Tag) -> str | None:
    """What a browser would send for this control."""
    if control.name == "select":
        chosen = control.select_one("option[selected]") or control.select_one("option")
        return str(chosen["value"]) if chosen else None
    kind = control.get("type")
    if kind == "file" or (kind in ("radio", "checkbox") and not control.has_attr("checked")):
        return None
    return str(control.get("value", ""))


class Visitor:
    """Somebody with a browser of their own."""

    def __init__(self, app: Flask, language: str = "en") -> None:
        self.app = app
        self.client = app.test_client()
        self.client.set_cookie("portal_language", language)

    def get(self, path: str) -> Answer:
        return Answer(self.client.get(path, base_url=BASE))

    def post(self, path: str, **fields: Any) -> Answer:
        """Send fields with this browser's CSRF token."""
        page = self.get("/login")
        # Who is signed in is led on.
        token = (page if page.status == 200 else self.get("/account")).soup.select_one("[name=csrf_token]")
        assert token is not None
        return Answer(self.client.post(path, base_url=BASE, data={"csrf_token": token["value"], **fields}))

    def submit(self, path: str, **fields: Any) -> Answer:
        """Open a page, fill in its form, and press the button. A field of None is not sent."""
        page = self.get(path)
        assert page.status == 200, page.status
        form = page.form()
        data: dict[str, Any] = {}
        for control in form.select("input[name], select[name]"):
            value = _value(control)
            if value is not None:
                data[str(control["name"])] = value
        data |= fields
        data = {name: value for name, value in data.items() if value is not None}
        body: Any = data
        content = "application/x-www-form-urlencoded"
        if form.get("enctype"):
            # Encoded here: the test client would leave temporary files open.
            body, content = encode_multipart_formdata(data)
        return Answer(self.client.post(str(form["action"]), base_url=BASE, data=body, content_type=content))

    def is_signed_in(self) -> bool:
        return self.get("/account").status == 200

    def sign_in(self, email: str, password: str, path: str = "/login") -> Answer:
        return self.submit(path, email=email, password=password)

    def register(self, email: str, password: str, path: str = "/register") -> Answer:
        return self.submit(path, email=email, password=password, terms="y")


def mails(app: Flask, recipient: str) -> list[Mail]:
    """The messages to an address, oldest first."""
    with app.app_context():
        return list(db.session.scalars(select(Mail).where(Mail.recipient == recipient).order_by(Mail.id)))


def link_in(mail: Mail) -> str:
    """The path of the first link of a message."""
    found = LINK.search(mail.body_text or "")
    assert found is not None
    return found.group(1)
