"""The pages behind start_url. On each page the first POST form is the step itself, and its first button goes on.

All that is known about the visitor is the secret in the address: where to go on is read from the investment's row.
"""

import secrets
from contextlib import suppress
from urllib.parse import urlsplit

from flask import Blueprint, abort, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select, update
from werkzeug.wrappers import Response

from ..funding import remaining
from ..language import money
from ..lifecycle import (
    Impossible,
    NotEnoughLeft,
    act,
    may_identify,
    may_withdraw,
    note_progress,
    set_kyc,
    sign,
    withdraw,
)
from ..models import Identification, Investment, StartLink, db
from ..runtime import other_host, runtime
from ..statuses import KYC_REJECTED, MANUAL_REVIEW
from ..web import csrf_is_valid, error_page
from . import forms
from .forms import Form
from .texts import QUESTIONS, TEXTS, text_for

bp = Blueprint("hosted", __name__, url_prefix="/subscribe/<token>")

# The steps up to the signature, in their order; the identification follows it.
STEPS = ("welcome", "amount", "questions", "documents", "signature")

# The boxes that must be ticked, and what is said when one is not.
DOCUMENT_BOXES = {
    "documents_opened": _l("Confirm that you could open and save all documents"),
    "electronic_form": _l("Confirm that you agree to the electronic form"),
}
SIGNATURE_BOXES = {
    "documents_read": _l("Confirm that you have read the information sheet and the terms"),
    "total_loss": _l("Confirm that you know of the possible loss"),
    "own_account": _l("Confirm that you act on your own account"),
}

WITHDRAWAL_BOXES = {"withdraw": _l("Confirm that you want to withdraw")}

Page = str | Response | tuple[str, int]


class BadLink(Exception):
    """No investment belongs to the secret in the address, or no longer."""


class UsedLink(Exception):
    """Another browser has opened the link, which in the present mode opens once."""


@bp.errorhandler(BadLink)
def answer_bad_link(_error: BadLink) -> Page:
    text = _("It may be incomplete or too old. Go back to %(partner)s and open your subscription from there.",
             partner=runtime().settings.partner_name)  # fmt: skip
    return error_page(404, _("This link does not work"), text)


@bp.errorhandler(UsedLink)
def answer_used_link(_error: UsedLink) -> Page:
    text = _("It opens in one browser only. Go back to %(partner)s and open your subscription from there again.",
             partner=runtime().settings.partner_name)  # fmt: skip
    return error_page(410, _("This link was used already"), text)


@bp.get("")
def start(token: str) -> Page:
    """Whatever comes next for this investment, in whichever browser."""
    elsewhere = other_host()
    if runtime().modes.start_url_redirects and request.host != urlsplit(elsewhere).netloc:
        return redirect(elsewhere + request.path)
    return redirect(_place(token, _find(token)))


@bp.route("/welcome", methods=["GET", "POST"])
def welcome(token: str) -> Page:
    investment = _find(token)
    if not _may_enter(investment, "welcome"):
        return redirect(_place(token, investment), 303)
    form = forms.show_details(investment.investor)
    if request.method == "POST":
        form = forms.read_details(investment.investor)
        if _accepted(form):
            forms.store_details(investment.investor, form)
            return _go_on(token, investment, "welcome")
    countries = forms.country_choices(form.values["citizenship"], form.values["country"])
    return _render("welcome", token, investment, form, countries=countries)


@bp.route("/amount", methods=["GET", "POST"])
def amount(token: str) -> Page:
    investment = _find(token)
    if not _may_enter(investment, "amount"):
        return redirect(_place(token, investment), 303)
    form = forms.show_amount(investment)
    if request.method == "POST":
        form, units = forms.read_units(investment)
        if _accepted(form):
            return _go_on(token, investment, "amount", units)
    return _render("amount", token, investment, form, left=remaining(investment.campaign))


