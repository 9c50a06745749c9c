"""The receiver: whatever arrives, it answers as planned and keeps what it confirms."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from portal import history
from portal.database import db
from portal.models import StatusChange, UnreadableWebhook

from ..settings import WEBHOOK_TOKEN

pytestmark = pytest.mark.both_databases

ID = "3fa85f64-5717-4562-b3fc-2c963f66afa6"
AUTHENTIC = {"Authorization": f"Bearer {WEBHOOK_TOKEN}"}


def body(status: str = "ACCEPTED", changed_at: object = "2020-10-19T08:00:00Z", investment_id: object = ID) -> bytes:
    return json.dumps({"investment_id": investment_id, "status": status, "changed_at": changed_at}).encode()


def deliver(client: FlaskClient, data: bytes, headers: dict[str, str] | None = None, path: str = "") -> int:
    return client.post(f"/webhooks/cashlink{path}", data=data, headers=headers or AUTHENTIC).status_code


def rows(app: Flask, model: type = StatusChange) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(model)) or 0


def newest(app: Flask) -> str | None:
    with app.app_context():
        change = history.newest_change(ID)
        return change.status if change else None


@pytest.mark.parametrize("path", ["", "/"])
def test_a_webhook_is_stored_and_answered_204(app: Flask, client: FlaskClient, path: str) -> None:
    assert deliver(client, body(), path=path) == 204
    assert newest(app) == "ACCEPTED"


def test_twenty_duplicates_at_once_are_one_row(app: Flask) -> None:
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: deliver(app.test_client(), body()), range(20)))
    assert answers == [204] * 20
    assert rows(app) == 1


def test_the_newest_instant_wins_in_any_order_of_arrival(app: Flask, client: FlaskClient) -> None:
    for status, minute in (("PAID", 3), ("KYC_PENDING", 1), ("ACCEPTED", 2)):
        assert deliver(client, body(status, f"2020-10-19T08:0{minute}:00Z")) == 204
    assert newest(app) == "PAID"


@pytest.mark.parametrize("order", [("ACCEPTED", "PAID"), ("PAID", "ACCEPTED")])
def test_on_a_tie_the_later_status_of_the_table_wins(app: Flask, client: FlaskClient, order: tuple[str, str]) -> None:
    for status in order:
        deliver(client, body(status))
    assert newest(app) == "PAID"


def test_a_status_may_go_back(app: Flask, client: FlaskClient) -> None:
    deliver(client, body("DELIVERED", "2020-10-19T08:00:00Z"))
    deliver(client, body("CANCELLATION", "2020-10-20T08:00:00Z"))
    assert newest(app) == "CANCELLATION"


def test_an_unknown_status_is_kept_as_it_came(app: Flask, client: FlaskClient) -> None:
    assert deliver(client, body("MOON_PENDING")) == 204
    assert newest(app) == "MOON_PENDING"


@pytest.mark.parametrize(
    ("text", "seconds", "micro"),
    [
        ("2020-10-19T08:00:00Z", 0, 0),
        ("2020-10-19T10:00:00+02:00", 0, 0),
        ("2020-10-19T08:00:00", 0, 0),
        ("2020-10-19T08:00:01.123456789Z", 1, 123456),
        ("2020-10-19T08:00:01.5Z", 1, 500000),
    ],
)
def test_instants_are_normalised_to_utc(app: Flask, client: FlaskClient, text: str, seconds: int, micro: int) -> None:
    deliver(client, body(changed_at=text))
    with app.app_context():
        change = history.newest_change(ID)
    assert change is not None
    assert change.changed_at == datetime(2020, 10, 19, 8, 0, seconds, micro, tzinfo=UTC)


@pytest.mark.parametrize(
    "changed_at", [None, "yesterday", 5, "", {}, "9999-12-31T23:59:59-12:00", "0001-01-01T00:00+14:00"]
)
def test_an_unusable_instant_is_stored_and_does_not_pin_the_status(
    app: Flask, client: FlaskClient, changed_at: object
) -> None:
    deliver(client, body("ACCEPTED"))
    assert deliver(client, body("DELIVERED", changed_at)) == 204
    assert newest(app) == "ACCEPTED"
    assert rows(app) == 2


def test_an_instant_in_the_future_does_not_pin_the_status(app: Flask, client: FlaskClient) -> None:
    ahead = datetime.now(UTC) + timedelta(minutes=6)
    deliver(client, body("ACCEPTED"))
    assert deliver(client, body("DELIVERED", ahead.isoformat())) == 204
    assert newest(app) == "ACCEPTED"
    nearly = datetime.now(UTC) + timedelta(minutes=4)
    deliver(client, body("PAID", nearly.isoformat()))
    assert newest(app) == "PAID"


HOSTILE = [
    b"",
    b"{",
    b"[]",
    b"null",
    b"[" * 30_000,
    b'{"a":' * 12_000,
    b'{"investment_id": 1208925819614629174706176, "status": "PAID"}',
    b'{"investment_id": "\\ud800", "status": "PAID", "changed_at": "2020-10-19T08:00:00Z"}',
    b'{"investment_id": "a\\u0000b", "status": "PAID", "changed_at": "2020-10-19T08:00:00Z"}',
    b'{"investment_id": "x", "status": ["PAID"], "changed_at": "2020-10-19T08:00:00Z"}',
    b'{"investment_id": "x", "status": "' + b"A" * 65 + b'"}',
    b'{"registry_statement_id": "x", "created_at": "2020-10-19T08:00:00Z"}',
    b"\xff\xfe\x00",
    b"1" * 5000,
    b"NaN",
]


@pytest.mark.parametrize("data", HOSTILE, ids=range(len(HOSTILE)))
def test_what_cannot_be_read_is_kept_apart(app: Flask, client: FlaskClient, data: bytes) -> None:
    assert deliver(client, data) == 204
    assert deliver(client, data) == 204
    assert rows(app) == 0
    assert rows(app, UnreadableWebhook) == 1


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer wrong",
        f"Basic {WEBHOOK_TOKEN}",
        f"Bearer {WEBHOOK_TOKEN}x",
        "Bearer \xfc\xff",
        WEBHOOK_TOKEN,
    ],
)
def test_without_the_token_nothing_is_stored(app: Flask, client: FlaskClient, header: str) -> None:
    response = client.post("/webhooks/cashlink", data=body(), headers={"Authorization": header})
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"].startswith("Bearer")
    assert client.post("/webhooks/cashlink", data=body()).status_code == 401
    assert rows(app) == 0


@pytest.fixture
def two_tokens(environ: dict[str, str]) -> tuple[str, str]:
    """Of a portal that is made with `app` later."""
    tokens = ("the-old-token-of-16", "the-new-token-of-16")
    environ["CASHLINK_WEBHOOK_TOKENS"] = ",".join(tokens)
    return tokens


def test_two_tokens_are_valid_while_one_replaces_the_other(two_tokens: tuple[str, str], client: FlaskClient) -> None:
    for token in two_tokens:
        assert deliver(client, body(), {"Authorization": f"Bearer {token}"}) == 204


def test_a_body_above_64_kib_is_refused_before_it_is_read_on(app: Flask, client: FlaskClient) -> None:
    assert deliver(client, b" " * (64 * 1024 + 1)) == 413
    assert deliver(client, body() + b" " * (64 * 1024 - len(body()))) == 204


def test_without_a_database_no_2xx_is_said(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        db.session.execute(db.text("DROP TABLE status_change"))
        db.session.commit()
    response = client.post("/webhooks/cashlink", data=body(), headers=AUTHENTIC)
    assert response.status_code == 503
    assert response.headers["Retry-After"]
