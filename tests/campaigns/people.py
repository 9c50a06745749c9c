"""A signed-in browser, and what Cashlink told about the funding."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from portal.accounts.sessions import hash_token
from portal.database import db, now
from portal.models import FundingInformation, UserSession


def signed_in(app: Flask, user_id: int, language: str = "en") -> FlaskClient:
    """A browser of this account, without walking the sign-in form."""
    token = secrets.token_urlsafe(32)
    with app.app_context():
        db.session.add(UserSession(token_hash=hash_token(token), user_id=user_id))
        db.session.commit()
    client = app.test_client()
    with client.session_transaction() as session:
        session["_user_id"], session["_fresh"] = token, True
    client.set_cookie("portal_language", language)
    return client


def money(euros: int) -> dict[str, Any]:
    return {"amount": f"{euros}000", "decimals": 3, "currency": "EUR"}


def product(name: str, volume: int, raised: int, count: int = 7) -> dict[str, Any]:
    return {
        "name": name,
        "type": "BOND",
        "volume": money(volume),
        "investment_sum": money(raised),
        "investment_count": count,
        "recent_investments": [],
    }


def tell_funding(app: Flask, *products: Any, age: timedelta = timedelta()) -> None:
    """What the loop leaves behind after Cashlink has answered."""
    with app.app_context():
        told_at = now() - age
        db.session.merge(FundingInformation(id=1, products=list(products), answered_at=told_at, next_fetch_at=told_at))
        db.session.commit()
