"""What people, Cashlink's staff and operators do in tests: by the portal's own functions and the simulator's HTTP."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import requests
from sqlalchemy import select, update

from portal import history, integration, sync
from portal.database import db
from portal.models import Intent, Investment, User

from .settings import BOND
from .world import World, wait_until


@dataclass
class Acts:
    """Acts on one world."""

    world: World

    def start_over(self) -> None:
        """Empty both sides; quicker than a new world."""
        self.control("reset", {})
        with self.world.app.app_context():
            for table in reversed(db.metadata.sorted_tables):
                db.session.execute(table.delete())
            db.session.commit()

    @contextmanager
    def user(self, user_id: int) -> Iterator[User]:
        """A request of this user."""
        with self.world.app.test_request_context("/", base_url=self.world.url):
            yield db.session.get_one(User, user_id)

    def import_investor(self, user_id: int) -> str:
        with self.user(user_id) as user:
            assert user.investor is not None
            return integration.import_investor(user.investor, "I agree.")

    def invest(self, user_id: int, number: int = 1, campaign: str = BOND) -> tuple[uuid.UUID, str | None]:
        """ "Invest now" with the number that the page showed."""
        with self.user(user_id) as user:
            investment = integration.start_subscription(user, campaign, number)
            return investment.id, integration.usable_start_url(investment)

    def sign(self, start_url: str | None) -> None:
        from portal.demo.walk import subscribe

        assert start_url is not None
        subscribe(start_url, outcome="later")

    def control(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """The simulator's control API: a POST with a body, else a GET."""
        url = f"{self.world.simulator_url}/_control/{path}"
        answer = requests.get(url, timeout=10) if body is None else requests.post(url, json=body, timeout=10)
        answer.raise_for_status()
        return answer.json()

    def arm(self, call: str, fault: str, times: int | None = 1) -> None:
        self.control("faults", {"on": call, "fault": fault, "times": times})

    def clear_faults(self) -> None:
        self.control("faults/clear", {})

    def state(self) -> dict[str, Any]:
        return dict(self.control("state"))

    def requests(self, path: str = "", method: str = "") -> list[dict[str, Any]]:
        """The simulator's log of API requests."""
        log = self.control("requests")["requests"]
        return [call for call in log if path in call["path"] and method in ("", call["method"])]

    def status(self, cashlink_id: str) -> str | None:
        with self.world.app.app_context():
            change = history.newest_change(cashlink_id)
            return change.status if change else None

    def intents(self) -> list[tuple[str, str | None]]:
        with self.world.app.app_context():
            return [(row.kind, row.result) for row in db.session.scalars(select(Intent).order_by(Intent.id))]

    def go_away(self) -> None:
        """Cashlink does not answer any more."""
        self.world.app.extensions["cashlink"].url = "http://127.0.0.1:9/api/external"

    def come_back(self) -> None:
        self.world.app.extensions["cashlink"].url = self.world.environ["CASHLINK_API_URL"]

    def run_loop(self, *, ask_all: bool = True) -> None:
        """A round in which everything open is due; without ask_all only the calls, not the questions."""
        with self.world.app.app_context():
            self.world.app.extensions["cashlink"].unanswered = 0
            db.session.execute(update(Intent).where(Intent.result.is_(None)).values(next_try_at=history.UNUSABLE))
            if ask_all:
                db.session.execute(update(Investment).values(next_poll_at=history.UNUSABLE))
            db.session.commit()
            sync.run_once()

    def loop_until(
        self, condition: Callable[[], Any], what: str, seconds: float = 20.0, *, ask_all: bool = True
    ) -> None:
        def run() -> Any:
            self.run_loop(ask_all=ask_all)
            return condition()

        wait_until(run, seconds, what)
