"""Who gets which answer where: one table over all routes, checked against the URL map; and what every page must bear.

Four visitors: somebody signed out; an account whose address is not confirmed; Alice, whose data are at Cashlink and
who has begun an investment; and Mallory, confirmed, who addresses what is Alice's.
"""

from __future__ import annotations

import re
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup, Tag
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text
from werkzeug.datastructures import Headers
from werkzeug.exceptions import HTTPException
from werkzeug.test import TestResponse

from portal import create_app, migrations
from portal.accounts import tokens
from portal.accounts.sessions import hash_token
from portal.config import Settings
from portal.database import db, now
from portal.models import Consent, Intent, Investment, Investor, User, UserSession

from .people import PASSWORD, add_user
from .settings import BOND, environment

pytestmark = pytest.mark.slow

VISITORS = ("signed out", "unconfirmed", "alice", "mallory")
START_URL = "http://localhost:9/subscribe/the-secret-of-alice"

# A number is the status. "→ place" is a 303 to it, "sign in" one to the page for it, "Cashlink" one to Alice's
# start_url. Fields of a POST stand behind the path. {…} are Alice's objects and links.
TABLE = """
request                                         signed out    unconfirmed         alice         mallory
GET  /                                          200           200                 200           200
GET  {page}                                     200           200                 200           200
GET  /campaigns/unknown                         404           404                 404           404
GET  {page}/documents/costs.pdf                 200           200                 200           200
GET  {page}/documents/unknown.pdf               404           404                 404           404
GET  /campaigns/unknown/documents/costs.pdf     404           404                 404           404
POST {page}/invest number=1                     sign in       → /register/sent    Cashlink      → /investor?next={page}
POST {page}/invest number=none                  sign in       400                 400           400
POST /campaigns/unknown/invest number=1         404           404                 404           404

GET  /register                                  200           → /                 → /           → /
POST /register                                  422           → /                 → /           → /
GET  /register/sent                             → /register   200                 → /register   → /register
POST /register/sent                             → /register   → /register/sent    → /register   → /register
GET  /confirm-email/{confirmation}              200           200                 200           200
POST /confirm-email/{confirmation}              422           422                 422           422
GET  /confirm-email/invented                    410           410                 410           410
POST /confirm-email/invented                    410           410                 410           410
POST /confirm-email/invented/again              200           200                 200           200
GET  /login                                     200           → /                 → /           → /
POST /login                                     422           → /                 → /           → /
POST /logout                                    → /           → /                 → /           → /
GET  /account                                   sign in       200                 200           200
GET  /account/session                           200           200                 200           200
GET  /account/sessions                          sign in       200                 200           200
POST /account/sessions session=none             sign in       → {sessions}        → {sessions}  → {sessions}
GET  /account/consents                          sign in       200                 200           200
GET  /account/consents/{consent}                sign in       404                 200           404
GET  /account/consents/withdraw                 sign in       → {consents}        200           → {consents}
POST /account/consents/withdraw                 sign in       → {consents}        → {consents}  → {consents}
GET  /account/passed-on                         sign in       200                 200           200
GET  /account/email                             sign in       200                 200           200
POST /account/email                             sign in       422                 422           422
GET  /account/email/{change}                    200           200                 200           200
POST /account/email/{change}                    422           422                 → /account    410
GET  /account/email/invented                    410           410                 410           410
GET  /account/password                          sign in       200                 200           200
POST /account/password                          sign in       422                 422           422
GET  /account/data                              sign in       200                 200           200
GET  /account/delete                            sign in       200                 200           200
POST /account/delete                            sign in       422                 422           422
POST /account/sign-out-everywhere               sign in       → /login            → /login      → /login
GET  /password/forgotten                        200           200                 200           200
POST /password/forgotten                        422           422                 422           422
GET  /password/sent                             200           200                 200           200
GET  /password/{reset}                          200           200                 200           200
POST /password/{reset}                          422           422                 422           422
GET  /password/invented                         410           410                 410           410
POST /language language=de                      → /           → /                 → /           → /

GET  /investor                                  sign in       → /investor/check   200           → /investor/check
GET  /investor/person                           sign in       200                 200           200
POST /investor/person surname=                  sign in       422                 409           422
GET  /investor/identification                   sign in       200                 200           200
POST /investor/identification identified=false  sign in       → /investor/check   409           → /investor/check
GET  /investor/check                            sign in       200                 → /investor   200
POST /investor/check                            sign in       422                 → /investor   422
POST /investor/check consent=y                  sign in       → /register/sent    → /investor   → /investor
GET  /investor/consent                          sign in       → /investor         → /investor   → /investor
POST /investor/consent consent=y                sign in       → /investor         → /investor   → /investor
GET  /investor/too-young                        sign in       200                 200           200
GET  /investor/us-tax                           sign in       200                 200           200

GET  /investments                               sign in       200                 200           200
GET  /investments/{investment}                  sign in       404                 200           404
GET  /investments/{investment}/status           401           404                 200           404
GET  /investments/{investment}/events           401           404                 200           404

POST /webhooks/cashlink                         401           401                 401           401
POST /webhooks/cashlink/                        401           401                 401           401
POST /oauth/token                               400           400                 400           400

GET  /how-it-works                              200           200                 200           200
GET  /help                                      200           200                 200           200
GET  /imprint                                   200           200                 200           200
GET  /terms                                     200           200                 200           200
GET  /privacy                                   200           200                 200           200
GET  /risks                                     200           200                 200           200
GET  /accessibility                             200           200                 200           200
GET  /withdraw                                  200           200                 200           200
POST /withdraw                                  422           422                 422           422
POST /withdraw name=A contract=B email=c@d.ef   200           200                 200           200
POST /withdraw/confirm                          422           422                 422           422
POST /withdraw/confirm name=A contract=B email=c@d.ef  → {receipt}   → {receipt}         → {receipt}   → {receipt}
GET  /withdraw/receipt                          → /withdraw   → /withdraw         → /withdraw   → /withdraw
GET  /favicon.ico                               200           200                 200           200
GET  /brand/brand.css                           404           404                 404           404
GET  /healthz                                   200           200                 200           200
GET  /readyz                                    200           200                 200           200
GET  /metrics                                   404           404                 404           404
GET  /static/portal.css                         200           200                 200           200
"""
# With the presenter's aids. Everybody may be anybody there; without them nothing of it answers.
DEMO_TABLE = """
request                                         signed out    unconfirmed         alice         mallory
GET  /mailbox                                   200           200                 200           200
POST /demo/sign-in/alice                        → /           → /                 → /           → /
POST /demo/sign-in/nobody                       → /login      → /login            → /login      → /login
POST /investor/person sample=1                  sign in       200                 409           200
GET  /static/demo/backstage.css                 200           200                 200           200
GET  /backstage                                 200           200                 200           200
GET  /backstage/live                            200           200                 200           200
GET  /backstage/999999                          404           404                 404           404
GET  /backstage/take-home                       200           200                 200           200
POST /backstage/sync                            → /backstage  → /backstage        → /backstage  → /backstage
GET  /stage                                     200           200                 200           200
GET  /stage/view                                200           200                 200           200
POST /stage/next position=0                     → /stage      → /stage            → /stage      → /stage
POST /stage/next position=x                     400           400                 400           400
POST /stage/by-hand                             → /stage      → /stage            → /stage      → /stage
POST /stage/cast/alice                          → /stage      → /stage            → /stage      → /stage
POST /stage/cast/nobody                         404           404                 404           404
POST /stage/play/happy-path                     → /stage      → /stage            → /stage      → /stage
POST /stage/play/nothing                        404           404                 404           404
GET  /stage/script/happy-path                   200           200                 200           200
GET  /stage/script/nothing                      404           404                 404           404
POST /demo/start-over                           → /stage      → /stage            → /stage      → /stage
"""
# Called by Cashlink's machines, which have no session.
RECEIVERS = {"webhooks.receive", "webhook_tokens.issue"}


