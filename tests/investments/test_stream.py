"""The event stream: news at once, for those whom they concern, at a cost that does not grow with open pages."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta

import pytest
import requests
from flask import Flask
from sqlalchemy import delete, event

from portal import live
from portal.database import db, now
from portal.investments import stream
from portal.live import Watcher
from portal.models import Intent, Investment, StatusChange, UserSession

from ..settings import WEBHOOK_TOKEN
from ..world import wait_until
from .listening import Listening
from .person import PATH, START, Person

pytestmark = pytest.mark.slow

Watch = Callable[[], Watcher]


@pytest.fixture
def short_ticks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Signs of life every 0.1 s instead of 15."""
    monkeypatch.setattr(stream, "KEEP_ALIVE", 0.1)


@contextmanager
def counted(app: Flask) -> Iterator[list[str]]:
    """The statements that are executed meanwhile."""
    statements: list[str] = []
    with app.app_context():
        engine = db.engine

    def note(_conn: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", note)


def test_the_first_event_comes_at_once_and_says_nothing_of_the_status(server: str, dana: Person) -> None:
    investment = dana.invest("KYC_PENDING")
    begun = time.monotonic()
    with Listening(server, dana, investment) as open_page:
        assert open_page.answer.headers["Content-Type"].startswith("text/event-stream")
        assert open_page.answer.headers["X-Accel-Buffering"] == "no"
        assert open_page.answer.headers["Cache-Control"] == "no-store"
        first = open_page.next_event()
        assert first.fields == {"event": "status", "data": "changed"}
        assert first.at - begun < 1


def test_a_webhook_reaches_the_open_page(server: str, watch: Watch, dana: Person) -> None:
    investment = dana.invest()
    watch()
    with Listening(server, dana, investment) as open_page:
        open_page.next_event()
        headers = {"Authorization": f"Bearer {WEBHOOK_TOKEN}"}
        for status in PATH[:5]:
            told = {
                "investment_id": dana.cashlink_id(investment),
                "status": status,
                "changed_at": now().isoformat(),
            }
            answer = requests.post(f"{server}/webhooks/cashlink", json=told, headers=headers, timeout=10)
            assert answer.status_code == 204
            open_page.next_event()
    assert dana.progress(investment).status == "PAID"


def test_news_about_another_investment_wake_nobody_else(server: str, watch: Watch, dana: Person) -> None:
    mine, other = dana.invest("KYC_PENDING"), dana.invest("KYC_PENDING", number=2)
    watch()
    with Listening(server, dana, mine) as open_page, Listening(server, dana, other) as other_page:
        open_page.next_event()
        other_page.next_event()
        for status in ("REVIEW_PENDING", "WAITING_FOR_ACCEPTANCE"):
            dana.tell(other, status)
            other_page.next_event()
        assert open_page.is_silent()
        dana.tell(mine, "REVIEW_PENDING")
        open_page.next_event()


def test_an_older_message_that_comes_late_is_told_too(server: str, watch: Watch, dana: Person) -> None:
    investment = dana.invest("ACCEPTED")
    watch()
    with Listening(server, dana, investment) as open_page:
        open_page.next_event()
        dana.tell(investment, "KYC_PENDING", START)
        open_page.next_event()


@pytest.mark.parametrize("result", ["done", "refused", "parked"])
def test_the_end_of_our_own_call_reaches_the_open_page(server: str, watch: Watch, dana: Person, result: str) -> None:
    investment = dana.invest(result=None, cashlink_id=None, start_url=None)
    watch()
    with Listening(server, dana, investment) as open_page:
        open_page.next_event()
        with dana.app.app_context():
            db.session.execute(db.update(Intent).values(result=result, closed_at=now()))
            db.session.commit()
        open_page.next_event(5)


def test_the_end_of_the_import_reaches_the_page_that_waits_for_it(server: str, watch: Watch, dana: Person) -> None:
    investment = dana.invest(cashlink_id=None, start_url=None)
    with dana.app.app_context():
        row = db.session.get(Investment, investment)
        assert row is not None
        assert row.user is not None
        assert row.user.investor is not None
        investor_id = row.user.investor.id
    intent = dana.add_row(Intent(kind="investor", investor_id=investor_id))
    watch()
    with Listening(server, dana, investment) as open_page:
        open_page.next_event()
        with dana.app.app_context():
            db.session.execute(db.update(Intent).where(Intent.id == intent).values(result="refused", closed_at=now()))
            db.session.commit()
        open_page.next_event(5)


def test_one_closed_call_is_told_once(server: str, watch: Watch, dana: Person) -> None:
    investment = dana.invest(result=None, cashlink_id=None, start_url=None)
    watch()
    with Listening(server, dana, investment) as open_page:
        open_page.next_event()
        with dana.app.app_context():
            db.session.execute(db.update(Intent).values(result="parked", closed_at=now()))
            db.session.commit()
        open_page.next_event()
        with counted(dana.app) as statements:
            wait_until(lambda: sum("max(status_change.id)" in text for text in statements) >= 4)
        assert not any("user_session" in text for text in statements)


def test_what_the_watcher_missed_is_told_with_a_sign_of_life(server: str, short_ticks: None, dana: Person) -> None:
    investment = dana.invest("KYC_PENDING")
    with Listening(server, dana, investment) as open_page:
        open_page.next_event()
        dana.tell(investment, "REVIEW_PENDING")
        open_page.next_event()
        with dana.app.app_context():
            db.session.execute(db.update(Investment).values(units=50))
            db.session.commit()
        open_page.next_event()


def test_news_are_passed_on_without_a_look_and_told_once_more_with_the_next(
    server: str, watch: Watch, dana: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thousand pages would all look at once; the later look heals what was half seen."""
    monkeypatch.setattr(stream, "KEEP_ALIVE", 1.5)
    investment = dana.invest("KYC_PENDING")
    watch()
    with Listening(server, dana, investment) as open_page:
        open_page.next_event()
        with counted(dana.app) as statements:
            dana.tell(investment, "REVIEW_PENDING")
            open_page.next_event()
            looked = any("user_session" in text for text in statements)
            open_page.next_event()
            assert not looked
            assert any("user_session" in text for text in statements)


def test_signs_of_life_are_comments(server: str, short_ticks: None, dana: Person) -> None:
    with Listening(server, dana, dana.invest("KYC_PENDING")) as open_page:
        open_page.next_event()
        piece = open_page.next()
        assert piece is not None
        assert list(piece.fields) == [""]


def test_a_stream_at_which_nobody_looks_ends(app: Flask, dana: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a process without a keeper holds no thread for those who have gone."""
    monkeypatch.setattr(live, "PATIENCE", 0.2)
    answer = dana.client.get(f"/investments/{dana.invest('KYC_PENDING')}/events")
    assert answer.data == live.ALIVE.encode()
    assert len(live.hub(app)) == 0


def test_signing_out_ends_the_stream(app: Flask, server: str, short_ticks: None, dana: Person) -> None:
    with Listening(server, dana, dana.invest("KYC_PENDING")) as open_page:
        open_page.next_event()
        with app.app_context():
            db.session.execute(delete(UserSession))
            db.session.commit()
        open_page.ends()


def test_an_open_page_keeps_the_session_alive(app: Flask, server: str, short_ticks: None, dana: Person) -> None:
    with Listening(server, dana, dana.invest("KYC_PENDING")) as open_page:
        open_page.next_event()
        long_ago = now() - timedelta(hours=1)
        with app.app_context():
            db.session.execute(db.update(UserSession).values(seen_at=long_ago))
            db.session.commit()

        def seen() -> bool:
            with app.app_context():
                return bool(db.session.scalars(db.select(UserSession.seen_at)).one() > long_ago)

        wait_until(seen)


def test_closing_ends_all_streams_at_once(server: str, watch: Watch, dana: Person) -> None:
    investment = dana.invest("KYC_PENDING")
    watcher = watch()
    with ExitStack() as stack:
        pages = [stack.enter_context(Listening(server, dana, investment)) for _ in range(10)]
        for page in pages:
            page.next_event()
        begun = time.monotonic()
        watcher.close()
        assert max(page.ends() for page in pages) - begun < 1


def test_a_process_that_is_told_to_end_closes_its_streams(app: Flask, server: str, dana: Person) -> None:
    investment = dana.invest("KYC_PENDING")
    alive = threading.Event()
    alive.set()
    watcher = Watcher(app).start(alive=alive.is_set)
    with Listening(server, dana, investment) as open_page:
        open_page.next_event()
        begun = time.monotonic()
        alive.clear()
        assert open_page.ends() - begun < 1
    watcher.close()


def test_beyond_the_cap_a_page_is_sent_away_to_poll(app: Flask, server: str, short_ticks: None, dana: Person) -> None:
    live.hub(app).cap = 2
    investment = dana.invest("KYC_PENDING")
    first, second = Listening(server, dana, investment), Listening(server, dana, investment)
    with first, second:
        first.next_event()
        second.next_event()
        with Listening(server, dana, investment) as third:
            assert third.answer.status == 200
            piece = third.next()
            assert piece is not None
            assert piece.fields == {"retry": "10000"}
            assert third.next() is None
        first.close()
        wait_until(lambda: len(live.hub(app)) == 1, what="the place of the closed stream")
        with Listening(server, dana, investment) as fourth:
            fourth.next_event()


def test_open_pages_cost_no_statements_and_hold_no_connection(
    app: Flask, server: str, watch: Watch, dana: Person
) -> None:
    investments = [dana.invest("KYC_PENDING", number=number) for number in range(1, 51)]
    watch()

    def looks() -> dict[str, int]:
        """How often each statement came during four looks of the watcher."""
        with counted(app) as statements:
            wait_until(lambda: sum("max(status_change.id)" in text for text in statements) > 4)
        # The last look may have been cut in two.
        last = max(index for index, text in enumerate(statements) if "max(status_change.id)" in text)
        return {text: statements[:last].count(text) for text in statements[:last]}

    with ExitStack() as stack:
        stack.enter_context(Listening(server, dana, investments[0])).next_event()
        with_one = looks()
        pages = [stack.enter_context(Listening(server, dana, investment)) for investment in investments[1:]]
        for page in pages:
            page.next_event()
        assert len(live.hub(app)) == 50
        with app.app_context():
            assert db.engine.pool.checkedout() == 0  # type: ignore[attr-defined]
        with_fifty = looks()
        assert set(with_fifty) == set(with_one)
        assert max(with_fifty.values()) - max(with_one.values()) <= 1

        with counted(app) as statements:
            dana.tell(investments[7], "REVIEW_PENDING")
            pages[6].next_event()
        # News are passed on as they are: none of fifty looked at the database.
        assert not any("user_session" in text for text in statements)


def test_a_database_that_was_started_over_does_not_silence_the_watcher(
    app: Flask, server: str, watch: Watch, dana: Person
) -> None:
    investment = dana.invest("KYC_PENDING", "REVIEW_PENDING")
    watch()
    with Listening(server, dana, investment) as open_page:
        open_page.next_event()
        with app.app_context():
            db.session.execute(delete(StatusChange))
            db.session.commit()
        open_page.next_event()
        dana.tell(investment, "KYC_PENDING")
        open_page.next_event(5)


@contextmanager
def without_table(app: Flask, name: str) -> Iterator[None]:
    def rename(old: str, new: str) -> None:
        with app.app_context():
            db.session.execute(db.text(f"ALTER TABLE {old} RENAME TO {new}"))
            db.session.commit()

    rename(name, "elsewhere")
    yield
    rename("elsewhere", name)


def test_the_watcher_outlives_a_database_that_cannot_be_read(
    app: Flask, server: str, watch: Watch, dana: Person, caplog: pytest.LogCaptureFixture
) -> None:
    investment = dana.invest("KYC_PENDING")
    watch()
    with Listening(server, dana, investment) as open_page:
        open_page.next_event()
        with without_table(app, "status_change"):
            wait_until(lambda: "no live news" in caplog.text)
        dana.tell(investment, "REVIEW_PENDING")
        open_page.next_event(5)


def test_an_open_page_stays_open_while_the_database_cannot_be_read(
    app: Flask, server: str, short_ticks: None, dana: Person
) -> None:
    investment = dana.invest("KYC_PENDING")
    with Listening(server, dana, investment) as open_page:
        open_page.next_event()
        with without_table(app, "user_session"):
            # The first of them may have been on its way.
            for _ in range(4):
                piece = open_page.next()
                assert piece is not None
                assert list(piece.fields) == [""]
        dana.tell(investment, "REVIEW_PENDING")
        open_page.next_event(5)
