"""No log, no address and no cookie holds personal data or a secret, whatever goes wrong.

One person, made of values that occur nowhere else, walks into every kind of trouble: once with all loggers at DEBUG,
once at `portal serve` as it is.
"""

from __future__ import annotations

import base64
import json
import logging
import re
import socket
import sqlite3
import threading
import zlib
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter

from .journey import TYPED, Visitor, press_in_studio
from .settings import BOND, WEBHOOK_TOKEN
from .world import World, wait_until

pytestmark = pytest.mark.slow

EMAIL = "quillon.kestrel@example.org"
PASSWORD = "quillon sorrel password"
# Another loopback address than that of the servers, so that it is known when it turns up; and one of a proxy's header.
ADDRESS, FORWARDED = "127.0.0.77", "203.0.113.77"
ANSWERS = {
    **TYPED,
    "person": {"salutation": "MS", "forename": "Quillon", "surname": "Kestrel"},
    "birth": {**TYPED["birth"], "birth_place": "Sorrelheim"},
    "address": {**TYPED["address"], "street": "Kestrelgasse 7"},
    "bank": {**TYPED["bank"], "account_holder": "Quillon Kestrel"},
    "identification": {
        "identified": "true",
        "document_type": "IDCARD",
        "document_id": "L7KESTREL7",
        "document_issuer": "Stadt Sorrelheim",
        "document_valid_from": "2021-03-04",
        "document_valid_to": "2040-03-03",
        "identity_provider": "POSTIDENT",
        "legitimation_process_id": "KESTREL-4711",
        "verified_at": "2024-05-06T07:08",
    },
}
PROTOCOL = b"%PDF-1.4\nprotocol of Quillon Kestrel\n"
STOLEN = "a-token-that-somebody-has-guessed"

# What a person would not want to be read by others: parts of it count, too.
PERSONAL = (
    "quillon",
    "kestrel",
    "sorrel",
    "example.org",
    "90000000707070",
    "21345678998",
    "1985-08-31",
    "23125110",
    ADDRESS,
    FORWARDED,
)
# What must not be in the database's files once Cashlink has confirmed the import.
DROPPED = ("90000000707070", "21345678998", "1985-08-31", "L7KESTREL7", "Kestrelgasse", PASSWORD, "protocol of Quillon")
# Of the settings.
SECRETS = ("secret-of-the-tests", WEBHOOK_TOKEN, "a-key-that-only-the-tests-know", STOLEN)


class Person(Visitor):
    """A visitor from an address of their own, who keeps all cookies that were ever set.

    Attributes:
        kept: pairs of name and value.
        failed: pages of errors that are no forms.
    """

    def __init__(self, home: str) -> None:
        super().__init__(home)
        self.kept: set[tuple[str, str]] = set()
        self.failed: list[str] = []
        self.browser.mount("http://", _FromAddress())
        self.browser.headers["X-Forwarded-For"] = FORWARDED
        self.browser.headers["User-Agent"] = "Quillon's browser"

    def _arrive(self, answer: requests.Response) -> Visitor:
        for step in (*answer.history, answer):
            self.kept |= {(cookie.name, cookie.value or "") for cookie in step.cookies}
        super()._arrive(answer)
        if answer.status_code >= 400 and not self.has_form():
            self.failed.append(self.text)
        return self

    def upload(self, typed: dict[str, str], content: bytes) -> None:
        """Send the present form with a file."""
        form = self.form()
        files = {"protocol": ("kestrel.pdf", content, "application/pdf")}
        self._arrive(self.browser.post(self.url, data={**form.values, **typed}, files=files, timeout=20))


class _FromAddress(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, source_address=(ADDRESS, 0), **options)