@dataclass(frozen=True)
class Row:
    """A line of the table."""

    method: str
    path: str
    fields: dict[str, str] = field(hash=False)
    answers: tuple[str, ...]

    def __str__(self) -> str:
        return " ".join([self.method, self.path, *(f"{name}={value}" for name, value in self.fields.items())])


@dataclass(frozen=True)
class Answer:
    """What one visitor got, kept for all tests."""

    words: str
    headers: Headers
    text: str
    page: BeautifulSoup | None


def rows(table: str) -> list[Row]:
    found = []
    for line in table.strip().splitlines()[1:]:
        if line:
            request, *answers = re.split(r"\s{2,}", line.replace("GET  ", "GET ").strip())
            assert len(answers) == len(VISITORS), line
            method, path, *fields = request.split()
            found.append(Row(method, path, dict(part.split("=") for part in fields), tuple(answers)))
    return found


ROWS, DEMO_ROWS = rows(TABLE), rows(DEMO_TABLE)


class Place:
    """A portal with these people in it. `restore` brings its database back to what it was."""

    def __init__(self, folder: Path, *, demo: bool) -> None:
        self.app = create_app(Settings.from_environment(environment(folder)), demo=demo)
        migrations.migrate(self.app)
        self._file, self._copy = folder / "portal.sqlite3", folder / "copy"
        self.users = {name: add_user(self.app, name) for name in ("unconfirmed", "alice", "mallory")}
        with self.app.app_context():
            self.names = {"page": f"/campaigns/{BOND}", **self._fill()}
            db.session.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
        self._forget_connections()
        shutil.copy(self._file, self._copy)
        self._told: dict[Row, dict[str, Answer]] = {}

    @property
    def rows(self) -> list[Row]:
        return [*ROWS, *(DEMO_ROWS if "demo" in self.app.blueprints else ())]

    def told(self, row: Row) -> dict[str, Answer]:
        """What each visitor is told; asked once, from the same state for each row."""
        if row not in self._told:
            self._told[row] = {name: self._answer(self.ask(self.visitor(name), row)) for name in VISITORS}
            self.restore()
        return self._told[row]

    @staticmethod
    def _answer(response: TestResponse) -> Answer:
        # A file to take home is no page of this site.
        is_page = response.mimetype == "text/html" and "Content-Disposition" not in response.headers
        text = response.text if is_page else ""
        page = BeautifulSoup(text, "html.parser") if text else None
        answer = Answer(in_words(response), response.headers, text, page)
        # A stream would go on for ever.
        response.close()
        return answer

    def _fill(self) -> dict[str, str]:
        alice, stranger = (db.session.get_one(User, self.users[name]) for name in ("alice", "unconfirmed"))
        stranger.email_confirmed_at = None
        for investor in db.session.scalars(select(Investor)):
            # Not identified before: the one step that may be left out is answered, too.
            investor.answers = {**(investor.answers or {}), "identification": {}}
        assert alice.investor is not None
        alice.investor.consented_at = alice.investor.imported_at = now()
        alice.investor.answers, alice.investor.cashlink_id = None, "investor-of-alice"
        investment = Investment(
            user_id=alice.id, campaign=BOND, number=1, start_url=START_URL, cashlink_id="investment-of-alice"
        )
        db.session.add(investment)
        consent = Consent(investor_id=alice.investor.id, given_at=now(), text="I agree.", recipient="C", language="en")
        db.session.add(consent)
        db.session.flush()
        db.session.add(Intent(kind="investment", investment_id=investment.id, result="done", closed_at=now()))
        places = {"sessions": "/account/sessions", "consents": "/account/consents", "receipt": "/withdraw/receipt"}
        links = {
            "confirmation": tokens.issue(stranger, tokens.CONFIRM),
            "reset": tokens.issue(alice, tokens.RESET),
            "change": tokens.issue(alice, tokens.CHANGE, "alice@elsewhere.example"),
        }
        db.session.commit()
        return {"investment": str(investment.id), "consent": str(consent.id), **places, **links}

    def _forget_connections(self) -> None:
        with self.app.app_context():
            db.session.remove()
            db.engine.dispose()

    def restore(self) -> None:
        self._forget_connections()
        for leftover in self._file.parent.glob("portal.sqlite3-*"):
            leftover.unlink()
        shutil.copy(self._copy, self._file)

    def visitor(self, name: str) -> FlaskClient:
        """A browser of this person, signed in by a session row, whatever the sign-in page would say."""
        client = self.app.test_client()
        client.set_cookie("portal_language", "en")
        if name in self.users:
            token = secrets.token_urlsafe(32)
            with self.app.app_context():
                db.session.add(UserSession(token_hash=hash_token(token), user_id=self.users[name]))
                db.session.commit()
            with client.session_transaction() as session:
                session.update(_user_id=token, _fresh=True)
        return client

    def ask(self, client: FlaskClient, row: Row, *, token: str | None = None) -> TestResponse:
        """Send the request of a row; a POST with the token of a page, where none other is given."""
        path = row.path.format(**self.names)
        if row.method == "GET":
            return client.get(path)
        return client.post(path, data={**row.fields, "csrf_token": csrf_token(client) if token is None else token})

    def route(self, row: Row) -> tuple[str, str]:
        """Rule and method of a row; raises where no route answers."""
        rule, _ = self.app.url_map.bind("localhost").match(row.path.format(**self.names), row.method, return_rule=True)
        return rule.rule, row.method


