"""The account page, a list of topics; signed-in browsers, password, export and deletion; and a forgotten password."""

from __future__ import annotations

from flask import Response, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_required

from .. import consents, history, integration, logs
from ..database import db
from ..language import gettext as _
from ..language import language
from ..models import User
from ..web import show_form
from . import attempts, deletion, passed_on, passwords, registration, sessions, tokens
from . import export as data_export
from .forms import ChangeEmailForm, ChangePasswordForm, ForgottenForm, NewPasswordForm, PresentPasswordForm
from .routes import bp, client_address, find_link, leave_nothing, too_many


@bp.get("/account")
@login_required
def account() -> ResponseReturnValue:
    """All topics of the account; the investor data themselves are not shown again."""
    investor = current_user.investor
    return render_template(
        "accounts/account.html",
        investor=investor,
        state=integration.import_state(investor),
        told_address=passed_on.is_told_address(investor),
        pending=tokens.pending(current_user, tokens.CHANGE),
        consents=consents.of(investor),
        browsers=len(sessions.signed_in_browsers(current_user)),
    )


@bp.get("/account/session")
def session_state() -> ResponseReturnValue:
    """Asked for by an open page while it can be seen. To load the session is what makes it count as used."""
    return {"signed_in": current_user.is_authenticated}


@bp.get("/account/sessions")
@login_required
def signed_in() -> ResponseReturnValue:
    """Where the person is signed in."""
    return render_template("accounts/sessions.html", browsers=sessions.signed_in_browsers(current_user))


@bp.post("/account/sessions")
@login_required
def end_session() -> ResponseReturnValue:
    """Sign one browser out."""
    if sessions.end_session(current_user, request.form.get("session", "")):
        flash(_("That browser is signed out."))
    return redirect(url_for(".signed_in"), 303)


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
        verified = knows_password(form, current_user) if form.validate_on_submit() else None
    except attempts.TooManyError as error:
        return too_many(form, error, lambda: show_form("accounts/change_password.html", form))
    password_hash = passwords.hash_password(form.new_password.data) if verified else ""
    if verified and still_knows_password(form, current_user, verified):
        user = current_user._get_current_object()
        registration.change_password(user, password_hash)
        # A session of its own for this browser, too: whoever has copied the old cookie is out.
        sessions.sign_in(user, password_hash)
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
        verified = knows_password(form, current_user) if form.validate_on_submit() else None
    except attempts.TooManyError as error:
        return too_many(form, error, show)
    if not (verified and still_knows_password(form, current_user, verified)):
        return show()
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


def knows_password(form: PresentPasswordForm | ChangeEmailForm, user: User) -> str | None:
    """The hash of the password typed, if it is the user's; else None, and a message beside the field.

    Raises:
        TooManyError: it has been tried too often.
    """
    taken = attempts.take(attempts.of_account(attempts.SIGN_IN, user.email, client_address()))
    password_hash = user.password_hash
    if not passwords.is_right(user, form.password.data or ""):
        _refuse(form, user)
        return None
    attempts.give_back(taken)
    db.session.commit()
    return password_hash


def still_knows_password(form: PresentPasswordForm, user: User, password_hash: str) -> bool:
    """Whether what `knows_password` has found is true at this very moment, and stays so until the commit."""
    held = passwords.hold(user, password_hash)
    if not held:
        _refuse(form, user)
    return held


def _refuse(form: PresentPasswordForm | ChangeEmailForm, user: User) -> None:
    logs.note("password refused", user=user.id)
    form.password.errors = [_("This is not your present password")]


@bp.route("/password/forgotten", methods=["GET", "POST"])
def forgotten_password() -> ResponseReturnValue:
    """Ask for a link by mail; the answer is the same for an unknown address."""
    form = ForgottenForm()
    if form.validate_on_submit():
        attempts.take((attempts.MAIL_ADDRESS, client_address()))
        registration.send_password_link(form.email.clean, client_address(), language())
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
        sessions.sign_in(user, password_hash)
        flash(_("Your new password is valid now. All other browsers are signed out."))
        return redirect("/", 303)
    return show_form("accounts/reset_password.html", form, email=user.email, token=token)
