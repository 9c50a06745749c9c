"""/studio/: every button changes a status and queues a webhook. What is impossible is not offered, and answers 409."""

from flask import Blueprint, abort, flash, get_flashed_messages, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import select
from werkzeug.wrappers import Response

from ..lifecycle import Impossible, act, set_kyc
from ..models import Delivery, Investment, db
from ..runtime import runtime
from ..sender import try_now
from ..statuses import (
    KYC_LABELS,
    KYC_TONES,
    REASON_LABELS,
    STATUS_LABELS,
    STUDIO_ACTIONS,
    possible_actions,
    possible_kyc,
    reasons_for,
)
from ..web import csrf_is_valid, error_page
from . import queries

bp = Blueprint("studio", __name__, url_prefix="/studio")

BATCH_ACTIONS = ("accept", "pay", "deliver")

# The category of a message that only names the investment: a cookie must not carry a person's name.
CHANGED = "changed"

Page = str | Response | tuple[str, int]


@bp.before_request
def check_csrf() -> Page | None:
    if request.method == "POST" and not csrf_is_valid():
        text = _("Nothing was changed. Go back, reload the page and try again.")
        return error_page(400, _("This page was open too long"), text)
    return None


@bp.get("/")
def list_investments() -> Page:
    return _list_page()


@bp.get("/investments/<investment_id>")
def show_investment(investment_id: str) -> Page:
    investment = _find(investment_id)
    return render_template(
        "studio/investment.html",
        investment=investment,
        actions_possible=possible_actions(investment.status, investment.kyc),
        kyc_possible=possible_kyc(investment.status, investment.kyc),
        reasons_for=reasons_for,
        reason_labels=REASON_LABELS,
        labels=STUDIO_ACTIONS,
        now=runtime().clock.now(),
        deliveries=queries.deliveries(investment.id),
    )


@bp.post("/investments/<investment_id>/<action>")
def change_status(investment_id: str, action: str) -> Page:
    investment = _find(investment_id)
    if action not in STUDIO_ACTIONS:
        abort(404)
    try:
        act(investment, action, request.form.get("reason"))
    except Impossible:
        return _refuse(STUDIO_ACTIONS[action], _find(investment_id))
    flash(investment.id, CHANGED)
    if request.form.get("back") == "detail":
        return redirect(url_for(".show_investment", investment_id=investment_id), 303)
    return redirect(url_for(".list_investments"), 303)


@bp.post("/investments/<investment_id>/kyc/<state>")
def change_kyc(investment_id: str, state: str) -> Page:
    """What the compliance officer notes: no status changes by it, so no webhook is sent."""
    investment = _find(investment_id)
    if state not in KYC_LABELS:
        abort(404)
    try:
        set_kyc(investment, state)
    except Impossible:
        return _refuse(KYC_LABELS[state], _find(investment_id))
    return redirect(url_for(".show_investment", investment_id=investment_id), 303)


@bp.post("/batch/<action>")
def change_many(action: str) -> Page:
    """The action for each ticked investment that allows it; the others stay as they are."""
    if action not in BATCH_ACTIONS:
        abort(404)
    ticked = request.form.getlist("investment")
    if not ticked:
        return _list_page(_("Tick at least one investment first.")), 422
    done = 0
    found = select(Investment).where(Investment.id.in_(ticked)).order_by(Investment.number)
    for investment in db.session.scalars(found).all():
        try:
            act(investment, action)
            done += 1
        except Impossible:
            continue
    flash(f"{STUDIO_ACTIONS[action]}: " + ngettext("%(num)d changed", "%(num)d changed", done))
    if left := len(ticked) - done:
        flash(ngettext("%(num)d left as it is: not possible from its status",
                       "%(num)d left as they are: not possible from their status", left))  # fmt: skip
    return redirect(url_for(".list_investments"), 303)


@bp.get("/webhooks")
def list_webhooks() -> Page:
    deliveries = queries.deliveries()
    return render_template(
        "studio/webhooks.html",
        deliveries=deliveries,
        investments=queries.names(deliveries),
        paused=runtime().deliveries_paused,
    )


@bp.post("/webhooks/<int:delivery_id>/send")
def send_webhook(delivery_id: int) -> Page:
    """Retry now, or send again what was delivered already."""
    delivery = db.session.get(Delivery, delivery_id) or abort(404)
    try_now(delivery, runtime().clock.now())
    db.session.commit()
    runtime().wake_sender.set()
    return redirect(url_for(".list_webhooks"), 303)


# The reference of the API wears the Studio's frame.
@bp.app_context_processor
def shared() -> dict[str, object]:
    return {
        "kyc_labels": KYC_LABELS,
        "kyc_tones": KYC_TONES,
        "flashed_texts": lambda: [_text(*found) for found in get_flashed_messages(with_categories=True)],
    }


def _text(category: str, message: str) -> str:
    investment = db.session.scalar(select(Investment).where(Investment.id == message)) if category == CHANGED else None
    return f"{investment.investor.name}: {STATUS_LABELS[investment.status]}" if investment else message


def _find(investment_id: str) -> Investment:
    return db.session.scalar(select(Investment).where(Investment.id == investment_id)) or abort(404)


def _list_page(problem: str | None = None) -> str:
    page = queries.investments(max(1, request.args.get("page", 1, type=int)))
    return render_template(
        "studio/list.html",
        page=page,
        campaigns=queries.campaigns(),
        possible_actions=possible_actions,
        labels=STUDIO_ACTIONS,
        batch_actions=BATCH_ACTIONS,
        problem=problem,
        now=runtime().clock.now(),
    )


def _refuse(action: object, investment: Investment) -> Page:
    text = _(
        "“%(action)s” is not possible while the status is “%(status)s”. Somebody may have been faster.",
        action=action,
        status=STATUS_LABELS[investment.status],
    )
    return error_page(409, _("This cannot be done now"), text)
