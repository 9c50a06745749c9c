"""The mailbox: what would have been mailed, readable by everybody. In the demo nothing leaves the machine."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from ..accounts import sessions
from ..accounts.addresses import find_user
from ..accounts.routes import way_back
from ..database import db
from ..models import Mail
from . import cast
from .blueprint import bp

SHOWN = 50


@bp.get("/mailbox")
def mailbox() -> ResponseReturnValue:
    """All messages, newest first."""
    mails = db.session.scalars(select(Mail).order_by(Mail.id.desc()).limit(SHOWN)).all()
    return render_template("mailbox.html", mails=mails)


@bp.post("/demo/sign-in/<name>")
def sign_in(name: str) -> ResponseReturnValue:
    """Sign in as one of the cast with one click."""
    member = cast.member(name)
    user = find_user(member.email) if member else None
    if user is None:
        flash(_("The demo has not been filled yet: this person has no account."), "warning")
        return redirect(url_for("accounts.login"), 303)
    sessions.sign_in(user, user.password_hash)
    return redirect(way_back(), 303)