@bp.route("/questions", methods=["GET", "POST"])
def questions(token: str) -> Page:
    """Whether the product is appropriate. The answers may raise a warning, which can be gone past."""
    investment = _find(token)
    if not _may_enter(investment, "questions"):
        return redirect(_place(token, investment), 303)
    form, warning = forms.show_answers(investment), False
    if request.method == "POST":
        form = forms.read_answers()
        warning = bool(forms.doubts(form))
        if _accepted(form):
            investment.answers = {question.name: form.values[question.name] for question in QUESTIONS}
            if not warning or form.values["acknowledged"]:
                return _go_on(token, investment, "questions")
            db.session.commit()
    doubts = forms.doubts(form) if warning else []
    return _render("questions", token, investment, form, questions=QUESTIONS, doubts=doubts)


@bp.route("/documents", methods=["GET", "POST"])
def documents(token: str) -> Page:
    investment = _find(token)
    if not _may_enter(investment, "documents"):
        return redirect(_place(token, investment), 303)
    form = Form({})
    if request.method == "POST":
        form = forms.read_boxes(DOCUMENT_BOXES)
        if _accepted(form):
            return _go_on(token, investment, "documents")
    return _render("documents", token, investment, form)


@bp.get("/documents/<int:number>")
def document(token: str, number: int) -> Page:
    """One document as a plain page, at any time."""
    investment = _find(token)
    found = investment.campaign.content["documents"]
    if not 1 <= number <= len(found):
        abort(404)
    return render_template("hosted/document.html", token=token, investment=investment, document=found[number - 1])


@bp.route("/signature", methods=["GET", "POST"])
def signature(token: str) -> Page:
    investment = _find(token)
    if not _may_enter(investment, "signature"):
        return redirect(_place(token, investment), 303)
    form = Form({})
    if request.method == "POST":
        form = forms.read_boxes(SIGNATURE_BOXES)
        if _accepted(form) and _signed(investment, form):
            return redirect(_place(token, _find(token)), 303)
    return _render("signature", token, investment, form)


# How the identification may end: a change of the status, or of the identification's state alone.
OUTCOMES = {"passes": "identify", "mismatch": "insufficient", "review": MANUAL_REVIEW, "fails": KYC_REJECTED}


@bp.route("/identification", methods=["GET", "POST"])
def identification(token: str) -> Page:
    investment = _find(token)
    if not may_identify(investment):
        return redirect(_place(token, investment), 303)
    form = Form({})
    if request.method == "POST" and _accepted(form):
        outcome = OUTCOMES.get(request.form.get("outcome", "passes"))
        # Impossible when it was pressed twice, or the issuer was faster: the page shows what is the case.
        with suppress(Impossible):
            if outcome in (MANUAL_REVIEW, KYC_REJECTED):
                set_kyc(investment, outcome)
            elif outcome:
                act(investment, outcome)
        return redirect(url_for(".status", token=token), 303)
    return _render("identification", token, investment, form, text=TEXTS[investment.status or ""])


@bp.get("/status")
def status(token: str) -> Page:
    """What is going on after the signature; the bank details, once there are any."""
    investment = _find(token)
    if investment.status is None:
        return redirect(_place(token, investment))
    return render_template(
        "hosted/status.html",
        token=token,
        investment=investment,
        text=text_for(investment),
        identification_open=may_identify(investment),
        withdrawal_open=may_withdraw(investment),
    )


@bp.route("/withdrawal", methods=["GET", "POST"])
def withdrawal(token: str) -> Page:
    """Withdraw from the contract: on a page of its own, so that no status page has a form."""
    investment = _find(token)
    if investment.status is None:
        return redirect(_place(token, investment), 303)
    form = Form({})
    if request.method == "POST":
        form = forms.read_boxes(WITHDRAWAL_BOXES)
        if _accepted(form):
            with suppress(Impossible):
                withdraw(investment)
                return redirect(url_for(".status", token=token), 303)
    if not may_withdraw(investment):
        text = _("The period of withdrawal has ended, or there is no contract any more. Nothing was changed.")
        return error_page(409, _("You cannot withdraw any more"), text)
    page = render_template("hosted/withdrawal.html", token=token, investment=investment, form=form)
    return page, (400 if _csrf_failed(form) else 422) if form.errors else 200


