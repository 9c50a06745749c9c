"""The investor data, step by step; reading over; consent; and passing it all on to Cashlink."""

from __future__ import annotations

from typing import cast

from flask import Blueprint, Response, current_app, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_required

from .. import integration
from ..language import gettext as _
from ..language import language
from ..models import Investor, User
from ..navigation import own_path
from ..web import show_form
from . import consent, reasons, refusals, steps
from .forms import BirthForm, ConsentForm, StatementsForm, StepForm
from .identification import IdentificationForm

bp = Blueprint("investors", __name__)

STEP = f"<any({', '.join(steps.NAMES)}):step>"


def missing_step(user: User, back: str | None = None) -> str | None:
    """Path of what a person must do before a subscription can start; None where nothing is left to do.

    An import whose answer is unknown is not the person's business: the subscription waits for it.

    Args:
        back: own path to which the person is led when the data have been passed on.
    """
    if user.email_confirmed_at is None:
        return url_for("accounts.register_sent")
    investor = user.investor
    state = integration.import_state(investor)
    if state in ("done", "open"):
        return None
    if state in ("parked", "withdrawn") or back:
        return url_for("investors.overview", next=back)
    return _path(steps.first_missing(steps.answers_of(investor)) or steps.CHECK)


def _path(step: str) -> str:
    return url_for("investors.check") if step == steps.CHECK else url_for("investors.step", step=step)


def _mine() -> Investor | None:
    return cast("Investor | None", current_user.investor)


@bp.get("/investor")
@login_required
def overview() -> ResponseReturnValue:
    """Lead to the first step that is missing; or say how far passing on has got."""
    if "next" in request.args:
        session["after_investor"] = own_path(request.args["next"])
    investor = _mine()
    state = integration.import_state(investor)
    if state == "withdrawn":
        return redirect(url_for(".agree_again"), 303)
    if state in ("none", "refused"):
        answers = steps.answers_of(investor)
        return redirect(_path(steps.next_step(answers) if state == "none" else steps.CHECK), 303)
    return _show_state(investor, state)


def _show_state(investor: Investor | None, state: str) -> str:
    return render_template("investors/state.html", investor=investor, state=state, back=session.get("after_investor"))


@bp.route(f"/investor/{STEP}", methods=["GET", "POST"])
@login_required
def step(step: str) -> ResponseReturnValue:
    """One topic: shown, checked, saved; then the next one."""
    investor = _mine()
    if not integration.may_edit(investor, step):
        return _closed(investor)
    form = make_form(investor, step)
    if form.validate_on_submit():
        return _save(step, form)
    if not form.is_submitted() and request.method == "GET":
        refusals.show_in(form, refusals.by_step(investor).get(step, {}))
    return show_step(step, form, investor)


def make_form(investor: Investor | None, step: str) -> StepForm:
    """The form of a step with the posted fields, or else with the answers that are stored."""
    form = steps.FORMS[step](data=steps.stored_fields(investor, step))
    if isinstance(form, IdentificationForm):
        form.has_protocol = investor is not None and investor.protocol_name is not None
    return form


def show_step(step: str, form: StepForm, investor: Investor | None) -> Response:
    """The page of a step."""
    number = steps.NAMES.index(step)
    return show_form(
        f"investors/{step}.html",
        form,
        step=step,
        title=steps.TITLES[step],
        number=number + 1,
        count=len(steps.NAMES),
        previous=steps.NAMES[number - 1] if number else None,
        titles=steps.TITLES,
        investor=investor,
        why=reasons.WHY,
    )


def _save(step: str, form: StepForm) -> ResponseReturnValue:
    if isinstance(form, BirthForm) and form.is_minor:
        steps.forget(current_user, step)
        return redirect(url_for(".too_young"), 303)
    # Source: https://docs.cashlink.de, distributor-api/concepts/investors: persons subject to US tax are not onboarded.
    if isinstance(form, StatementsForm) and form.is_subject_to_us_tax.clean:
        steps.forget(current_user, step)
        return redirect(url_for(".us_tax"), 303)
    investor = steps.save(current_user, step, form)
    if investor is None:
        return _closed(_mine())
    return redirect(_path(steps.next_step(steps.answers_of(investor))), 303)