def csrf_token(client: FlaskClient) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/privacy").text)
    assert found is not None
    return found[1]


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place(tmp_path_factory.mktemp("plain"), demo=False)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Place:
    pytest.importorskip("portal.demo", reason="the demo has been deleted")
    return Place(tmp_path_factory.mktemp("demo"), demo=True)


@pytest.fixture(params=["plain", pytest.param("demo", marks=pytest.mark.slow)])
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    """Both kinds of portal, each as it was at first."""
    place: Place = request.getfixturevalue(request.param)
    yield place
    place.restore()


def in_words(response: TestResponse) -> str:
    """What came back, in the words of the table."""
    if response.status_code != 303:
        return str(response.status_code)
    location = response.location
    if location == START_URL:
        return "Cashlink"
    return "sign in" if location.startswith("/login?next=/") else f"→ {location}"


@pytest.mark.parametrize("row", [*ROWS, *DEMO_ROWS], ids=str)
def test_everybody_gets_the_answer_of_the_table(place: Place, row: Row) -> None:
    if row in place.rows:
        told = place.told(row)
        cells = dict(zip(VISITORS, row.answers, strict=True))
        assert {name: answer.words for name, answer in told.items()} == {
            name: cell.format(**place.names) for name, cell in cells.items()
        }
        for name in set(VISITORS) - {"alice"}:
            assert START_URL not in told[name].text


