"""Each request has an id, in the answer and in its line of the log; a line tells nothing of the person."""

from __future__ import annotations

import json
import logging
import re

import pytest
from flask import Flask

from portal import logs
from portal.accounts import tokens

from ..people import PASSWORD, add_user
from ..visitor import Visitor


def lines(caplog: pytest.LogCaptureFixture) -> list[dict[str, object]]:
    return [json.loads(logs.JsonFormatter().format(record)) for record in caplog.records]


def test_the_answer_bears_the_id_of_its_line(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "portal"):
        answers = [app.test_client().get("/help", headers={"X-Request-Id": "chosen-by-a-client"}) for _ in range(2)]
    ids = [answer.headers["X-Request-Id"] for answer in answers]
    assert len(set(ids)) == 2
    assert all(re.fullmatch("[0-9a-f]{12}", request_id) for request_id in ids)
    told = [record.fields for record in caplog.records if record.name == "portal.access"]  # type: ignore[attr-defined]
    assert [(line["method"], line["path"], line["status"]) for line in told] == [("GET", "/help", 200)] * 2


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/confirm-email/a-secret-token?next=/investor", "/confirm-email/<token>"),
        ("/password/a-secret-token", "/password/<token>"),
        ("/campaigns/a-secret-token", "/campaigns/<slug>"),
        ("/login?next=/confirm-email/a-secret-token", "/login"),
        ("/a-secret-token/alice@example.org", None),
        (
            "/investments/5b1d0c5e-7c1a-4e0b-9a51-0d5f3f1a2b01",
            "/investments/5b1d0c5e-7c1a-4e0b-9a51-0d5f3f1a2b01",
        ),
    ],
)
def test_a_line_has_no_query_no_secret_and_no_whole_address(
    app: Flask, caplog: pytest.LogCaptureFixture, path: str, shown: str | None
) -> None:
    client = app.test_client()
    client.environ_base["REMOTE_ADDR"] = "203.0.113.77"
    with caplog.at_level(logging.INFO):
        client.get(path)
    (line,) = [line for line in lines(caplog) if line["logger"] == "portal.access"]
    assert (line["path"], line["client"]) == (shown, "203.0.113.0")
    assert "a-secret-token" not in json.dumps(lines(caplog))


def test_an_exception_is_told_without_the_address(
    app: Flask, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("unplanned")

    monkeypatch.setattr(tokens, "find", fail)
    response = app.test_client().get("/confirm-email/a-secret-token?next=/a-secret-token")
    assert response.status_code == 500
    assert "exception at GET /confirm-email/<token>" in caplog.text
    assert "RuntimeError: unplanned" in caplog.text
    assert "a-secret-token" not in caplog.text
    assert response.headers["X-Request-Id"] in response.text


@pytest.mark.parametrize(
    ("address", "masked"),
    [("203.0.113.77", "203.0.113.0"), ("2001:db8:1:2::3", "2001:db8:1::"), ("", None), (None, None), ("unix:", None)],
)
def test_addresses_are_masked(address: str | None, masked: str | None) -> None:
    assert logs.masked(address) == masked


@pytest.mark.usefixtures("fast_hashes")
def test_what_matters_to_security_is_told(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    user = add_user(app, "alice")
    visitor = Visitor(app)
    with caplog.at_level(logging.INFO, "portal.security"):
        visitor.sign_in("alice@example.org", "a-wrong-password")
        visitor.sign_in("nobody@example.org", "a-wrong-password")
        visitor.sign_in("alice@example.org", PASSWORD)
        visitor.client.post("/logout")
        visitor.post("/logout")
        visitor.get("/password/invented")
        app.test_client().post("/webhooks/cashlink")
    told = [(line["message"], line.get("user")) for line in lines(caplog) if line["logger"] == "portal.security"]
    assert told == [
        ("sign-in refused", user),
        ("sign-in refused", None),
        ("signed in", user),
        ("token of a form refused", None),
        ("signed out", None),
        ("link refused", None),
        ("webhook refused", None),
    ]
    assert "alice" not in caplog.text


def test_a_record_is_one_line_whatever_it_holds() -> None:
    record = logging.LogRecord("portal", logging.ERROR, "", 0, 'first\n{"forged": %s}\r\u2028', ("line",), None)
    assert len(logs.JsonFormatter().format(record).splitlines()) == 1


def test_the_servers_own_records_name_no_address_and_no_url() -> None:
    for message, arguments in (
        ("Invalid request from ip=203.0.113.77: 'GET /confirm-email/secret'", ()),
        ("Error handling request %s %s", ("GET", "/confirm-email/secret?x=1")),
    ):
        record = logging.LogRecord("gunicorn.error", logging.ERROR, "", 0, message, arguments, None)
        assert logs.masks_server_records(record)
        assert "secret" not in record.getMessage()
        assert "203" not in record.getMessage()


def test_a_method_of_somebodys_own_is_not_written_down(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "portal"):
        app.test_client().open("/help", method="ALICE-BEISPIEL")
    (line,) = [record.fields for record in caplog.records if record.name == "portal.access"]  # type: ignore[attr-defined]
    assert (line["method"], line["status"]) == ("other", 405)
