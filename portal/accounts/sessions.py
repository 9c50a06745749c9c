"""Signed-in browsers as rows: 2 h idle, 12 h in all, and dead at once when somebody signs out.

Flask's cookie carries a random token; the database knows its hash only.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple, cast
from urllib.parse import urlsplit

from flask import Flask, Request, Response, current_app, redirect, request, session, url_for
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from flask.typing import ResponseReturnValue
from flask_login import LoginManager, current_user, login_user, logout_user
from sqlalchemy import CursorResult, bindparam, delete, select, update
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException

from .. import logs
from ..database import db, now
from ..models import User, UserSession
from ..navigation import own_path
from . import passwords

IDLE = timedelta(hours=2)
LONGEST = timedelta(hours=12)
# An open page counts as activity, but not each of its requests needs a write.
TOUCH = timedelta(minutes=5)


class SignIns(LoginManager):  # type: ignore[misc]
    def _update_remember_cookie(self, response: Response) -> Response:
        """Nobody is remembered beyond the session; to look for it would make every answer vary by cookie."""
        return response


login_manager = SignIns()

# Built once: it is executed with each request.
_SESSION = (
    select(UserSession.seen_at, UserSession.created_at, User)
    .join(User, User.id == UserSession.user_id)
    .where(UserSession.token_hash == bindparam("token_hash"))
)


class CookieSessions(SecureCookieSessionInterface):
    """Flask's own, which does nothing where no cookie came and nobody asked for a session: webhooks need none."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        if "HTTP_COOKIE" in request.environ:
            return super().open_session(app, request)
        return self.session_class()

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        if session.accessed or session.modified:
            super().save_session(app, session, response)


def set_up(app: Flask) -> None:
    app.session_interface = CookieSessions()
    login_manager.login_view = "accounts.login"
    login_manager.session_protection = None
    login_manager.init_app(app)


def hash_token(token: str) -> str:
    """A token of 256 random bits needs no slow hash."""
    return hashlib.sha256(token.encode()).hexdigest()


def sign_in(user: User, password_hash: str) -> bool:
    """Start a session with a token of its own; commits.

    Args:
        password_hash: of the password that the caller has checked, or just set.

    Returns:
        False where another password has been set meanwhile: then nothing is changed.
    """
    if not passwords.hold(user, password_hash):
        return False
    left = UserSession.token_hash == hash_token(session.get("_user_id", ""))
    expired = (UserSession.user_id == user.id) & (UserSession.created_at < now() - LONGEST)
    db.session.execute(delete(UserSession).where(left | expired))
    session.clear()
    token = secrets.token_urlsafe(32)
    browser = browser_name(request.user_agent.string)
    db.session.add(UserSession(token_hash=hash_token(token), user_id=user.id, browser=browser))
    db.session.commit()
    user.session_token = token
    login_user(user)
    logs.note("signed in", user=user.id)
    return True


def sign_out() -> None:
    """End the session of this browser, copies of its cookie included."""
    token = session.get("_user_id", "")
    db.session.execute(delete(UserSession).where(UserSession.token_hash == hash_token(token)))
    db.session.commit()
    logs.note("signed out")
    logout_user()
    session.clear()


def end_all_sessions(user: User) -> None:
    """Sign a user out everywhere (new password, deletion); the caller commits."""
    db.session.execute(delete(UserSession).where(UserSession.user_id == user.id))


# In this order: Edge and Opera call themselves Chrome as well, and Chrome calls itself Safari.
BROWSERS = {
    "Edg": "Edge",
    "OPR": "Opera",
    "Firefox": "Firefox",
    "Chrome": "Chrome",
    "CriOS": "Chrome",
    "Safari": "Safari",
}
SYSTEMS = {
    "Android": "Android",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Windows": "Windows",
    "Mac OS": "macOS",
    "CrOS": "ChromeOS",
    "Linux": "Linux",
}


def browser_name(user_agent: str) -> str:
    """`Firefox, Windows`: enough to recognise the browser by, and nothing to follow a person by."""
    named = (next((name for mark, name in table.items() if mark in user_agent), "") for table in (BROWSERS, SYSTEMS))
    return ", ".join(filter(None, named))


class SignedIn(NamedTuple):
    """A signed-in browser as its owner sees it.

    Attributes:
        name: ends it; the beginning of the hash, which opens nothing.
    """

    name: str
    browser: str
    began_at: datetime
    seen_at: datetime
    is_this: bool


def signed_in_browsers(user: User) -> list[SignedIn]:
    """Those whose session is alive, this one first and then the one seen last."""
    instant = now()
    alive = (UserSession.seen_at > instant - IDLE, UserSession.created_at > instant - LONGEST)
    rows = db.session.scalars(
        select(UserSession).where(UserSession.user_id == user.id, *alive).order_by(UserSession.seen_at.desc())
    ).all()
    this = hash_token(user.session_token or "")
    found = [
        SignedIn(row.token_hash[:16], row.browser or "", row.created_at, row.seen_at, row.token_hash == this)
        for row in rows
    ]
    return sorted(found, key=lambda session: not session.is_this)


def end_session(user: User, name: str) -> bool:
    """End one of the person's own sessions; commits. False where there is none of that name."""
    mine = (UserSession.user_id == user.id, UserSession.token_hash.startswith(name, autoescape=True))
    found = db.session.execute(delete(UserSession).where(*mine)) if len(name) == 16 else None
    db.session.commit()
    return found is not None and cast(CursorResult[()], found).rowcount == 1


def has_ended() -> bool:
    """Whether this browser was signed in, and its session has ended since."""
    return "_user_id" in session and not current_user.is_authenticated


@login_manager.unauthorized_handler
def ask_to_sign_in() -> ResponseReturnValue:
    """Lead to the sign-in page, and from there back to the page where the person was."""
    return redirect(url_for("accounts.login", next=_page_of_request()), 303)


def _page_of_request() -> str:
    """The page itself; for a form that was sent the page on which it stood."""
    if request.method == "GET":
        return request.full_path.rstrip("?")
    sent_from = urlsplit(request.referrer or "")
    if sent_from.netloc == request.host:
        return own_path(sent_from._replace(scheme="", netloc="", fragment="").geturl())
    try:
        current_app.url_map.bind_to_environ(request.environ).match(request.path, method="GET")
    except HTTPException:
        return "/"
    return request.path


@login_manager.user_loader
def load_user(token: str) -> User | None:
    """The user of a session that is still alive."""
    if not token:
        return None
    token_hash = hash_token(token)
    row = db.session.execute(_SESSION, {"token_hash": token_hash}).first()
    if row is None:
        return None
    seen_at, created_at, user = row
    if not is_alive(seen_at, created_at, user.deletion_asked_at):
        return None
    touch({token_hash: seen_at})
    user.session_token = token
    return user  # type: ignore[no-any-return]


def is_alive(seen_at: datetime, created_at: datetime, deletion_asked_at: datetime | None) -> bool:
    """Whether a session goes on, by its row and its user's."""
    return now() - seen_at <= IDLE and now() - created_at <= LONGEST and not deletion_asked_at


def touch(seen: Mapping[str, datetime]) -> None:
    """Note that sessions are active, by their hashes, as far as that was noted some minutes ago at the latest."""
    long_ago = now() - TOUCH
    quiet = [token_hash for token_hash, seen_at in seen.items() if seen_at < long_ago]
    if not quiet:
        return
    try:
        db.session.execute(update(UserSession).where(UserSession.token_hash.in_(quiet)).values(seen_at=now()))
        db.session.commit()
    except OperationalError:
        # A full disk: nothing can be written, and pages are read all the same.
        db.session.rollback()