def test_the_table_and_the_url_map_name_the_same_routes(place: Place) -> None:
    told = {place.route(row) for row in place.rows}
    there = {
        (rule.rule, method)
        for rule in place.app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert there - told == set(), "routes without a row in the table"
    assert told - there == set(), "rows without a route"


def test_a_portal_without_the_aids_has_none_of_their_routes(plain: Place) -> None:
    for row in DEMO_ROWS:
        # These two paths are ordinary ones there: a step of the form, and a static file that is missing.
        if row.path != "/investor/person" and not row.path.startswith("/static/"):
            with pytest.raises(HTTPException):
                plain.route(row)
    sample = next(row for row in DEMO_ROWS if "sample" in row.fields)
    assert plain.told(sample)["mallory"].words.startswith("→ /investor/")


# CSRF.


def posts(place: Place) -> list[tuple[Row, str]]:
    """A row for each POST route, with the name of its endpoint."""
    found: dict[str, tuple[Row, str]] = {}
    for row in place.rows:
        if row.method == "POST":
            rule, _ = place.app.url_map.bind("localhost").match(
                row.path.format(**place.names), "POST", return_rule=True
            )
            found.setdefault(rule.rule, (row, rule.endpoint))
    return list(found.values())


@pytest.mark.parametrize("name", ["signed out", "mallory"])
def test_a_post_without_a_token_of_this_session_does_nothing(place: Place, name: str) -> None:
    """It answers 400. Where the page of the form is not there for this visitor, it leads where that page leads."""
    foreign = csrf_token(place.visitor("alice"))
    for row, endpoint in posts(place):
        if endpoint in RECEIVERS:
            continue
        for token in ("", "invented", foreign):
            client = place.visitor(name)
            csrf_token(client)
            page = client.get(row.path.format(**place.names))
            response = place.ask(client, row, token=token)
            wanted = ("303 SEE OTHER", page.location) if page.status_code == 303 else ("400 BAD REQUEST", None)
            assert (response.status, response.location) == wanted, f"{row} with {token!r}"
            # Whoever was signed in still is.
            assert (client.get("/account").status_code == 200) == (name == "mallory"), row


def test_receivers_ask_for_their_own_credentials_instead(place: Place) -> None:
    exempt = {endpoint for _, endpoint in posts(place) if endpoint in RECEIVERS}
    assert exempt == RECEIVERS
    client = place.app.test_client()
    refused = client.post("/webhooks/cashlink", json={})
    assert (refused.status_code, refused.headers["WWW-Authenticate"]) == (401, 'Bearer realm="webhooks"')
    assert client.post("/oauth/token").get_json() == {"error": "unauthorized_client"}


# What every page bears.

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "Cache-Control": "no-store",
}
POLICY = {
    "default-src": {"'none'"},
    "script-src": {"'self'"},
    "style-src": {"'self'"},
    "img-src": {"'self'", "data:"},
    "font-src": {"'self'"},
    "connect-src": {"'self'"},
    "manifest-src": {"'self'"},
    "form-action": {"'self'", "https:", "http://localhost:9"},
    "base-uri": {"'none'"},
    "frame-ancestors": {"'none'"},
}


