"""What machines ask: health, readiness, and figures that bear nothing of a person."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal import create_app
from portal.config import Settings
from portal.database import db, now
from portal.models import Intent

from .investments.person import Person
from .schema import migrate
from .settings import BOND, WEBHOOK_TOKEN

TOKEN = "a-token-for-prometheus"


@pytest.fixture
def counting(environ: dict[str, str]) -> Flask:
    """A portal whose figures are read."""
    app = create_app(Settings.from_environment({**environ, "PORTAL_METRICS_TOKEN": TOKEN}))
    migrate(app)
    return app


@pytest.fixture
def figures(counting: Flask) -> Callable[[], dict[str, float]]:
    def read() -> dict[str, float]:
        answer = counting.test_client().get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
        assert answer.status_code == 200
        return {name: float(value) for name, value in re.findall(r"^([^#].*) (\S+)$", answer.text, re.MULTILINE)}

    return read


def test_a_balancer_may_ask_by_any_address(client: FlaskClient) -> None:
    for path in ("/healthz", "/readyz"):
        answer = client.get(path, headers={"Host": "10.1.2.3:8000"})
        assert (answer.status_code, answer.get_json()) == (200, {"status": "ok"})
        assert "Set-Cookie" not in answer.headers


@pytest.mark.both_databases
def test_without_the_right_schema_nobody_is_to_be_sent_here(app: Flask, client: FlaskClient) -> None:
    assert client.get("/readyz").status_code == 200
    with app.app_context():
        db.session.execute(db.text("UPDATE alembic_version SET version_num = '0001'"))
        db.session.commit()
    answer = client.get("/readyz")
    assert (answer.status_code, answer.get_json()) == (503, {"status": "wrong schema"})
    assert client.get("/healthz").status_code == 200


def test_without_a_database_nobody_is_to_be_sent_here(environ: dict[str, str]) -> None:
    environ["PORTAL_DATABASE_URL"] = "postgresql+psycopg://nobody@127.0.0.1:9/nothing"
    answer = create_app(Settings.from_environment(environ)).test_client().get("/readyz")
    assert (answer.status_code, answer.get_json()) == (503, {"status": "no database"})


def test_without_a_database_the_process_is_counted_all_the_same(environ: dict[str, str]) -> None:
    """An alarm that nobody answers would have a process started anew that heals by itself."""
    away = {"PORTAL_DATABASE_URL": "postgresql+psycopg://nobody@127.0.0.1:9/nothing", "PORTAL_METRICS_TOKEN": TOKEN}
    client = create_app(Settings.from_environment({**environ, **away})).test_client()
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200
    assert "portal_webhooks_total" in answer.text
    assert "portal_waiting" not in answer.text


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer wrong", f"Basic {TOKEN}", "Bearer \N{SNOWMAN}"])
def test_figures_are_for_those_with_the_token(counting: Flask, header: str) -> None:
    headers = {"Authorization": header.encode("utf-8").decode("latin-1")} if header else {}
    answer = counting.test_client().get("/metrics", headers=headers)
    assert (answer.status_code, answer.data) == (401, b"")


def test_what_happens_is_counted(counting: Flask, figures: Callable[[], dict[str, float]]) -> None:
    client = counting.test_client()
    client.get(f"/campaigns/{BOND}")
    client.get("/no/such/page")
    client.open("/", method="INVENTED")
    told = {"investment_id": "one", "status": "PAID", "changed_at": (now() - timedelta(seconds=7)).isoformat()}
    headers = {"Authorization": f"Bearer {WEBHOOK_TOKEN}"}
    client.post("/webhooks/cashlink", json=told, headers=headers)
    client.post("/webhooks/cashlink", data=b"?", headers=headers)
    client.post("/webhooks/cashlink", json=told)
    found = figures()
    requests = 'portal_request_seconds_count{{method="{}",route="{}",status="{}"}}'
    assert found[requests.format("GET", "/campaigns/<slug>", 200)] == 1
    assert found[requests.format("GET", "none", 404)] == 1
    assert found[requests.format("other", "none", 405)] == 1
    assert found[requests.format("POST", "/webhooks/cashlink", 204)] == 2
    verdicts = {name: value for name, value in found.items() if name.startswith("portal_webhooks_total")}
    counts = {"denied": 1, "stored": 1, "unreadable": 1, "too-large": 0, "unavailable": 0}
    assert verdicts == {f'portal_webhooks_total{{verdict="{name}"}}': count for name, count in counts.items()}
    delay = 'portal_webhook_delay_seconds_bucket{{le="{}"}}'
    assert (found[delay.format("5.0")], found[delay.format("10.0")]) == (0, 1)
    assert found["portal_unreadable_webhooks"] == 1


def test_calls_and_what_waits_are_counted(counting: Flask, figures: Callable[[], dict[str, float]]) -> None:
    from portal.sync import run_once

    dana = Person.create(counting, "dana@example.org", "Dana", "Muster")
    dana.invest(result="parked", cashlink_id=None, start_url=None)
    waiting = dana.invest(number=2, result=None, cashlink_id=None, start_url=None)
    with counting.app_context():
        old = db.session.scalars(db.select(Intent).where(Intent.investment_id == waiting)).one()
        old.created_at = now() - timedelta(hours=2)
        db.session.commit()
        # Nothing listens there.
        run_once()
    found = figures()
    assert found['portal_cashlink_call_seconds_count{method="POST",result="no-answer"}'] >= 1
    assert found['portal_waiting{kind="investment",state="open"}'] == 1
    assert found['portal_waiting{kind="investment",state="parked"}'] == 1
    assert 7190 < found['portal_waiting_oldest_seconds{kind="investment",state="open"}'] < 7300
    assert not any("dana" in name.lower() or "@" in name for name in found)


def test_open_streams_are_counted(counting: Flask, figures: Callable[[], dict[str, float]]) -> None:
    dana = Person.create(counting, "dana@example.org", "Dana", "Muster")
    with dana.client.get(f"/investments/{dana.invest('PAID')}/events") as stream:
        assert next(iter(stream.response))  # type: ignore[call-overload]
        assert figures()["portal_streams"] == 1
    assert figures()["portal_streams"] == 0
