"""Texts are compressed for browsers that ask for it, by both applications; nothing else is."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient

from .investments.conftest import dana as dana
from .investments.person import Person
from .settings import BOND, WEBHOOK_TOKEN

GZIP = {"Accept-Encoding": "gzip", "Accept": "text/html"}


@pytest.fixture(params=["portal", "simulator"])
def visitor(request: pytest.FixtureRequest, tmp_path: Path) -> FlaskClient:
    if request.param == "portal":
        client: FlaskClient = request.getfixturevalue("client")
        return client
    simulator = pytest.importorskip("portal.simulator", reason="the simulator has been deleted")
    from portal.simulator.config import Settings

    found: FlaskClient = simulator.create_app(Settings(database_path=tmp_path / "simulator.sqlite3")).test_client()
    return found


def address(visitor: FlaskClient) -> str:
    return "/login" if "accounts" in visitor.application.blueprints else "/studio/faults"


def sheet(visitor: FlaskClient) -> str:
    page = BeautifulSoup(visitor.get(address(visitor)).text, "html.parser")
    link = page.select_one("link[rel=stylesheet]")
    assert link is not None
    return str(link["href"])


def test_a_page_is_compressed_for_whom_it_suits(visitor: FlaskClient) -> None:
    plain = visitor.get(address(visitor))
    packed = visitor.get(address(visitor), headers=GZIP)
    assert (plain.content_encoding, packed.content_encoding) == (None, "gzip")
    assert len(packed.data) < len(plain.data) / 2
    assert BeautifulSoup(gzip.decompress(packed.data), "html.parser").h1 == BeautifulSoup(plain.data, "html.parser").h1
    assert "Accept-Encoding" in plain.headers["Vary"]
    assert "Accept-Encoding" in packed.headers["Vary"]
    assert int(packed.headers["Content-Length"]) == len(packed.data)


def test_a_stylesheet_is_compressed_and_still_known_by_its_tag(visitor: FlaskClient) -> None:
    css = sheet(visitor)
    with visitor.get(css) as plain, visitor.get(css, headers=GZIP) as packed:
        assert gzip.decompress(packed.data) == plain.data
        assert packed.headers["Cache-Control"] == plain.headers["Cache-Control"]
        tag = packed.headers["ETag"]
    assert tag.startswith("W/")
    with visitor.get(css, headers={**GZIP, "If-None-Match": tag}) as again:
        assert (again.status_code, again.data) == (304, b"")


def test_the_tokens_in_two_answers_differ_and_both_are_taken(visitor: FlaskClient) -> None:
    """Or the length of compressed answers would tell what is in them (BREACH)."""

    def form() -> tuple[str, str]:
        page = BeautifulSoup(visitor.get(address(visitor)).data, "html.parser")
        (found, *_others) = page.select("main form[method=post]")
        return str(found["action"]), str(found.select("[name=csrf_token]")[0]["value"])

    (action, first), (_action, second) = form(), form()
    tokens = first, second
    assert tokens[0] != tokens[1]
    # One of the same length of another browser is refused.
    for given, refused in ((tokens[0], False), (tokens[1], False), (tokens[0][::-1], True)):
        answer = visitor.post(action, data={"csrf_token": given})
        assert (answer.status_code == 400) is refused, answer.text[-300:]


def test_what_is_no_text_goes_as_it_is(client: FlaskClient) -> None:
    with client.get("/static/fonts/portal-sans.woff2", headers=GZIP) as font:
        assert font.content_encoding is None
    assert client.get("/healthz", headers=GZIP).content_encoding is None
    assert client.head("/help", headers=GZIP).content_encoding is None


def test_a_page_of_a_campaign_stays_below_its_budget(client: FlaskClient) -> None:
    assert len(client.get(f"/campaigns/{BOND}", headers=GZIP).data) < 15_000


def test_a_part_of_a_file_is_a_part_of_the_file(client: FlaskClient) -> None:
    with (
        client.get("/static/portal.css", headers={**GZIP, "Range": "bytes=0-9"}) as part,
        client.get("/static/portal.css") as whole,
    ):
        assert (part.status_code, part.data) == (206, whole.data[:10])


def test_the_fragment_of_a_progress_page_keeps_its_tag(dana: Person) -> None:
    path = f"/investments/{dana.invest('KYC_PENDING')}/status"
    tag = dana.client.get(path, headers=GZIP).headers["ETag"]
    assert dana.client.get(path, headers={**GZIP, "If-None-Match": tag}).status_code == 304


def test_a_stream_is_not_held_back(dana: Person) -> None:
    path = f"/investments/{dana.invest('KYC_PENDING')}/events"
    with dana.client.get(path, headers=GZIP) as stream:
        assert stream.content_encoding is None
        assert next(iter(stream.response)) == b": still here\n\n"  # type: ignore[arg-type]


def test_the_answer_to_a_webhook_stays_empty(client: FlaskClient) -> None:
    headers = {**GZIP, "Authorization": f"Bearer {WEBHOOK_TOKEN}"}
    answer = client.post("/webhooks/cashlink", data=b"{}", headers=headers)
    assert (answer.status_code, answer.data, answer.content_encoding) == (204, b"", None)