class Trouble:
    """All that happens to the person, at a portal with its database in `folder`."""

    def __init__(self, portal: str, simulator: str, folder: Path) -> None:
        self.portal, self.simulator, self.folder = portal, simulator, folder
        self.person = Person(portal)
        # Secrets that come into being on the way: of links, of sessions.
        self.secrets: set[str] = set()

    def files(self) -> str:
        """All that the portal's database has on the disk."""
        return "".join(path.read_bytes().decode("latin-1") for path in self.folder.glob("portal.sqlite3*"))

    def left(self) -> list[str]:
        files = self.files()
        return [value for value in DROPPED if value in files]

    def happens(self) -> None:
        self.register()
        self.pass_on()
        self.subscribe()
        self.webhooks()
        self.errors()

    def register(self) -> None:
        person = self.person
        person.open("/register").send({"email": EMAIL, "password": PASSWORD}, tick=True)
        # Wrong password, unknown address, known address.
        for email in (EMAIL, f"not.{EMAIL}", EMAIL):
            Person(self.portal).open("/login").send({"email": email, "password": f"{PASSWORD} wrong"})
        Person(self.portal).open("/register").send({"email": EMAIL, "password": PASSWORD}, tick=True)
        Person(self.portal).open("/password/forgotten").send({"email": EMAIL})
        (mail,) = self.read("SELECT body_text FROM mail WHERE recipient = ? ORDER BY id LIMIT 1", EMAIL)
        link = re.search(r"http://\S+/confirm-email/(\S+)", mail)
        assert link is not None
        self.secrets.add(link[1])
        person.open(link[0]).send({"password": PASSWORD})
        assert person.path == "/investor/person"

    def pass_on(self) -> None:
        person = self.person
        for step, typed in ANSWERS.items():
            assert person.path == f"/investor/{step}"
            if step == "bank":
                person.send({**typed, "iban": "DE00 9000 0000 7070 7070 70"})
                assert person.answer.status_code == 422
                with self.refusing("investor"):
                    assert person.send(typed).answer.status_code == 500
                person.open("/investor/bank")
            if step == "identification":
                person.upload(typed, PROTOCOL)
            else:
                person.send(typed)
            assert person.answer.history, person.text
        with self.refusing("intent"):
            assert person.send({"consent": "y"}).answer.status_code == 500
        assert DROPPED[0] in self.files()
        # The consent was kept, and the loop goes on from there.
        wait_until(lambda: person.open("/investor").heading == "Your data has been passed on", what="the import")
        wait_until(lambda: not self.left(), what="dropping", known=self.left)

    def subscribe(self) -> None:
        person = self.person
        person.open(f"/campaigns/{BOND}").send(form="form[data-invest]")
        self.secrets.add(person.url.split("/subscribe/")[1].partition("/")[0])
        while person.has_form():
            person.send(tick=True)
        studio = Visitor(self.simulator)
        for action in ("review", "accept"):
            press_in_studio(studio, action)
        person.open(f"{self.portal}/investments").follow('main table a[href^="/investments/"]')
        wait_until(lambda: person.open(person.url).status == "ACCEPTED", what="ACCEPTED")

    def webhooks(self) -> None:
        """Good, bad, foreign and broken ones."""
        bodies = [
            f'{{"investment_id": "{EMAIL}", "status": "QUILLON", "changed_at": "Kestrel"}}',
            f'{{"email": "{EMAIL}", "iban": "{ANSWERS["bank"]["iban"]}"',
            "[" * 5000 + "kestrel",
            f'{{"person": "{"Quillon Kestrel " * 6000}"}}',
            "\x00\xff kestrel",
        ]
        for body in bodies:
            for token in (WEBHOOK_TOKEN, STOLEN):
                self.post(body, token)

    def post(self, body: str, token: str) -> int:
        headers = {"Authorization": f"Bearer {token}", "X-Forwarded-For": FORWARDED}
        answer = requests.post(f"{self.portal}/webhooks/cashlink", body.encode(), headers=headers, timeout=20)
        return answer.status_code

    def errors(self) -> None:
        """404, CSRF, a form too large, and a database whose tables are away while somebody writes into them."""
        person = self.person
        person.open(f"{self.portal}/investments/00000000-0000-0000-0000-000000000000")
        assert person.answer.status_code == 404
        person.browser.post(f"{self.portal}/login", data={"email": EMAIL, "password": PASSWORD}, timeout=20)
        person.browser.post(f"{self.portal}/login", data={"email": EMAIL * 40_000}, timeout=20)
        other = Person(self.portal)
        other.open("/register")
        with self.away("mail"):
            other.send({"email": f"other.{EMAIL}", "password": PASSWORD}, tick=True)
            assert other.answer.status_code == 503
        with self.away("status_change"):
            body = f'{{"investment_id": "kestrel", "status": "{STOLEN}", "changed_at": "2026-01-01T00:00:00Z"}}'
            assert self.post(body, WEBHOOK_TOKEN) == 503
            assert person.open(f"{self.portal}/investments").answer.status_code == 503
        self.secrets |= {value for name, value in person.kept | other.kept if name.endswith("_session")}

    @contextmanager
    def away(self, table: str) -> Iterator[None]:
        """A table is gone for a while: whatever touches it fails, with what it wanted to write in its hands."""
        self.read(f"ALTER TABLE {table} RENAME TO {table}_away")
        try:
            yield
        finally:
            self.read(f"ALTER TABLE {table}_away RENAME TO {table}")

    @contextmanager
    def refusing(self, table: str) -> Iterator[None]:
        """A table takes nothing for a while, as by a mistake of ours: an exception that nobody has planned."""
        for event in ("INSERT", "UPDATE"):
            self.read(f"CREATE TRIGGER no_{event} BEFORE {event} ON {table} BEGIN SELECT RAISE(ABORT, 'refused'); END")
        try:
            yield
        finally:
            for event in ("INSERT", "UPDATE"):
                self.read(f"DROP TRIGGER no_{event}")

    def read(self, statement: str, *values: str) -> list[Any]:
        with closing(sqlite3.connect(self.folder / "portal.sqlite3", timeout=10)) as connection:
            found = [row[0] for row in connection.execute(statement, values)]
            connection.commit()
            return found