@bp.post("/cancel")
def cancel(token: str) -> Page:
    """Give up before signing; a second form below the step, so never the first one of a page."""
    investment = _find(token)
    if not csrf_is_valid():
        return error_page(400, _("This page was open too long"), _("Nothing was cancelled. Go back and try again."))
    # Impossible when it was signed in another window: the next page says what is the case.
    with suppress(Impossible):
        act(investment, "give_up")
    return redirect(_place(token, _find(token)), 303)


def _find(token: str) -> Investment:
    link = db.session.get(StartLink, token)
    if link is None or link.expires_at <= runtime().clock.now():
        raise BadLink
    if runtime().modes.start_url == "once":
        _bind(link)
    return db.session.scalars(select(Investment).where(Investment.id == link.investment_id)).one()


def _bind(link: StartLink) -> None:
    """The first browser that opens the link keeps it."""
    browser = session.setdefault("browser", secrets.token_urlsafe(12))
    unopened = update(StartLink).where(StartLink.token == link.token, StartLink.opened_by.is_(None))
    if link.opened_by is None:
        db.session.execute(unopened.values(opened_by=browser))
        db.session.commit()
    if link.opened_by != browser:
        raise UsedLink


def _place(token: str, investment: Investment) -> str:
    """The page on which the investor goes on."""
    if investment.status is None:
        return url_for(f"hosted.{investment.step}", token=token)
    return url_for("hosted.identification" if may_identify(investment) else "hosted.status", token=token)


def _may_enter(investment: Investment, step: str) -> bool:
    """Steps done already may be changed until the signature; the details also while they do not match."""
    if investment.status is None:
        return STEPS.index(step) <= STEPS.index(investment.step)
    return step == "welcome" and investment.status == "KYC_INSUFFICIENT" and may_identify(investment)


def _accepted(form: Form) -> bool:
    """Whether what was posted can be used; else the form says why."""
    if not csrf_is_valid():
        form.errors = {"": _("This page was open too long. Your entries are still here; please send them again.")}
    return not form.errors


def _go_on(token: str, investment: Investment, step: str, units: int | None = None) -> Response:
    """Note that the step is done. One that was only changed keeps what comes after it as it is."""
    following = STEPS[STEPS.index(step) + 1]
    furthest = max(investment.step, following, key=STEPS.index)
    note_progress(investment, furthest, units)
    page = _place(token, investment) if investment.status else url_for(f"hosted.{following}", token=token)
    return redirect(page, 303)


def _signed(investment: Investment, form: Form) -> bool:
    campaign = investment.campaign
    if runtime().clock.now().date() > campaign.closes_on:
        form.errors[""] = _("This campaign has closed meanwhile. Nothing was signed.")
        return False
    if request.form.get("units") != str(investment.units):
        form.errors[""] = _("The amount was changed in another window. Check it and sign again.")
        return False
    try:
        sign(investment)
    except NotEnoughLeft:
        left = money(remaining(campaign), decimals=False)
        form.errors[""] = _("Only %(amount)s is left in this campaign. Go back and choose less.", amount=left)
        return False
    except Impossible:
        # Signed in another window a moment ago.
        pass
    return True


def _render(step: str, token: str, investment: Investment, form: Form, **values: object) -> Page:
    identified = db.session.scalar(
        select(Identification.id).where(Identification.investor_id == investment.investor_id).limit(1)
    )
    # The step stands in the list when it is shown, too: the issuer may ask for an identification once more.
    steps = [*STEPS] if identified and step in STEPS else [*STEPS, "identification"]
    page = render_template(
        f"hosted/{step}.html",
        token=token,
        investment=investment,
        campaign=investment.campaign,
        form=form,
        step=step,
        position=steps.index(step) + 1,
        steps=steps,
        back=steps[steps.index(step) - 1] if 0 < steps.index(step) < len(STEPS) else None,
        **values,
    )
    return page, (400 if _csrf_failed(form) else 422) if form.errors else 200


def _csrf_failed(form: Form) -> bool:
    return request.method == "POST" and not csrf_is_valid()
