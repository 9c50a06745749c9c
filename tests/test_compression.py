"""Compression: text goes out short, everything else as it is, and caches are told the truth."""

from __future__ import annotations

import gzip

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from .investments.conftest import dana as dana
from .investments.person import Person
from .settings import BOND, WEBHOOK_TOKEN

GZIP = {"Accept_Encoding": "gzip, deflate, br"}


def fetch(client: FlaskClient, path: str, **headers: str) -> TestResponse:
    """The answer, with its file closed."""
    answer = client.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    assert answer.data is not None
    answer.close()
    return answer


def check_short(short: TestResponse, long: TestResponse) -> None:
    assert short.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in long.headers
    assert "Accept-Encoding" in short.vary
    assert "Accept-Encoding" in long.vary
    assert int(short.headers["Content-Length"]) == len(short.data) < len(long.data) / 2


def test_a_page_of_a_campaign_stays_below_its_budget(client: FlaskClient) -> None:
    short, long = (fetch(client, f"/campaigns/{BOND}", **headers) for headers in (GZIP, {}))
    check_short(short, long)
    assert gzip.decompress(short.data).startswith(b"<!doctype html>")
    assert len(short.data) < 15_000


@pytest.mark.parametrize("name", ["portal.css", "live.js", "campaigns/hollerbrueck.svg"])
def test_a_static_text_is_the_same_file_in_both_forms(client: FlaskClient, name: str) -> None:
    short, long = (fetch(client, f"/static/{name}", **headers) for headers in (GZIP, {}))
    check_short(short, long)
    assert gzip.decompress(short.data) == long.data
    assert short.headers["ETag"] == long.headers["ETag"]
    assert short.headers["ETag"].startswith("W/")
    again = fetch(client, f"/static/{name}", **GZIP, If_None_Match=short.headers["ETag"])
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == short.headers["ETag"]
    assert "Accept-Encoding" in again.vary


@pytest.mark.parametrize(
    "path", ["/static/fonts/portal-sans.woff2", f"/campaigns/{BOND}/documents/costs.pdf", "/healthz", "/account"]
)
def test_what_is_short_or_compressed_already_goes_out_as_it_is(client: FlaskClient, path: str) -> None:
    assert "Content-Encoding" not in fetch(client, path, **GZIP).headers


@pytest.mark.parametrize("encodings", ["", "br", "gzip;q=0", "identity"])
def test_who_cannot_read_it_gets_the_page_as_it_is(client: FlaskClient, encodings: str) -> None:
    answer = fetch(client, "/privacy", Accept_Encoding=encodings)
    assert answer.data.startswith(b"<!doctype html>")


def test_a_part_of_a_file_is_a_part_of_the_file(client: FlaskClient) -> None:
    answer = fetch(client, "/static/portal.css", **GZIP, Range="bytes=0-9")
    assert answer.status_code == 206
    assert answer.data == fetch(client, "/static/portal.css").data[:10]


def test_the_fragment_of_a_progress_page_keeps_its_tag(app: object, dana: Person) -> None:
    path = f"/investments/{dana.invest('KYC_PENDING')}/status"
    short, long = (fetch(dana.client, path, **headers) for headers in (GZIP, {}))
    check_short(short, long)
    again = fetch(dana.client, path, **GZIP, If_None_Match=short.headers["ETag"])
    assert again.status_code == 304


def test_a_stream_is_not_held_back(dana: Person) -> None:
    path = f"/investments/{dana.invest('KYC_PENDING')}/events"
    with dana.client.get(path, headers={"Accept-Encoding": "gzip"}) as stream:
        assert "Content-Encoding" not in stream.headers
        assert next(iter(stream.response)).startswith(b"id:")  # type: ignore[arg-type]


def test_the_answer_to_a_webhook_stays_empty(client: FlaskClient) -> None:
    headers = {"Accept-Encoding": "gzip", "Authorization": f"Bearer {WEBHOOK_TOKEN}"}
    answer = client.post("/webhooks/cashlink", data=b"{}", headers=headers)
    assert (answer.status_code, answer.data) == (204, b"")
    assert "Content-Encoding" not in answer.headers
