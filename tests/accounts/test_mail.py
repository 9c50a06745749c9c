"""Mail: written with the change that causes it, sent later, and forgotten then."""

from __future__ import annotations

import email
import logging
import socketserver
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from email.message import Message
from email.policy import default
from pathlib import Path
from typing import Any, cast

import pytest
from flask import Flask
from sqlalchemy import select, update

from portal import mail, sending
from portal.database import db, now
from portal.models import Mail, User

from ..visitor import Visitor, link_in, mails
from .conftest import ALICE, PASSWORD, add_account


def send_due(app: Flask) -> int:
    """What the loop does first in each round."""
    with app.app_context():
        return sending.send_due()


class MailServer(socketserver.ThreadingTCPServer):
    """As much of SMTP as a client needs. Refuses addresses with "refused" in them."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Session)
        self.received: list[Message] = []
        self.verbs: list[str] = []

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.server_address[1]}?from=portal@example.org"


class Session(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        server = cast(MailServer, self.server)
        self.say("220 ready")
        while line := self.rfile.readline():
            verb = line[:4].strip().upper().decode()
            server.verbs.append(verb)
            if verb == "DATA":
                self.say("354 go on")
                server.received.append(email.message_from_bytes(self.body(), policy=default))
            if verb == "RCPT" and b"refused" in line:
                self.say("550 no such mailbox")
            else:
                self.say("221 bye" if verb == "QUIT" else "250 ok")
            if verb == "QUIT":
                return

    def body(self) -> bytes:
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        return b"".join(lines)

    def say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


@pytest.fixture
def server() -> Iterator[MailServer]:
    with MailServer() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def mail_by(app: Flask, url: str) -> None:
    app.extensions["settings"] = replace(app.extensions["settings"], mail_url=url)


def queue(app: Flask, address: str = ALICE, **values: Any) -> None:
    with app.app_context():
        user = db.session.scalars(select(User).where(User.email == address)).one()
        mail.queue(user, "confirm", "en", link=mail.link("accounts.login"), **values)
        db.session.commit()


def due_now(app: Flask) -> None:
    with app.app_context():
        db.session.execute(update(Mail).values(next_try_at=now()))
        db.session.commit()


def test_a_mail_is_sent_once_and_its_body_dropped(app: Flask, server: MailServer) -> None:
    mail_by(app, server.url)
    Visitor(app).register(ALICE, PASSWORD)
    link = link_in(mails(app, ALICE)[0])
    assert send_due(app) == 1
    assert send_due(app) == 0
    (received,) = server.received
    assert received["To"] == ALICE
    assert received["From"] == "portal@example.org"
    assert received["Subject"] == "Confirm your email address"
    assert received["Auto-Submitted"] == "auto-generated"
    parts = {part.get_content_type(): part.get_content() for part in received.walk() if not part.is_multipart()}  # type: ignore[attr-defined]
    assert f"http://localhost:8000{link}" in parts["text/plain"]
    assert f'href="http://localhost:8000{link}"' in parts["text/html"]
    (row,) = mails(app, ALICE)
    assert (row.body_text, row.body_html) == (None, None)
    assert row.sent_at is not None


def test_registering_does_not_need_the_mail_server(
    app: Flask, server: MailServer, caplog: pytest.LogCaptureFixture
) -> None:
    mail_by(app, "smtp://127.0.0.1:9")
    with caplog.at_level(logging.DEBUG):
        assert Visitor(app).register(ALICE, PASSWORD).status == 303
        assert send_due(app) == 0
    (row,) = mails(app, ALICE)
    assert row.sent_at is None
    assert row.body_text
    assert timedelta(seconds=30) < row.next_try_at - now() <= timedelta(minutes=1)
    assert "not sent" in caplog.text
    assert "alice" not in caplog.text
    mail_by(app, server.url)
    assert send_due(app) == 0
    due_now(app)
    assert send_due(app) == 1


def test_a_refused_address_does_not_hold_up_the_others(app: Flask, server: MailServer) -> None:
    mail_by(app, server.url)
    for address in ("refused@example.org", ALICE):
        add_account(app, address)
        queue(app, address)
    assert send_due(app) == 1
    assert [message["To"] for message in server.received] == [ALICE]
    (row,) = mails(app, "refused@example.org")
    assert row.body_text
    assert row.attempts == 1


def test_an_undeliverable_mail_is_given_up_after_a_day(app: Flask, server: MailServer) -> None:
    mail_by(app, server.url)
    add_account(app, "refused@example.org")
    queue(app, "refused@example.org")
    with app.app_context():
        db.session.execute(update(Mail).values(created_at=now() - timedelta(hours=25)))
        db.session.commit()
    assert send_due(app) == 0
    assert mails(app, "refused@example.org") == []


def test_two_processes_send_each_mail_once(app: Flask, server: MailServer) -> None:
    mail_by(app, server.url)
    add_account(app)
    for _ in range(10):
        queue(app)
    threads = [threading.Thread(target=send_due, args=(app,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(server.received) == 10


def test_a_clock_that_jumped_stops_no_mail(app: Flask, server: MailServer) -> None:
    mail_by(app, server.url)
    add_account(app)
    queue(app)
    with app.app_context():
        db.session.execute(update(Mail).values(next_try_at=now() + timedelta(days=3)))
        db.session.commit()
    assert send_due(app) == 1


def test_a_mail_server_elsewhere_must_encrypt(app: Flask, server: MailServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "is_local", lambda host: False)
    add_account(app)
    queue(app)
    for url in (server.url, server.url.replace("smtp://", "smtp://user:password@")):
        mail_by(app, url)
        due_now(app)
        assert send_due(app) == 0
    assert server.received == []
    assert "AUTH" not in server.verbs


def test_without_a_mail_server_mails_wait(app: Flask) -> None:
    add_account(app)
    queue(app)
    assert send_due(app) == 0
    assert mails(app, ALICE)[0].attempts == 0


def test_a_mail_belongs_to_the_change_that_causes_it(app: Flask) -> None:
    add_account(app)
    with app.app_context():
        mail.queue(db.session.scalars(select(User)).one(), "confirm", "en", link=mail.link("accounts.login"))
        db.session.rollback()
    assert mails(app, ALICE) == []


def test_brand_and_links_are_escaped(app: Flask) -> None:
    app.extensions["settings"] = replace(app.extensions["settings"], brand="<b>Müller & Söhne</b>")
    add_account(app)
    queue(app)
    (row,) = mails(app, ALICE)
    assert "<b>Müller & Söhne</b>" in (row.body_text or "")
    assert "<b>Müller" not in (row.body_html or "")
    assert "&lt;b&gt;Müller &amp; Söhne&lt;/b&gt;" in (row.body_html or "")


WITHOUT_LINK = {
    "password_changed",
    "email_taken",
    "email_change_asked",
    "email_changed",
    "withdrawal",
    "withdrawal_operator",
}
VALUES = {"at": now(), "name": "Alice", "contract": "Wärmeanleihe", "email": ALICE}


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("template", ["confirm", "known", "reset", "email_change", *sorted(WITHOUT_LINK)])
def test_each_mail_is_complete(app: Flask, template: str, language: str) -> None:
    with app.app_context():
        message = mail.compose(template, language, link="http://localhost:8000/x", **VALUES)
    assert message.subject
    assert "\n" not in message.subject
    assert message.text.startswith("Guten Tag," if language == "de" else "Hello,")
    assert ("http://localhost:8000/x" in message.text) == (template not in WITHOUT_LINK)
    assert "\n\n\n" not in message.text


def test_no_template_of_a_mail_is_left_out() -> None:
    there = {path.stem for path in Path("templates/mail").glob("*.txt")} - {"layout", "status"}
    assert there == {"confirm", "known", "reset", "email_change", *WITHOUT_LINK}
