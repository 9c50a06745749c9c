"""Register, confirm the email address, sign in and out."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import AddressValueError, IPv6Address

from flask import Blueprint, Response, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from .. import logs
from ..database import db
from ..language import clock, language
from ..language import gettext as _
from ..models import EmailToken, User
from ..navigation import own_path
from ..web import Form, error_page, show_form
from . import attempts, passwords, registration, sessions, tokens
from .addresses import find_user, normalise
from .forms import ConfirmForm, LoginForm, RegisterForm

bp = Blueprint("accounts", __name__)

# Where a person goes on who has just confirmed the address.
FIRST_PAGE = "/investor"


def way_back(default: str = "/") -> str:
    """The page to which a form leads in the end: carried in the form itself once it has been sent."""
    return own_path((request.form if request.method == "POST" else request.args).get("next"), default)


@bp.route("/register", methods=["GET", "POST"])
def register() -> ResponseReturnValue:
    """Make an account; the answer is the same for a known address."""
    if current_user.is_authenticated:
        return redirect(way_back(), 303)
    form = RegisterForm(next=way_back(""))
    if form.validate_on_submit():
        attempts.take((attempts.MAIL_ADDRESS, client_address()))
        session["registration"] = registration.register(
            form.email.clean, form.password.data, language(), way_back("") or None
        )
        return redirect(url_for(".register_sent"), 303)
    return show_form("accounts/register.html", form)


@bp.get("/register/sent")
def register_sent() -> ResponseReturnValue:
    """Look into your mailbox."""
    user = _registered_user()
    if user is None:
        return redirect(url_for(".register"), 303)
    return render_template("accounts/register_sent.html", email=user.email)


@bp.post("/register/sent")
def send_again() -> ResponseReturnValue:
    """Mail the link once more, at most once a minute."""
    user = _registered_user()
    if user is None:
        return redirect(url_for(".register"), 303)
    attempts.take((attempts.MAIL_ADDRESS, client_address()))
    if registration.send_link(user, language()):
        flash(_("We have sent the message again."))
    else:
        flash(_("The last message is less than a minute old. Please wait a minute, then send it again."), "warning")
    return redirect(url_for(".register_sent"), 303)


def _registered_user() -> User | None:
    """Who has registered in this browser; or who is signed in with an address that is not confirmed."""
    if current_user.is_authenticated:
        return None if current_user.email_confirmed_at else current_user
    found = tokens.find(session.get("registration", ""), tokens.REGISTRATION)
    return found[1] if found and tokens.is_usable(*found) else None


@bp.route("/confirm-email/<token>", methods=["GET", "POST"])
def confirm_email(token: str) -> ResponseReturnValue:
    """The page behind the mailed link: it asks for the password, and opening it changes nothing."""
    found = find_link(token, tokens.CONFIRM)
    if found is None or not tokens.is_usable(*found):
        confirmed = found is not None and found[1].email_confirmed_at is not None
        return render_template("accounts/link_ended.html", confirmed=confirmed, token=token), 200 if confirmed else 410
    row, user = found
    form = ConfirmForm(next=way_back(""))
    form.owner = user.email
    if form.validate_on_submit():
        password_hash = _password_for_confirming(form, user)
        if password_hash and registration.confirm(row, user, password_hash):
            sessions.sign_in(user, password_hash)
            flash(_("Your email address is confirmed."))
            return redirect(way_back(FIRST_PAGE), 303)
        if password_hash:
            return redirect(request.path, 303)
    return show_form("accounts/confirm_email.html", form, email=user.email, token=token)


def _password_for_confirming(form: ConfirmForm, user: User) -> str | None:
    """The hash of the password to be valid from now on; None with a message where neither field helps."""
    if form.new_password.data:
        return passwords.hash_password(form.new_password.data)
    taken = attempts.take(attempts.of_account(attempts.SIGN_IN, user.email, client_address()))
    if passwords.is_right(user, form.password.data or ""):
        attempts.give_back(taken)
        return user.password_hash
    form.password.errors = [
        _("This is not the password chosen at registration. Try again, or choose a new one below.")
        if form.password.data
        else _("Enter the password that you chose at registration, or choose a new one")
    ]
    return None


@bp.post("/confirm-email/<token>/again")
def send_new_link(token: str) -> ResponseReturnValue:
    """Mail a new link in place of an expired one; a wrong link gets the same answer."""
    found = find_link(token, tokens.CONFIRM)
    attempts.take((attempts.MAIL_ADDRESS, client_address()))
    if found is not None and found[0].email == found[1].email:
        registration.send_link(found[1], language())
    return render_template("accounts/link_sent.html")


@bp.route("/login", methods=["GET", "POST"])
def login() -> ResponseReturnValue:
    """Sign in, and go back to where the person came from."""
    if current_user.is_authenticated:
        return redirect(way_back(), 303)
    form = LoginForm(next=way_back(""))
    if form.validate_on_submit():
        return _sign_in(form)
    return _show_login(form)


def _sign_in(form: LoginForm) -> ResponseReturnValue:
    email, place = normalise(form.email.data), client_address()
    account = email or form.email.data or ""
    try:
        *taken, _kept = attempts.take(
            attempts.of_account(attempts.SIGN_IN, account, place),
            (attempts.SIGN_IN_ADDRESS, place),
            (attempts.SIGN_INS, account),
        )
    except attempts.TooManyError as error:
        return too_many(form, error, lambda: _show_login(form))
    user = find_user(email)
    # First the slow hash, then the question whether there is such a user: both answers take the same time.
    if not passwords.is_right(user, form.password.data or "") or user is None or user.deletion_asked_at:
        return _refuse(form, user)
    attempts.give_back(taken)
    if user.email_confirmed_at is None:
        session["registration"] = tokens.issue(user, tokens.REGISTRATION)
        db.session.commit()
        flash(_("Please confirm your email address first: open the link that we have sent you."), "warning")
        return redirect(url_for(".register_sent"), 303)
    # Only now: the owner of the address may be somebody else than whoever has registered it.
    attempts.remember(account, place)
    if not sessions.sign_in(user, user.password_hash):
        return _refuse(form, user)
    return redirect(way_back(), 303)


def _refuse(form: LoginForm, user: User | None) -> Response:
    logs.note("sign-in refused", user=user.id if user else None)
    form.email.errors = [_("Email or password is not right")]
    return _show_login(form)


def too_many(form: Form, error: attempts.TooManyError, show: Callable[[], Response]) -> Response:
    """The page of a form that is closed for a while: it says until when."""
    form.form_errors.append(_("Too many attempts. Try again at %(time)s.", time=clock(error.until)))
    response = show()
    response.status_code = 429
    response.headers["Retry-After"] = str(error.seconds)
    return response


@bp.app_errorhandler(attempts.TooManyError)
def show_too_many(error: attempts.TooManyError) -> Response:
    """Where there is no form to come back to."""
    response = error_page(429)
    response.headers["Retry-After"] = str(error.seconds)
    return response


def client_address() -> str:
    """Whom the limits per address count: of IPv6 the network, since one household has 2^64 addresses."""
    address = request.remote_addr or ""
    try:
        found = IPv6Address(address)
    except AddressValueError:
        return address
    # As a server that listens on both sees IPv4.
    return str(found.ipv4_mapped) if found.ipv4_mapped else ":".join(found.exploded.split(":")[:4])


def find_link(token: str, purpose: str) -> tuple[EmailToken, User] | None:
    """The row behind a mailed link; wrong ones are limited per address."""
    attempts.check(attempts.LINK_ADDRESS, client_address())
    found = tokens.find(token, purpose)
    if found is None:
        attempts.take((attempts.LINK_ADDRESS, client_address()))
        logs.note("link refused", purpose=purpose)
    return found


def _show_login(form: LoginForm) -> Response:
    return show_form("accounts/login.html", form, ended=sessions.has_ended(), back=form.next.data)


@bp.post("/logout")
def logout() -> ResponseReturnValue:
    """End the session of this browser."""
    if current_user.is_authenticated:
        sessions.sign_out()
    return leave_nothing(redirect("/", 303))


def leave_nothing(response: BaseResponse) -> BaseResponse:
    """Clear what this browser has kept of the pages."""
    # Not "cookies": that would also sign out of other ports of this host.
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response