class Everything(logging.Handler):
    """Keeps every line of every logger, with its traceback, but for those of the visitors' own client."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.setFormatter(logging.Formatter("%(name)s %(levelname)s %(message)s"))
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.threadName != threading.main_thread().name:
            self.lines.append(self.format(record))

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


@contextmanager
def all_loggers() -> Iterator[Everything]:
    """Everything that is logged at DEBUG; the rows that a statement reads, which SQLAlchemy tells at DEBUG, are not."""
    everything, root = Everything(), logging.getLogger()
    levels = {"": logging.DEBUG, "sqlalchemy": logging.INFO, "werkzeug": logging.DEBUG, "urllib3": logging.DEBUG}
    before = {name: logging.getLogger(name).level for name in levels}
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)
    root.addHandler(everything)
    try:
        yield everything
    finally:
        root.removeHandler(everything)
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[Trouble, str]:
    """The person after all the trouble, and what was logged meanwhile."""
    folder = tmp_path_factory.mktemp("trouble")
    with all_loggers() as everything, World(folder) as world:
        trouble = Trouble(world.url, world.simulator_url, folder)
        trouble.happens()
    return trouble, everything.text


def found_in(text: str, secrets: Iterable[str] = ()) -> list[str]:
    """What a text should not hold, with the line in which it does."""
    forbidden = [*PERSONAL, *(secret.lower() for secret in (*SECRETS, *secrets))]
    return [f"{value}: {line[:300]}" for line in text.splitlines() for value in forbidden if value in line.lower()]


def decoded(cookie: str) -> str:
    """What stands in a signed cookie of Flask, which everybody can read."""
    payload = cookie.removeprefix(".").partition(".")[0]
    raw = base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
    return (zlib.decompress(raw) if cookie.startswith(".") else raw).decode("utf-8", "replace")


def test_with_all_loggers_at_debug(told: tuple[Trouble, str]) -> None:
    trouble, text = told
    # It was logged at all: the calls to Cashlink, the statements, the failures.
    for sign in ("urllib3.connectionpool DEBUG", "sqlalchemy.engine", "portal ERROR", "no such table", "Traceback"):
        assert sign in text, sign
    assert found_in(text, trouble.secrets) == []


def test_addresses_and_cookies_tell_nothing_of_the_person(told: tuple[Trouble, str]) -> None:
    """The links that are mailed, and start_url, bear a secret of their own, and nothing else."""
    person = told[0].person
    assert len(person.visited) > 30
    assert found_in("\n".join(person.visited)) == []
    assert {name for name, _ in person.kept} == {"portal_session", "simulator_session"}
    assert len(person.kept) > 4
    for _, cookie in person.kept:
        assert found_in(cookie) == found_in(decoded(cookie)) == []
    assert any("_user_id" in decoded(cookie) for _, cookie in person.kept)


def test_pages_of_errors_tell_nothing_of_the_person(told: tuple[Trouble, str]) -> None:
    assert len(told[0].person.failed) > 2
    assert found_in("\n".join(told[0].person.failed), told[0].secrets) == []


def test_at_portal_serve_as_it_is(tmp_path: Path) -> None:
    pytest.importorskip("portal.simulator", reason="the simulator has been deleted")
    from .faults.serving import Served

    with Served(tmp_path, workers=1) as served:
        trouble = Trouble(served.url, served.simulator_url, tmp_path)
        trouble.happens()
        assert "no such table" in served.log()
        assert found_in(served.log(), trouble.secrets) == []
        check_lines(served)


def check_lines(served: Any) -> None:
    """Each line of the log is JSON, those of gunicorn too, and an answer's id leads to its line."""
    answer = requests.get(f"{served.url}/imprint?email={EMAIL}", timeout=20)
    assert "Server" not in answer.headers
    with socket.create_connection(("127.0.0.1", served.port), timeout=5) as broken:
        broken.sendall(f"GET /{EMAIL}\r\n\r\n".encode())
        broken.recv(1000)
    lines = [json.loads(line) for line in served.log().splitlines()]
    assert {"portal.access", "portal.security", "portal", "gunicorn.error"} <= {line["logger"] for line in lines}
    assert {line["message"] for line in lines if line["logger"] == "gunicorn.error"} >= {"invalid request"}
    (line,) = [line for line in lines if line["request_id"] == answer.headers["X-Request-Id"]]
    assert (line["path"], line["status"], line["client"]) == ("/imprint", 200, "127.0.0.0")
    assert found_in(served.log()) == []