def check_headers(headers: Headers) -> None:
    for name, value in HEADERS.items():
        assert headers.get(name) == value, name
    directives = [part.split() for part in headers["Content-Security-Policy"].split(";")]
    assert {name: set(sources) for name, *sources in directives} == POLICY
    for cookie in headers.getlist("Set-Cookie"):
        assert "HttpOnly" in cookie, cookie
        assert "SameSite=Lax" in cookie, cookie


def inline_parts(page: BeautifulSoup) -> list[str]:
    """Scripts and styles in the page itself, and what is loaded from elsewhere."""
    found = [f"<{tag.name}>" for tag in page.select("style, script:not([src]), iframe, object, embed, base")]
    for tag in page.find_all(True):
        for name, value in tag.attrs.items():
            if name == "style" or name.startswith("on") or "javascript:" in str(value):
                found.append(f"{tag.name} {name}={value}")
    for tag in page.select("script[src], link[href]:not([rel=expect][href='#end']), img[src], source[src]"):
        place = str(tag.get("src") or tag.get("href"))
        # A picture in the page runs nothing, whatever it holds.
        picture = tag.name != "script" and place.startswith("data:image/svg+xml,")
        if not picture and not re.fullmatch(r"/static/[\w./-]+\?v=[0-9a-f]{12}", place):
            found.append(f"{tag.name} {place}")
    return found


def check_forms(page: BeautifulSoup) -> None:
    for form in page.select("form"):
        assert form.get("method") == "post", "what a form says stands in no address"
        assert str(form.get("action", "")).startswith("/"), form
        assert form.select_one('input[name="csrf_token"]'), form


