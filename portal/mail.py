"""Mail: written as a row with the change that causes it, sent by the loop after the commit.

Templates stand in `templates/mail/`, one small file per message; `layout.txt` and `layout.html` are shared. A mail
never carries an IBAN, and no log carries an address.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, cast

from flask import current_app, g, render_template
from flask_babel import force_locale

from .config import settings
from .database import db
from .language import LOCALES
from .models import Mail, User


class Message(NamedTuple):
    subject: str
    text: str
    html: str


def queue(user: User, template: str, language: str, **values: Any) -> Mail:
    """Write a mail to a user in the caller's transaction; the loop sends it after the commit.

    Args:
        user: flushed, so that it has an id.
        template: name of a file in `templates/mail/`, without its ending.
        language: "de" or "en".
        values: what the template needs; links by `link`.
    """
    return send_to(user.email, template, language, user, **values)


def send_to(recipient: str, template: str, language: str, user: User | None = None, **values: Any) -> Mail:
    """The same to any address.

    Args:
        user: with whose account the mail is deleted.
    """
    message = compose(template, language, **values)
    mail = Mail(
        user_id=user.id if user else None,
        recipient=recipient,
        subject=message.subject,
        body_text=message.text,
        body_html=message.html,
        language=language,
    )
    db.session.add(mail)
    return mail


def compose(template: str, language: str, **values: Any) -> Message:
    """A message in both forms. The file sets its parts; the layouts arrange them."""
    with speaking(language):
        source = current_app.jinja_env.get_template(f"mail/{template}.txt")
        parts = source.make_module({"settings": settings(), **values})
        shared = {**values, "parts": parts, "mail_language": language}
        return Message(
            subject=str(cast(Any, parts).subject),
            text=render_template("mail/layout.txt", **shared),
            html=render_template("mail/layout.html", **shared),
        )


def link(endpoint: str, **values: str) -> str:
    """An address for a mail: by the portal's public URL, whatever host the request came for."""
    path = current_app.url_map.bind("portal", url_scheme="https").build(endpoint, values)
    return settings().public_url + path


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Texts and forms of numbers in a language of one's own choice, inside and outside of requests."""
    before = g.get("language")
    g.language = language
    try:
        with force_locale(LOCALES[language]):
            yield
    finally:
        g.language = before
