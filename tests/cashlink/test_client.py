"""The client against a server that misbehaves: it ends in time, reads little and follows nothing."""

from __future__ import annotations

import socket
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from portal.cashlink import deadline, errors
from portal.cashlink.client import Client
from portal.cashlink.observation import Exchange

from .hostile import TOKEN, HostileServer, Script, answer, reset, serving


def client_of(server: HostileServer, **options: object) -> Client:
    return Client(server.url, "id", "secret", **options)  # type: ignore[arg-type]


def create(client: Client, seconds: float = 2.0) -> str:
    with deadline.within(seconds):
        return client.create_investor(b'{"a":1}', "the-key")


CREATED = answer("201 Created", b'{"id": "investor-1"}')


def test_a_call_carries_token_key_and_body() -> None:
    with serving(TOKEN, CREATED) as server:
        assert create(client_of(server)) == "investor-1"
        token_request, request = server.requests
    assert b"grant_type=client_credentials" in token_request
    assert request.startswith(b"POST /v2/investors/ HTTP/1.1")
    assert b"Authorization: Bearer t1\r\n" in request
    assert b"X-Idempotency-Key: the-key\r\n" in request
    assert b"Accept-Encoding: identity\r\n" in request
    assert request.endswith(b'\r\n\r\n{"a":1}')


def test_a_401_fetches_one_new_token_and_repeats_with_the_same_key() -> None:
    second = answer("200 OK", b'{"access_token": "t2", "expires_in": 3600}')
    with serving(TOKEN, answer("401 Unauthorized", b"{}"), second, CREATED) as server:
        assert create(client_of(server)) == "investor-1"
        assert len(server.requests) == 4
        assert b"Bearer t2" in server.requests[3]
        assert b"the-key" in server.requests[3]


def test_a_second_401_is_kept_and_not_repeated_for_ever() -> None:
    refused = answer("401 Unauthorized", b"{}")
    with serving(TOKEN, refused, TOKEN, refused) as server:
        with pytest.raises(errors.Denied, match="http-401"):
            create(client_of(server))
        assert len(server.requests) == 4


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        ("400 Bad Request", b'{"natural_person": {"zip": ["Wrong."]}}', errors.Refused),
        ("422 Unprocessable", b'{"bank_account": {"iban": ["Wrong."]}}', errors.Refused),
        ("422 Unprocessable", b'{"detail": "Key used with another body."}', errors.Parked),
        ("400 Bad Request", b"<html>a proxy's page</html>", errors.Unknown),
        ("403 Forbidden", b'{"detail": "No."}', errors.Denied),
        ("404 Not Found", b'{"detail": "Not found."}', errors.NotFound),
        ("405 Method Not Allowed", b"{}", errors.Parked),
        ("409 Conflict", b"{}", errors.InProgress),
        ("429 Too Many Requests", b"{}", errors.Unknown),
        ("307 Temporary Redirect", b"", errors.Unknown),
        ("500 Server Error", b"", errors.Unknown),
        ("503 Unavailable", b"<html>", errors.Unknown),
        ("200 OK", b"<html>fine</html>", errors.Unknown),
        ("200 OK", b"", errors.Unknown),
        ("200 OK", b"[]", errors.Unknown),
        ("200 OK", b'{"id": null}', errors.Unknown),
        ("200 OK", b"[" * 30_000, errors.Unknown),
    ],
)
def test_answers_are_classified_by_what_to_do_next(status: str, body: bytes, kind: type[Exception]) -> None:
    # To the same server, which would see it.
    location = "Location: /elsewhere"
    with serving(TOKEN, answer(status, body, location)) as server:
        with pytest.raises(errors.CashlinkError) as caught:
            create(client_of(server))
        assert type(caught.value) is kind
        assert len(server.requests) == 2


def test_field_errors_bear_the_path_of_the_field() -> None:
    body = b'{"natural_person": {"zip": ["Wrong.", "Short."]}, "detail": "x", "bank_account": {"iban": ["No."]}}'
    with serving(TOKEN, answer("400 Bad Request", body)) as server, pytest.raises(errors.Refused) as caught:
        create(client_of(server))
    assert caught.value.field_errors == {"natural_person.zip": ["Wrong.", "Short."], "bank_account.iban": ["No."]}


def drip(head: bytes, piece: bytes) -> Script:
    def play(connection: socket.socket, _request: bytes) -> None:
        connection.sendall(head)
        ends = time.monotonic() + 30
        while time.monotonic() < ends:
            connection.sendall(piece)
            time.sleep(0.05)

    return play


def silent(connection: socket.socket, _request: bytes) -> None:
    connection.recv(1)


