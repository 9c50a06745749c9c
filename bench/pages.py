"""Pages beside a bare Flask view of the same size with four ORM reads."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from functools import partial
from pathlib import Path

from portal.cashlink import statuses
from portal.database import db, now
from portal.models import FundingInformation, Intent, Investment, Investor, StatusChange, User

from . import load
from .figures import Effort, Row, observed, rates, rotate
from .load import Connection, request
from .people import PAGE, UNUSABLE, returning, sign_in
from .servers import Portal, Server, floor

READERS = 4


def measure(folder: Path, effort: Effort) -> Iterator[Row]:
    folder = folder / "pages"
    folder.mkdir()
    portal = Portal(folder)
    cookie, investment = dana(portal)
    signed_in = {"Cookie": cookie}
    pages = (
        ("campaign page", PAGE, {}, 0.8),
        ("campaign page, signed in", PAGE, signed_in, 0.6),
        ("progress page", f"/investments/{investment}", signed_in, 0.6),
    )
    with portal:
        for figure, path, headers, target in pages:
            page = request("GET", path, portal.port, returning(portal.port, path, headers))
            size = _size(portal.port, page)
            with ExitStack() as stack:
                bare = stack.enter_context(floor("page", folder, f"sqlite:///{folder / 'portal.sqlite3'}", str(size)))
                other = request("GET", "/page", bare.port)
                pairs = rotate(effort, partial(_read, portal, page, effort), partial(_read, bare, other, effort))
            yield rates(f"{figure}, {size / 1000:.0f} kB", pairs, target)


def _read(server: Server, page: bytes, effort: Effort) -> load.Window:
    return observed(server, lambda: load.run(server.port, itertools.repeat(page), READERS, effort.seconds, 200))


def _size(port: int, page: bytes) -> int:
    connection = Connection(port)
    answer = connection.ask(page)
    connection.close()
    return len(answer.body)


def dana(portal: Portal) -> tuple[str, uuid.UUID]:
    """Somebody with an accepted subscription: her cookie, and the investment. The floor reads the same rows."""
    with portal.app.app_context():
        user = User(email="dana@example.org", password_hash=UNUSABLE, email_confirmed_at=now(), language="en")
        user.investor = Investor(forename="Dana", surname="Muster", consented_at=now(), imported_at=now())
        db.session.add(user)
        db.session.flush()
        investment = Investment(
            user_id=user.id,
            campaign=PAGE.rpartition("/")[2],
            number=1,
            cashlink_id=str(uuid.uuid4()),
            start_url="http://localhost:9/subscribe/x",
            units=50,
            # Nothing is there to be asked.
            next_poll_at=now() + timedelta(days=1),
        )
        db.session.add(investment)
        db.session.flush()
        db.session.add(Intent(kind="investment", investment_id=investment.id, result="done", closed_at=now()))
        for hour, status in enumerate(statuses.ORDER[:4]):
            at = now() - timedelta(hours=5 - hour)
            told = StatusChange(
                investment_id=investment.cashlink_id, status=status, changed_at=at, received_at=at, checked_at=at
            )
            db.session.add(told)
        db.session.add(_funding(portal))
        cookie = sign_in(portal, user)
        db.session.commit()
        return cookie, investment.id


def _funding(portal: Portal) -> FundingInformation:
    amount = {"decimals": 0, "currency": "EUR"}
    products = [
        {
            "name": mapping.product_name,
            "investment_sum": {"amount": "900000", **amount},
            "volume": {"amount": "2000000", **amount},
            "investment_count": 212,
        }
        for mapping in portal.app.extensions["settings"].campaigns
    ]
    tomorrow = now() + timedelta(days=1)
    return FundingInformation(id=1, products=products, answered_at=now(), next_fetch_at=tomorrow)