@pytest.mark.parametrize("row", [*ROWS, *DEMO_ROWS], ids=str)
def test_every_answer_bears_the_headers_and_nothing_inline(place: Place, row: Row) -> None:
    if row in place.rows and not row.path.startswith("/static/") and row.path != "/favicon.ico":
        for answer in place.told(row).values():
            check_headers(answer.headers)
            if answer.page:
                assert inline_parts(answer.page) == []
                check_forms(answer.page)


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", "/no-such-page", {}, 404),
        ("GET", "/investments/not-a-uuid", {}, 404),
        ("GET", "/logout", {}, 405),
        ("GET", "/", {"Host": "evil.example"}, 421),
        ("POST", "/login", {}, 400),
        ("POST", "/campaigns/unknown%3Fx/invest", {}, 400),
        ("GET", "/static/no-such-file.css", {}, 404),
    ],
)
def test_pages_of_errors_are_pages_like_the_others(
    place: Place, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    response = place.app.test_client().open(path, method=method, headers=headers)
    assert response.status_code == status
    if not path.startswith("/static/"):
        check_headers(response.headers)
    page = BeautifulSoup(response.text, "html.parser")
    assert inline_parts(page) == []
    assert page.h1 is not None
    assert str(status) not in page.h1.get_text()
    assert page.select_one('main a[href^="/"]') or page.select_one("main form"), "a way to go on"


def test_a_failing_page_is_a_page_like_the_others(place: Place) -> None:
    with place.app.app_context():
        db.session.execute(text("UPDATE investment SET created_at = 'not an instant'"))
        db.session.commit()
    response = place.visitor("alice").get("/investments")
    assert response.status_code == 500
    check_headers(response.headers)
    page = BeautifulSoup(response.text, "html.parser")
    assert inline_parts(page) == []
    assert page.select_one('main a[href="/"]'), "a way to go on"
    assert "not an instant" not in response.text
    assert "Traceback" not in response.text


def test_no_link_leads_nowhere(place: Place) -> None:
    """Every address within the portal that stands on a page is one of a route that answers it."""
    adapter = place.app.url_map.bind("localhost")
    lost: dict[str, str] = {}
    for row in place.rows:
        for answer in place.told(row).values():
            for link, method in links(answer.page) if answer.page else ():
                try:
                    adapter.match(link.partition("?")[0].partition("#")[0], method)
                except HTTPException:
                    lost[f"{method} {link}"] = str(row)
    assert lost == {}


def links(page: BeautifulSoup) -> Iterator[tuple[str, str]]:
    def own(tag: Tag, name: str) -> str | None:
        value = str(tag.get(name, ""))
        return value if value.startswith("/") else None

    for tag in page.select("a, form, button"):
        for name, method in (("href", "GET"), ("action", "POST"), ("formaction", "POST")):
            if link := own(tag, name):
                yield link, method


# Sessions.


def test_a_copied_cookie_is_dead_after_signing_out(place: Place) -> None:
    alice = place.visitor("alice")
    assert alice.get("/account").status_code == 200
    thief = place.app.test_client()
    for name in ("portal_session", "portal_language"):
        cookie = alice.get_cookie(name)
        assert cookie is not None
        thief.set_cookie(name, cookie.value)
    assert thief.get("/account").status_code == 200
    alice.post("/logout", data={"csrf_token": csrf_token(alice)})
    assert thief.get("/account").status_code == 303
    assert thief.get(f"/investments/{place.names['investment']}/status").status_code == 401


def test_a_token_from_before_signing_in_is_worth_nothing_afterwards(place: Place) -> None:
    """Somebody who has planted a session in a browser knows its CSRF token."""
    client = place.app.test_client()
    planted = csrf_token(client)
    typed = {"email": "alice@example.org", "password": PASSWORD, "csrf_token": planted}
    assert client.post("/login", data=typed).status_code == 303
    assert client.post("/logout", data={"csrf_token": planted}).status_code == 400
    assert client.get("/account").status_code == 200


def test_behind_a_proxy_with_tls_a_form_needs_no_referrer(environ: dict[str, str]) -> None:
    environ |= {"PORTAL_PUBLIC_URL": "https://portal.example.org", "PORTAL_PROXIES": "1"}
    app = create_app(Settings.from_environment(environ))
    migrations.migrate(app)
    client = app.test_client()
    sent: dict[str, Any] = {"base_url": "http://portal.example.org", "headers": {"X-Forwarded-Proto": "https"}}
    page = client.get("/login", **sent).text
    (cookie,) = client._cookies.values()
    sent["headers"]["Cookie"] = f"{cookie.key}={cookie.value}"
    token = BeautifulSoup(page, "html.parser").select("[name=csrf_token]")[0]["value"]
    assert client.post("/language", data={"language": "de", "csrf_token": token}, **sent).status_code == 303


@pytest.mark.parametrize(
    ("scheme", "name", "secure"), [("https", "__Host-portal_session", True), ("http", "portal_session", False)]
)
def test_the_scheme_of_the_public_address_decides_about_the_cookies(
    environ: dict[str, str], scheme: str, name: str, secure: bool
) -> None:
    environ["PORTAL_PUBLIC_URL"] = f"{scheme}://localhost:8000"
    app: Flask = create_app(replace(Settings.from_environment(environ)))
    migrations.migrate(app)
    client, base_url = app.test_client(), f"{scheme}://localhost:8000"
    response = client.get("/login", base_url=base_url)
    data = {
        "language": "de",
        "csrf_token": BeautifulSoup(response.text, "html.parser").select("[name=csrf_token]")[0]["value"],
    }
    switched = client.post("/language", base_url=base_url, data=data, headers={"Referer": f"{base_url}/login"})
    assert "Anmelden" in client.get("/login", base_url=base_url).text
    for answer, cookie in ((response, name), (switched, name.replace("session", "language"))):
        (line,) = [line for line in answer.headers.getlist("Set-Cookie") if line.startswith(f"{cookie}=")]
        parts: list[Any] = [part.strip() for part in line.split(";")]
        assert ("Secure" in parts) == secure
        assert {"Path=/", "HttpOnly", "SameSite=Lax"} <= set(parts)
        assert not [part for part in parts if part.startswith("Domain")]
    assert ("Strict-Transport-Security" in response.headers) == secure
