"""What stands on this side: settings, database, rows that wait for a person, and the mail server."""

from __future__ import annotations

import smtplib
from pathlib import Path
from urllib.parse import urlsplit

from flask import Flask
from sqlalchemy import func, make_url, select
from sqlalchemy.exc import SQLAlchemyError

from .. import migrations, sending
from ..config import demo_settings_used
from ..contract import Check, Finding, Text, failed, ok
from ..database import db
from ..models import Intent, UnreadableWebhook
from .installation import OPERATOR, Installation, no_answer

MAILERS = Text("whoever runs your mail server", "wer Ihren Mailserver betreibt")


def settings_and_database(installation: Installation) -> list[Check]:
    return [
        installation.check("settings", Text("settings", "Einstellungen"), _settings),
        installation.check("database", Text("database", "Datenbank"), _database, uses=("PORTAL_DATABASE_URL",)),
        installation.check(
            "parked-rows",
            Text("rows that wait for a person", "Zeilen, die auf einen Menschen warten"),
            _parked_rows,
            needs=("database",),
        ),
    ]


def mail_server(installation: Installation) -> list[Check]:
    uses = ("PORTAL_MAIL_URL", "PORTAL_PUBLIC_URL")
    return [installation.check("mail", Text("mail server", "Mailserver"), _mail, uses=uses)]


def _settings(installation: Installation) -> Finding:
    problems = [*installation.problems]
    used = demo_settings_used(installation.environ)
    if used:
        problems.append(f"{', '.join(used)}: still what the demo publishes; portal serve refuses it")
    if not problems:
        return ok(Text("all can be read", "alle lesbar"))
    told = "\n            ".join(["", *problems])
    return failed(
        Text(f"{len(problems)} cannot be used:{told}", f"{len(problems)} unbrauchbar:{told}"),
        Text("Set them as the table in the README says.", "Setzen Sie sie, wie es die Tabelle der README sagt."),
        OPERATOR,
    )


def _database(installation: Installation) -> Finding:
    try:
        url = make_url(installation.settings.database_url)
        # Looked at before it is opened: opening makes the file.
        if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
            return failed(
                Text("there is no file yet", "die Datei gibt es noch nicht"),
                Text("Run: portal migrate", "Führen Sie aus: portal migrate"),
                OPERATOR,
            )
        migrations.check(installation.app)
        seeded = migrations.is_demo(installation.app)
    except migrations.SchemaError as error:
        return failed(
            Text("reachable, but of another version", "erreichbar, aber von einer anderen Version"),
            Text(str(error), "Führen Sie aus: portal migrate (oder starten Sie die neuere Version)"),
            OPERATOR,
        )
    except (SQLAlchemyError, ImportError) as error:
        return _no_database(error)
    if seeded:
        return failed(
            Text("the demo has seeded it", "die Demo hat sie gefüllt"),
            Text("Set PORTAL_DATABASE_URL to another one.", "Setzen Sie PORTAL_DATABASE_URL auf eine andere."),
            OPERATOR,
        )
    name = url.get_backend_name()
    return ok(Text(f"{name}, migrated", f"{name}, auf dem Stand dieser Version"))


def _no_database(error: Exception) -> Finding:
    """Only the error's kind is told: its text may hold the address with its password."""
    kind = type(error).__name__
    return failed(
        Text(f"not reachable ({kind})", f"nicht erreichbar ({kind})"),
        Text(
            "Correct PORTAL_DATABASE_URL, and see that the server runs and lets this user in.",
            "Berichtigen Sie PORTAL_DATABASE_URL, und prüfen Sie, ob der Server läuft und den Benutzer einlässt.",
        ),
        OPERATOR,
    )


def _parked_rows(installation: Installation) -> Finding:
    with installation.app.app_context():
        parked = db.session.scalar(select(func.count()).select_from(Intent).where(Intent.result == "parked")) or 0
        unreadable = db.session.scalar(select(func.count()).select_from(UnreadableWebhook)) or 0
    if parked:
        return failed(
            Text(f"{parked} parked", f"{parked} geparkt"),
            Text(
                "Read portal sync --list, decide, and then --retry or --release.",
                "Lesen Sie portal sync --list, entscheiden Sie, und dann --retry oder --release.",
            ),
            OPERATOR,
        )
    return ok(
        Text(f"none ({unreadable} webhooks not understood)", f"keine ({unreadable} Webhooks nicht verstanden)")
        if unreadable
        else Text("none", "keine")
    )


def _mail(installation: Installation) -> Finding:
    """Connects, encrypts, signs in, and sends nothing."""
    url = installation.settings.mail_url
    if not url:
        return failed(
            Text("not set: nobody can confirm an address", "nicht gesetzt: Niemand kann eine Adresse bestätigen"),
            Text("Set PORTAL_MAIL_URL.", "Setzen Sie PORTAL_MAIL_URL."),
            MAILERS,
        )
    # The settings are all that the mailer needs; the portal itself would need its database as well.
    mailer = Flask(__name__)
    mailer.extensions["settings"] = installation.settings
    try:
        with mailer.app_context(), sending.connect(urlsplit(url)) as smtp:
            smtp.noop()
    except smtplib.SMTPAuthenticationError:
        return failed(
            Text("it does not take user and password", "er nimmt Benutzer und Passwort nicht an"),
            Text("Correct them in PORTAL_MAIL_URL.", "Berichtigen Sie sie in PORTAL_MAIL_URL."),
            MAILERS,
        )
    except (OSError, ValueError) as error:
        return no_answer(error, MAILERS)
    return ok(Text("reachable; nothing was sent", "erreichbar; es wurde nichts gesendet"))
