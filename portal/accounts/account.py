"""The account page: who is signed in, what was agreed to and passed on, sessions and password; and a forgotten one."""

from __future__ import annotations

from flask import Response, current_app, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user, login_required

from .. import history, logs
from ..database import db
from ..language import language
from ..web import show_form
from . import attempts, deletion, passwords, registration, sessions, tokens
from . import export as data_export
from .forms import ChangePasswordForm, ForgottenForm, NewPasswordForm, PresentPasswordForm
from .routes import bp, client_address, find_link, leave_nothing, too_many


@bp.get("/account")
@login_required
def account() -> ResponseReturnValue:
    """What the portal knows about the account; the investor data themselves are not shown again."""
    return render_template("accounts/account.html", investor=current_user.investor)


@bp.post("/account/sign-out-everywhere")
@login_required
def sign_out_everywhere() -> ResponseReturnValue:
    """End all sessions, this one as well."""
    sessions.end_all_sessions(current_user)
    sessions.sign_out()
    flash(_("You are signed out in all browsers."))
    return leave_nothing(redirect(url_for(".login"), 303))


@bp.route("/account/password", methods=["GET", "POST"])
@login_required
def change_password() -> ResponseReturnValue:
    """A new password; all other browsers are signed out."""
    form = ChangePasswordForm()
    form.owner = current_user.email
    try:
        may_change = form.validate_on_submit() and _knows_password(form)
    except attempts.TooManyError as error:
        return too_many(form, error, lambda: show_form("accounts/change_password.html", form))
    if may_change:
        password_hash = passwords.hash_password(form.new_password.data)
        user = current_user._get_current_object()
        registration.change_password(user, password_hash)
        # A session of its own for this browser, too: whoever has copied the old cookie is out.
        sessions.sign_in(user)
        flash(_("Your password is changed. All other browsers are signed out."))
        return redirect(url_for(".account"), 303)
    return show_form("accounts/change_password.html", form)


@bp.get("/account/data")
@login_required
def export() -> ResponseReturnValue:
    """A file with all that the portal holds about the account."""
    response = current_app.json.response(data_export.of(current_user))
    response.headers["Content-Disposition"] = "attachment; filename=data.json"
    return response


@bp.route("/account/delete", methods=["GET", "POST"])
@login_required
def delete() -> ResponseReturnValue:
    """Delete the account, after the password."""
    form = PresentPasswordForm()
    subscriptions = len(history.investments_of(current_user))

    def show() -> Response:
        return show_form("accounts/delete.html", form, subscriptions=subscriptions)

    try:
        if not (form.validate_on_submit() and _knows_password(form)):
            return show()
    except attempts.TooManyError as error:
        return too_many(form, error, show)
    logs.note("deletion asked", user=current_user.id)
    is_gone = deletion.ask(current_user._get_current_object())
    sessions.sign_out()
    if is_gone:
        flash(_("Your account and your data are deleted."))
    else:
        flash(
            _(
                "Your account is closed. Your data are deleted as soon as Cashlink has answered a call that is under "
                "way, within 24 hours at most."
            )
        )
    return leave_nothing(redirect("/", 303))


def _knows_password(form: PresentPasswordForm) -> bool:
    taken = attempts.take((attempts.SIGN_IN, current_user.email))
    if not passwords.is_right(current_user, form.password.data or ""):
        logs.note("password refused", user=current_user.id)
        form.password.errors = [_("This is not your present password")]
        return False
    attempts.give_back(taken)
    db.session.commit()
    return True


@bp.route("/password/forgotten", methods=["GET", "POST"])
def forgotten_password() -> ResponseReturnValue:
    """Ask for a link by mail; the answer is the same for an unknown address."""
    form = ForgottenForm()
    if form.validate_on_submit():
        attempts.take((attempts.MAIL_ADDRESS, client_address()))
        registration.send_password_link(form.email.clean, language())
        return redirect(url_for(".password_link_sent"), 303)
    return show_form("accounts/forgotten_password.html", form)


@bp.get("/password/sent")
def password_link_sent() -> ResponseReturnValue:
    """Look into your mailbox."""
    return render_template("accounts/password_link_sent.html")


@bp.route("/password/<token>", methods=["GET", "POST"])
def reset_password(token: str) -> ResponseReturnValue:
    """The page behind the mailed link: a new password, and opening it changes nothing."""
    found = find_link(token, tokens.RESET)
    if found is None or not tokens.is_usable(*found):
        return render_template("accounts/password_link_ended.html"), 410
    row, user = found
    form = NewPasswordForm()
    form.owner = user.email
    if form.validate_on_submit():
        password_hash = passwords.hash_password(form.new_password.data)
        if not tokens.use(row):
            db.session.rollback()
            return redirect(url_for(".reset_password", token=token), 303)
        registration.change_password(user, password_hash)
        sessions.sign_in(user)
        flash(_("Your new password is valid now. All other browsers are signed out."))
        return redirect("/", 303)
    return show_form("accounts/reset_password.html", form, email=user.email, token=token)
