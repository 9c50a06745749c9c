"""The button "Start over" and the seed behind it: everything as it was at first, and the presenter where they are."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from ..journey import Visitor
from ..world import wait_until
from .presenting import Presenter, running_demo

pytest.importorskip("portal.demo", reason="the demo has been deleted")
pytestmark = pytest.mark.slow


@pytest.fixture
def presenter(demo: Any) -> Iterator[Presenter]:
    with Presenter(demo.settings.public_url) as someone:
        yield someone


def rows(file: Path) -> dict[str, list[tuple[Any, ...]]]:
    """All tables, but for the sessions."""
    with closing(sqlite3.connect(file)) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: sorted(connection.execute(f"SELECT * FROM {name}"), key=repr) for name in names}


def stable(tables: dict[str, list[tuple[Any, ...]]]) -> dict[str, int]:
    """How many rows each table has, without what grows by itself."""
    grows = {"user_session", "api_call", "access_token", "stored_answer", "attempt"}
    return {name: len(found) for name, found in tables.items() if name not in grows}


def sign_in(visitor: Visitor, name: str, place: str) -> Visitor:
    return visitor.open(f"/login?next={place}").send(form=f'form[action="/demo/sign-in/{name}"]')


def start_over(visitor: Visitor) -> Visitor:
    """From the page where the visitor is."""
    place = visitor.path
    token = visitor.form("form").values["csrf_token"]
    url = f"{visitor.home}/demo/start-over?next={place}"
    return visitor._arrive(visitor.browser.post(url, data={"csrf_token": token}, timeout=20))


def test_starting_over_brings_back_the_seed_in_less_than_two_seconds(demo: Any, presenter: Presenter) -> None:
    files = [demo.settings.data_dir / name for name in ("portal.sqlite3", "simulator.sqlite3")]
    presenter.put_on_stage("alice").press().press()
    presenter.put_on_stage("new").press()
    before = [stable(rows(demo.settings.data_dir / "seed" / file.name)) for file in files]
    assert [stable(rows(file)) for file in files] != before
    began = time.monotonic()
    start_over(presenter.look())
    assert time.monotonic() - began < 2
    assert [stable(rows(file)) for file in files] == before
    assert presenter.path == "/stage"
    assert presenter.put_on_stage("alice").next_label == "Press “Invest now”", "Alice has invested nothing again"


def test_the_presenter_stays_signed_in_and_where_they_were(demo: Any) -> None:
    with Visitor(demo.settings.public_url) as dana:
        page = sign_in(dana, "dana", "/investments").follow('main table a[href^="/investments/"]')
        place, heading = page.path, page.heading
        start_over(page)
        assert (page.path, page.heading) == (place, heading)


def test_whoever_looked_at_something_that_is_gone_is_led_on(demo: Any, presenter: Presenter) -> None:
    presenter.put_on_stage("alice").press()
    presenter.send(form='form[action="/stage/by-hand"]')
    assert presenter.path.startswith("/investments/")
    start_over(presenter)
    assert (presenter.path, presenter.answer.status_code) == ("/investments", 200)


def test_a_person_who_is_gone_is_signed_out(demo: Any, presenter: Presenter) -> None:
    presenter.put_on_stage("new").send(form='form[action="/stage/by-hand"]')
    assert presenter.open("/account").path == "/account"
    start_over(presenter)
    assert presenter.open("/account").path == "/login"


def test_starting_over_ends_all_faults(demo: Any, presenter: Presenter) -> None:
    control = f"{demo.simulator_url}/_control"
    requests.post(f"{control}/faults", json={"on": "any", "fault": "before:timeout", "times": None}, timeout=5)
    requests.post(f"{control}/deliveries", json={"paused": True}, timeout=5)
    start_over(presenter.look())
    assert requests.get(f"{control}/faults", timeout=5).json() == []
    assert requests.get(f"{control}/state", timeout=5).json()["deliveries_paused"] is False
    # And all that runs beside the pages runs again.
    presenter.put_on_stage("bob").press().press()
    wait_until(lambda: "issuer is deciding" in presenter.look().sentence, what="the way through loop and sender")


def test_the_command_resets_a_running_demo(demo: Any, presenter: Presenter) -> None:
    from portal.demo.run import start_over_at

    presenter.put_on_stage("carol").press()
    assert start_over_at(demo.settings.public_url)
    assert presenter.put_on_stage("carol").next_label == "Mark as paid"
    assert not start_over_at("http://localhost:9")


@pytest.mark.long
def test_a_seed_of_another_day_is_made_anew_at_the_start(tmp_path: Path) -> None:
    def newest() -> datetime:
        with closing(sqlite3.connect(tmp_path / "portal.sqlite3")) as connection:
            return datetime.fromisoformat(connection.execute("SELECT max(changed_at) FROM status_change").fetchone()[0])

    with running_demo(tmp_path) as demo:
        assert demo.snapshots.are_of(datetime.now(UTC).date())
    yesterday = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    for file in (tmp_path / "portal.sqlite3", tmp_path / "seed" / "portal.sqlite3"):
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("UPDATE mark SET value = ? WHERE name = 'seeded_by_demo'", (yesterday,))
            connection.execute("UPDATE status_change SET changed_at = datetime(changed_at, '-1 day')")
            connection.commit()
    stale = newest()
    with running_demo(tmp_path) as demo:
        assert demo.snapshots.are_of(datetime.now(UTC).date())
        assert newest() - stale > timedelta(hours=20)


def test_a_seed_of_another_schema_is_not_copied_back(tmp_path: Path) -> None:
    from portal.demo.snapshots import Snapshots

    live, simulator = tmp_path / "portal.sqlite3", tmp_path / "simulator.sqlite3"
    for file in (live, simulator):
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("CREATE TABLE mark (name, value)")
            connection.execute("INSERT INTO mark VALUES ('seeded_by_demo', ?)", (datetime.now(UTC).isoformat(),))
            connection.commit()
    snapshots = Snapshots(live, simulator, tmp_path / "seed")
    assert snapshots.day() is None
    snapshots.keep()
    assert snapshots.are_of(datetime.now(UTC).date())
    with closing(sqlite3.connect(simulator)) as connection:
        connection.execute("ALTER TABLE mark ADD COLUMN more")
        connection.commit()
    assert not snapshots.are_of(datetime.now(UTC).date())
