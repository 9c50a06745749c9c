"""Somebody signed in, the rows behind their pages, and what the pages say."""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from bs4 import BeautifulSoup, Tag
from flask import Flask
from flask.testing import FlaskClient

from portal.accounts.sessions import hash_token
from portal.database import db, now
from portal.models import Intent, Investment, Investor, StatusChange, User, UserSession

from ..settings import BOND

START = datetime(2026, 11, 16, 9, 42, tzinfo=UTC)
PATH = ("KYC_PENDING", "REVIEW_PENDING", "WAITING_FOR_ACCEPTANCE", "ACCEPTED", "PAID", "DELIVERED")
START_URL = "http://localhost:9/subscribe/abc"


@dataclass
class Page:
    """A page as a person reads it."""

    soup: BeautifulSoup

    @property
    def text(self) -> str:
        return words(self.soup.main or self.soup)

    @property
    def status(self) -> str:
        (element,) = self.soup.select("[data-status]")
        return str(element["data-status"])

    def words(self, selector: str) -> str:
        (element,) = self.soup.select(selector)
        return words(element)

    @property
    def steps(self) -> list[tuple[str, str]]:
        """State and text of each step; hidden words count, the number does not."""
        return [(item["class"][0], words(item.div)) for item in self.soup.select(".tl > li")]  # type: ignore[arg-type]

    @property
    def current_step(self) -> int | None:
        """The number of the step marked as current."""
        marked = [number for number, item in enumerate(self.soup.select(".tl > li"), 1) if item.get("aria-current")]
        return marked[0] if marked else None

    @property
    def history(self) -> list[str]:
        return [words(item) for item in self.soup.select(".past > li")]

    @property
    def button(self) -> Tag | None:
        return self.soup.select_one(".banner a.btn")


def words(element: Tag) -> str:
    return " ".join(element.get_text(" ").replace("\N{NO-BREAK SPACE}", " ").split())


@dataclass
class Person:
    app: Flask
    user_id: int
    token: str

    @classmethod
    def create(cls, app: Flask, email: str, forename: str, surname: str) -> Person:
        token = secrets.token_urlsafe(32)
        with app.app_context():
            user = User(email=email, password_hash="-", email_confirmed_at=now())
            db.session.add(user)
            db.session.flush()
            db.session.add(UserSession(token_hash=hash_token(token), user_id=user.id))
            db.session.add(
                Investor(
                    user_id=user.id,
                    cashlink_id=str(uuid.uuid4()),
                    forename=forename,
                    surname=surname,
                    consented_at=START,
                    imported_at=START,
                )
            )
            db.session.commit()
            return cls(app, user.id, token)

    @property
    def cookie(self) -> dict[str, str]:
        """For clients other than Flask's own."""
        serializer = self.app.session_interface.get_signing_serializer(self.app)  # type: ignore[attr-defined]
        return {"portal_session": serializer.dumps({"_user_id": self.token, "_fresh": True})}

    @cached_property
    def client(self) -> FlaskClient:
        client = self.app.test_client()
        client.set_cookie("portal_session", self.cookie["portal_session"])
        return client

    def page(self, path: str, language: str = "en") -> Page:
        self.client.set_cookie("portal_language", language)
        answer = self.client.get(path)
        assert answer.status_code == 200
        return Page(BeautifulSoup(answer.text, "html.parser"))

    def progress(self, investment: uuid.UUID, language: str = "en") -> Page:
        return self.page(f"/investments/{investment}", language)

    def add_row(self, row: Any) -> Any:
        with self.app.app_context():
            db.session.add(row)
            db.session.commit()
            return row.id

    def invest(self, *statuses: str, number: int = 1, result: str | None = "done", **columns: Any) -> uuid.UUID:
        """An investment of which Cashlink has told these statuses, an hour apart."""
        cashlink_id = str(uuid.uuid4())
        columns = {"cashlink_id": cashlink_id, "start_url": START_URL, "campaign": BOND, "created_at": START} | columns
        investment: uuid.UUID = self.add_row(Investment(user_id=self.user_id, number=number, **columns))
        self.add_row(
            Intent(kind="investment", investment_id=investment, result=result, closed_at=START if result else None)
        )
        for hour, status in enumerate(statuses, 1):
            self.tell(investment, status, START + timedelta(hours=hour))
        return investment

    def tell(self, investment: uuid.UUID, status: str, at: datetime | None = None, *, polled: bool = False) -> int:
        """What a webhook, or an answer, leaves in the database; the row's id."""
        change = StatusChange(
            investment_id=self.cashlink_id(investment), status=status, changed_at=at or now(), polled=polled
        )
        identifier: int = self.add_row(change)
        return identifier

    def cashlink_id(self, investment: uuid.UUID) -> str:
        with self.app.app_context():
            row = db.session.get(Investment, investment)
            assert row is not None
            return str(row.cashlink_id)
