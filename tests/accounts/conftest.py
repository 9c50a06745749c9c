"""Accounts for the tests, and passwords that hash fast."""

from __future__ import annotations

import pytest
from flask import Flask

from portal.accounts import passwords
from portal.database import db, now
from portal.models import User

from ..visitor import Visitor

ALICE = "alice@example.org"
MALLORY = "mallory@example.org"
PASSWORD = "a-password-of-alice"


@pytest.fixture(autouse=True)
def _fast_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "METHOD", "scrypt:1024:8:1")
    monkeypatch.setattr(passwords, "NOBODYS", passwords.hash_password("nobody's"))


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    return Visitor(app)


def add_account(app: Flask, email: str = ALICE, *, confirmed: bool = True) -> int:
    with app.app_context():
        user = User(email=email, password_hash=passwords.hash_password(PASSWORD), language="en")
        user.email_confirmed_at = now() if confirmed else None
        db.session.add(user)
        db.session.commit()
        return user.id


@pytest.fixture
def alice(app: Flask) -> Visitor:
    """Somebody with a confirmed account, signed in."""
    add_account(app)
    visitor = Visitor(app)
    assert visitor.sign_in(ALICE, PASSWORD).status == 303
    return visitor