@pytest.mark.parametrize(
    "script",
    [
        drip(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b"x"),
        drip(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        drip(b"HTTP/1.1 200 OK\r\n", b"X-More: y\r\n"),
        drip(b"HTTP/1.1 200 ", b"O"),
        drip(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        silent,
    ],
    ids=["body", "chunks", "headers", "status line", "endless 100", "silent"],
)
def test_the_deadline_holds_whatever_the_server_drips(script: Script) -> None:
    with serving(TOKEN, script) as server:
        started = time.monotonic()
        with pytest.raises(errors.Unknown):
            create(client_of(server), seconds=0.5)
        assert time.monotonic() - started < 2


def test_the_deadline_holds_through_a_proxy() -> None:
    # A plain proxy sees the whole address in the first line and answers itself.
    with serving(TOKEN, drip(b"HTTP/1.1 200 OK\r\n", b"X-More: y\r\n")) as proxy:
        client = Client("http://cashlink.invalid", "id", "secret", proxy=proxy.url)
        started = time.monotonic()
        with pytest.raises(errors.Unknown):
            create(client, seconds=0.5)
        assert time.monotonic() - started < 2
        assert proxy.requests[1].startswith(b"POST http://cashlink.invalid/v2/investors/")


def test_a_large_answer_is_cut() -> None:
    with serving(TOKEN, answer("200 OK", b" " * 3_000_000)) as server, pytest.raises(errors.Unknown, match="size"):
        create(client_of(server))


def test_a_compressed_answer_is_not_unpacked() -> None:
    packed = answer("200 OK", b"\x1f\x8b", "Content-Encoding: gzip")
    with serving(TOKEN, packed) as server, pytest.raises(errors.Unknown, match="encoding"):
        create(client_of(server))


def test_a_truncated_answer_is_no_answer() -> None:
    def cut(connection: socket.socket, _request: bytes) -> None:
        connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"id": "x"}')
        connection.close()

    with serving(TOKEN, cut) as server, pytest.raises(errors.Unknown, match="no-answer"):
        create(client_of(server))


def test_a_reset_is_no_answer() -> None:
    with serving(TOKEN, reset) as server, pytest.raises(errors.Unknown, match="no-answer"):
        create(client_of(server))


@pytest.mark.parametrize(
    ("header", "low", "high"),
    [("7", 7, 7), ("1000000000", 900, 900), ("in a minute", 40, 61), ("yesterday", 0, 0)],
)
def test_retry_after_is_read_and_capped(header: str, low: float, high: float) -> None:
    dates = {
        "in a minute": datetime.now(UTC) + timedelta(seconds=60),
        "yesterday": datetime.now(UTC) - timedelta(days=1),
    }
    value = format_datetime(dates[header], usegmt=True) if header in dates else header
    limited = answer("429 Too Many Requests", b"{}", f"Retry-After: {value}")
    with serving(TOKEN, limited) as server, pytest.raises(errors.Unknown) as caught:
        create(client_of(server))
    assert caught.value.retry_after is not None
    assert low <= caught.value.retry_after <= high


def test_a_retry_after_of_garbage_counts_as_none() -> None:
    limited = answer("429 Too Many Requests", b"{}", "Retry-After: soon")
    with serving(TOKEN, limited) as server, pytest.raises(errors.Unknown) as caught:
        create(client_of(server))
    assert caught.value.retry_after is None


@pytest.mark.parametrize("lifetime", [b"null", b"-5", b"0", b'"3600"', b"1e400", b"true"])
def test_a_token_with_an_absurd_lifetime_is_used_for_a_while(lifetime: bytes) -> None:
    token = answer("200 OK", b'{"access_token": "t", "expires_in": ' + lifetime + b"}")
    with serving(token, CREATED) as server:
        client = client_of(server)
        create(client)
        create(client)
        assert len(server.requests) == 3


def test_the_machine_is_not_trusted(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    with serving(TOKEN, CREATED) as server:
        (tmp_path / ".netrc").write_text("machine 127.0.0.1 login mallory password stolen\n")  # type: ignore[operator]
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
        assert create(client_of(server)) == "investor-1"
        assert b"Bearer t1" in server.requests[1]


def test_one_connection_serves_several_calls() -> None:
    accepted: list[int] = []

    def noting(connection: socket.socket, request: bytes) -> None:
        accepted.append(connection.fileno())
        (TOKEN if b"oauth" in request else CREATED)(connection, request)

    with serving(noting) as server:
        client = client_of(server)
        for _ in range(3):
            create(client)
    assert len(set(accepted)) == 1


def test_the_answer_bears_cashlinks_clock_at_the_start_of_the_call() -> None:
    date = "Date: Sun, 22 Nov 2026 10:00:05 GMT"
    with serving(TOKEN, answer("200 OK", b'{"status": "PAID", "units": 5}', date)) as server:
        fetched = client_of(server).fetch_investment("x")
    assert fetched.answered_at == datetime(2026, 11, 22, 10, 0, 4, tzinfo=UTC)
    assert (fetched.status, fetched.units) == ("PAID", 5)


def test_an_observer_sees_each_exchange_without_secrets_and_personal_data() -> None:
    seen: list[Exchange] = []
    with serving(TOKEN, answer("201 Created", b'{"id": "investor-1"}')) as server, deadline.within(2):
        body = b'{"natural_person": {"surname": "Geheim"}, "bank_account": {"iban": "DE0012345"}}'
        client_of(server, observer=seen.append).create_investor(body, "the-key")
    assert [exchange.path for exchange in seen] == ["/oauth/token", "/v2/investors/"]
    told = repr(seen)
    assert not [secret for secret in ("Geheim", "DE0012345", "secret", "t1") if f"'{secret}'" in told or secret == told]
    assert "Geheim" not in told
    assert "DE0012345" not in told
    assert '"id": "investor-1"' in seen[1].answer
    assert seen[1].idempotency_key == "the-key"
