"""Export and deletion: everything is told, and afterwards nothing of it is left, not even in the database's files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal import database, sync
from portal.accounts import tokens
from portal.database import db
from portal.models import Intent, Investment, Investor, User

from ..acts import Acts
from ..people import PASSWORD, add_user
from ..settings import BOND
from ..visitor import Visitor
from ..webhooks.test_receiver import AUTHENTIC, body
from ..world import World

pytestmark = pytest.mark.slow

EMAIL = "alice@example.org"


@pytest.fixture
def acts(tmp_path: Path) -> Iterator[Acts]:
    with World(tmp_path, background=False) as world:
        yield Acts(world)


def rows(acts: Acts) -> dict[str, int]:
    with acts.world.app.app_context():
        models = (User, Investor, Intent, Investment)
        return {m.__name__: db.session.scalar(select(func.count()).select_from(m)) or 0 for m in models}


def signed_in(acts: Acts) -> Visitor:
    visitor = Visitor(acts.world.app)
    assert visitor.sign_in(EMAIL, PASSWORD).status == 303
    return visitor


def holds(acts: Acts, *words: str) -> list[str]:
    """Which of the words stand in the portal's database files."""
    files = Path(acts.world.environ["PORTAL_DATA_DIR"]).glob("portal.sqlite3*")
    content = b"".join(file.read_bytes() for file in files)
    return [word for word in words if word.encode() in content]


def test_a_deleted_account_leaves_nothing_behind(acts: Acts) -> None:
    user_id = add_user(acts.world.app, "alice")
    visitor = signed_in(acts)
    assert acts.import_investor(user_id) == "done"
    start_url = acts.invest(user_id)[1]
    assert start_url
    acts.sign(start_url)
    investment = acts.state()["investments"][0]["id"]
    assert set(holds(acts, EMAIL, start_url)) == {EMAIL, start_url}

    page = visitor.submit("/account/delete", password=PASSWORD)
    assert page.location == "/"
    assert "deleted" in visitor.get("/").text
    assert not visitor.is_signed_in()
    assert rows(acts) == {"User": 0, "Investor": 0, "Intent": 1, "Investment": 1}
    assert holds(acts, EMAIL, start_url, "Beispiel") == []
    assert Visitor(acts.world.app).sign_in(EMAIL, PASSWORD).status == 422

    client = acts.world.app.test_client()
    news = body("PAID", "2026-01-01T00:00:00Z", investment)
    assert client.post("/webhooks/cashlink", data=news, headers=AUTHENTIC).status_code == 204
    acts.run_loop()
    assert holds(acts, start_url) == []


def test_the_wrong_password_deletes_nothing(acts: Acts) -> None:
    add_user(acts.world.app, "alice")
    visitor = signed_in(acts)
    page = visitor.submit("/account/delete", password="a-password-of-mallory")
    assert page.status == 422
    assert page.message("password") == "This is not your present password"
    assert visitor.is_signed_in()
    assert rows(acts)["User"] == 1


def test_deletion_waits_for_the_answer_to_an_open_call(acts: Acts) -> None:
    user_id = add_user(acts.world.app, "alice")
    visitor = signed_in(acts)
    acts.arm("create_investor", "after:500", 1)
    assert acts.import_investor(user_id) == "open"
    assert "within 24 hours" in _delete(visitor)
    assert Visitor(acts.world.app).sign_in(EMAIL, PASSWORD).status == 422
    assert rows(acts)["User"] == 1
    acts.run_loop()
    acts.run_loop()
    assert rows(acts) == {"User": 0, "Investor": 0, "Intent": 0, "Investment": 0}
    # The open call was brought to its end, and nothing further was passed on.
    assert len(acts.state()["investors"]) == 1
    assert not acts.state()["investors"][0]["has_communication"]


def test_deletion_waits_a_day_at_most(acts: Acts, monkeypatch: pytest.MonkeyPatch) -> None:
    user_id = add_user(acts.world.app, "alice")
    visitor = signed_in(acts)
    acts.go_away()
    acts.import_investor(user_id)
    _delete(visitor)
    for hours, left in ((23, 1), (25, 0)):
        monkeypatch.setattr(database, "read_clock", lambda hours=hours: datetime.now(UTC) + timedelta(hours=hours))
        with acts.world.app.app_context():
            sync.run_once()
        assert rows(acts)["User"] == left


def _delete(visitor: Visitor) -> str:
    assert visitor.submit("/account/delete", password=PASSWORD).location == "/"
    return visitor.get("/").text


def test_the_export_tells_what_is_held(acts: Acts) -> None:
    user_id = add_user(acts.world.app, "alice")
    visitor = signed_in(acts)
    before = json.loads(visitor.get("/account/data").response.text)
    assert before["investor"]["answers"]["bank"]["iban"]
    acts.import_investor(user_id)
    acts.sign(acts.invest(user_id)[1])
    acts.run_loop()
    answer = visitor.get("/account/data")
    assert answer.response.headers["Content-Disposition"].startswith("attachment")
    told = json.loads(answer.response.text)
    assert told["account"]["email"] == EMAIL
    assert told["investor"]["answers"] is None
    assert told["investor"]["id_at_cashlink"] == acts.state()["investors"][0]["id"]
    (investment,) = told["investments"]
    assert investment["campaign"] == BOND
    assert investment["changes"]
    assert "scrypt" not in answer.response.text


@pytest.mark.both_databases
def test_an_account_that_nobody_confirms_goes_after_a_month(app: Flask) -> None:
    """A stranger may have typed the address. Whoever registers once more gets the time of that link."""
    with app.app_context():
        long_ago = database.now() - timedelta(days=31)
        for email, confirmed in (("old", None), ("again", None), ("confirmed", long_ago)):
            db.session.add(
                User(email=f"{email}@example.org", password_hash="-", created_at=long_ago, email_confirmed_at=confirmed)
            )
        db.session.add(User(email="new@example.org", password_hash="-"))
        db.session.commit()
        again = db.session.scalars(select(User).where(User.email == "again@example.org")).one()
        tokens.issue(again, tokens.CONFIRM)
        db.session.commit()
        sync.run_once()
        left = set(db.session.scalars(select(User.email)))
    assert left == {"again@example.org", "confirmed@example.org", "new@example.org"}
