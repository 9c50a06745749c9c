"""Changing the email address: the form, and the page behind the link in the new mailbox."""

from __future__ import annotations

from flask import Response, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_required

from .. import integration
from ..language import gettext as _
from ..language import language
from ..models import EmailToken, User
from ..web import show_form
from . import attempts, email_change, sessions, tokens
from .account import knows_password
from .forms import ChangeEmailForm, PresentPasswordForm
from .routes import bp, client_address, find_link, too_many


@bp.route("/account/email", methods=["GET", "POST"])
@login_required
def change_email() -> ResponseReturnValue:
    """Ask for another address, with the password."""
    form = ChangeEmailForm()
    try:
        may_ask = form.validate_on_submit() and _is_another(form)
        verified = knows_password(form, current_user) if may_ask else None
    except attempts.TooManyError as error:
        return too_many(form, error, lambda: _show(form))
    if not verified:
        return _show(form)
    attempts.take((attempts.MAIL_ADDRESS, client_address()))
    if email_change.ask(current_user, verified, form.email.clean, language()):
        flash(_("We have sent a message to the new address. Open the link in it."))
    else:
        flash(_("The last message is less than a minute old. Please wait a minute, then send it again."), "warning")
    return redirect(url_for(".change_email"), 303)


def _is_another(form: ChangeEmailForm) -> bool:
    if form.email.clean == current_user.email:
        form.email.errors = [_("This is your address already")]
    return not form.email.errors


def _show(form: ChangeEmailForm) -> Response:
    return show_form("accounts/change_email.html", form, pending=tokens.pending(current_user, tokens.CHANGE))


@bp.route("/account/email/<token>", methods=["GET", "POST"])
def confirm_change(token: str) -> ResponseReturnValue:
    """The page behind the link: one button, since programs open links as well. Elsewhere it asks for the password, or
    a mistyped address would hand the account to a stranger."""
    found = find_link(token, tokens.CHANGE)
    if found is None or not tokens.is_usable(*found):
        return render_template("accounts/change_ended.html"), 410
    row, user = found
    is_owner = current_user.is_authenticated and current_user.id == user.id
    form = PresentPasswordForm()

    def show() -> Response:
        return show_form("accounts/confirm_change.html", form, email=row.email, token=token, is_owner=is_owner)

    password_hash = None
    try:
        if not form.validate_on_submit():
            return show()
        if not is_owner:
            password_hash = knows_password(form, user)
            if password_hash is None:
                return show()
    except attempts.TooManyError as error:
        return too_many(form, error, show)
    return _confirm(row, user, password_hash)


def _confirm(row: EmailToken, user: User, password_hash: str | None) -> ResponseReturnValue:
    """Make the address valid; with the hash of the password that was typed, begin a session."""
    if not email_change.confirm(row, user):
        return render_template("accounts/change_ended.html"), 410
    if user.investor is not None:
        integration.tell_address(user.investor)
    if password_hash:
        sessions.sign_in(user, password_hash)
    flash(_("Your new email address is valid now."))
    return redirect(url_for(".account"), 303)
