"""The sending of mails, by the loop: each row is claimed by one process, and tried for a day."""

from __future__ import annotations

import random
import smtplib
import ssl
from datetime import timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from flask import current_app
from sqlalchemy import or_, select, update

from .config import is_local, settings
from .database import changes_one_row, db, now
from .models import Mail

AT_ONCE = 20
# Seconds for each step of the conversation with the mail server.
TIMEOUT = 10
CLAIM = timedelta(minutes=5)
LONGEST_WAIT = timedelta(hours=1)
# The links in it have expired by then.
GIVEN_UP_AFTER = timedelta(hours=24)


def send_due() -> int:
    """Send what is due, at most 20 mails over one connection.

    Returns:
        How many went out. Without PORTAL_MAIL_URL none, and they wait.
    """
    url = settings().mail_url
    if not url:
        return 0
    mails = _claim_due()
    return _send(mails, urlsplit(url)) if mails else 0


def _claim_due() -> list[Mail]:
    """Take due rows for this process: one guarded UPDATE each, and whoever changes the row has it."""
    instant = now()
    due = Mail.sent_at.is_(None) & or_(Mail.next_try_at <= instant, Mail.next_try_at > instant + 2 * LONGEST_WAIT)
    claimed = []
    for mail in db.session.scalars(select(Mail).where(due).order_by(Mail.next_try_at).limit(AT_ONCE)).all():
        values = {"next_try_at": instant + CLAIM, "attempts": Mail.attempts + 1}
        is_mine = changes_one_row(update(Mail).where(Mail.id == mail.id, due).values(values))
        db.session.commit()
        if is_mine:
            db.session.refresh(mail)
            claimed.append(mail)
    db.session.commit()
    return claimed


def _send(mails: list[Mail], server: SplitResult) -> int:
    sent = 0
    try:
        with connect(server) as smtp:
            for mail in mails:
                sent += _send_one(smtp, mail, server)
    except (OSError, smtplib.SMTPException) as error:
        for mail in mails:
            if mail.sent_at is None and mail in db.session:
                _keep(mail, error)
    return sent


def connect(server: SplitResult) -> smtplib.SMTP:
    """A connection that is encrypted and signed in. Only a mail server on this machine or net may go without TLS."""
    # Named, for the default would ask DNS for this machine's name.
    host, me, tls = server.hostname or "", _home(), ssl.create_default_context()
    if server.scheme == "smtps":
        smtp: smtplib.SMTP = smtplib.SMTP_SSL(host, server.port or 465, me, timeout=TIMEOUT, context=tls)
    else:
        smtp = smtplib.SMTP(host, server.port or 587, me, timeout=TIMEOUT)
    try:
        smtp.ehlo()
        if server.scheme != "smtps" and (smtp.has_extn("starttls") or not is_local(host)):
            smtp.starttls(context=tls)
        if server.username:
            smtp.login(unquote(server.username), unquote(server.password or ""))
    except BaseException:
        smtp.close()
        raise
    return smtp


def _home() -> str:
    return urlsplit(settings().public_url).hostname or "localhost"


def _send_one(smtp: smtplib.SMTP, mail: Mail, server: SplitResult) -> int:
    """Send one mail and drop its body: what is in it is the recipient's now."""
    try:
        smtp.send_message(_build(mail, server))
    except smtplib.SMTPServerDisconnected:
        raise
    except (smtplib.SMTPException, ValueError) as error:
        # This one's own fault: the others go on.
        _keep(mail, error)
        return 0
    mail.sent_at, mail.body_text, mail.body_html = now(), None, None
    db.session.commit()
    return 1


def _build(mail: Mail, server: SplitResult) -> EmailMessage:
    sender = parse_qs(server.query).get("from", [f"no-reply@{_home()}"])[0]
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = _sendable(mail.recipient)
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(now())
    message["Message-ID"] = make_msgid(domain=_home())
    message["Auto-Submitted"] = "auto-generated"
    message["Content-Language"] = mail.language
    message.set_content(mail.body_text or "")
    message.add_alternative(mail.body_html or "", subtype="html")
    return message


def _sendable(address: str) -> str:
    """The domain in ASCII where the part before the @ is: any server takes it then."""
    from email_validator import validate_email

    validated = validate_email(address, check_deliverability=False)
    return str(validated.ascii_email or validated.normalized)


def _keep(mail: Mail, error: Exception) -> None:
    """Again later: 1 to 60 minutes with jitter, and given up after a day. The log names the row, not the person."""
    if now() - mail.created_at > GIVEN_UP_AFTER:
        current_app.logger.error("mail %s given up: %s", mail.id, type(error).__name__)
        db.session.delete(mail)
    else:
        wait = min(timedelta(minutes=2 ** min(mail.attempts - 1, 6)), LONGEST_WAIT)
        mail.next_try_at = now() + wait * random.uniform(0.7, 1)
        current_app.logger.warning("mail %s not sent, try %s: %s", mail.id, mail.attempts, type(error).__name__)
    db.session.commit()