def _closed(investor: Investor | None) -> ResponseReturnValue:
    """The answers cannot be edited any more, and the page says why; 409 for an attempt to do so."""
    page = _show_state(investor, integration.import_state(investor))
    return current_app.make_response((page, 409 if request.method == "POST" else 200))


@bp.get("/investor/too-young")
@login_required
def too_young() -> ResponseReturnValue:
    """Minors cannot invest here; nothing of the date is kept."""
    return render_template("investors/too_young.html")


@bp.get("/investor/us-tax")
@login_required
def us_tax() -> ResponseReturnValue:
    """Persons subject to tax in the USA cannot invest here; nothing of it is kept."""
    return render_template("investors/us_tax.html")


@bp.route("/investor/check", methods=["GET", "POST"])
@login_required
def check() -> ResponseReturnValue:
    """Read over, agree, pass on: step 1 of the integration."""
    investor = _mine()
    state = integration.import_state(investor)
    if state not in ("none", "refused"):
        return redirect(url_for(".overview"), 303)
    missing = steps.first_missing(steps.answers_of(investor))
    if investor is None or missing:
        return redirect(_path(missing or steps.NAMES[0]), 303)
    form = ConsentForm(consent_language=language())
    if form.validate_on_submit():
        if current_user.email_confirmed_at is None:
            return redirect(url_for("accounts.register_sent"), 303)
        return _pass_on(investor, form)
    return _show_check(investor, form)


def _pass_on(investor: Investor, form: ConsentForm) -> ResponseReturnValue:
    if steps.MENDED in steps.answers_of(investor):
        investor.answers = {name: values for name, values in steps.answers_of(investor).items() if name != steps.MENDED}
    state = integration.import_investor(investor, *consent.agreed(form.consent_language.data))
    if state == "refused":
        return current_app.make_response((_show_check(investor, ConsentForm(None, consent_language=language())), 422))
    if state != "done":
        return redirect(url_for(".overview"), 303)
    return _go_on(_("Your data has been passed on to Cashlink."))


def _go_on(news: str) -> ResponseReturnValue:
    """Back to the campaign that led here, if one did."""
    back = session.pop("after_investor", None)
    if back:
        flash(news)
    return redirect(back or url_for(".overview"), 303)


@bp.route("/investor/consent", methods=["GET", "POST"])
@login_required
def agree_again() -> ResponseReturnValue:
    """After a withdrawal: the same words once more, and what it had stopped goes on."""
    investor = _mine()
    if investor is None or integration.import_state(investor) != "withdrawn":
        return redirect(url_for(".overview"), 303)
    form = ConsentForm(consent_language=language())
    if form.validate_on_submit():
        integration.import_investor(investor, *consent.agreed(form.consent_language.data))
        integration.tell_address(investor)
        return _go_on(_("You have agreed again."))
    return show_form(
        "investors/agree_again.html",
        form,
        investor=investor,
        consent_text=consent.consent_text(language()),
        back=session.get("after_investor"),
    )


def _show_check(investor: Investor, form: ConsentForm) -> Response:
    answers = steps.answers_of(investor)
    topics = [
        {
            "step": name,
            "title": steps.TITLES[name],
            "rows": steps.FORMS[name](None, data=steps.stored_fields(investor, name)).summary(),
            "editable": integration.may_edit(investor, name),
        }
        for name in steps.NAMES
    ]
    return show_form(
        "investors/check.html",
        form,
        topics=topics,
        refusals=refusals.by_step(investor),
        refused=integration.import_state(investor) == "refused",
        consent_text=consent.consent_text(language()),
        passed_on=consent.passed_on(bool(answers.get("identification"))),
        protocol_name=investor.protocol_name,
        problem=bool(refusals.by_step(investor)),
    )
