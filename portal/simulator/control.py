"""/_control/: how tests and the demo steer the simulator. JSON only, and only from this machine.

A POST must be application/json: no page of another site can send that without asking first.
"""

from dataclasses import asdict
from datetime import datetime
from ipaddress import ip_address
from typing import Any

from flask import Blueprint, Response, abort, jsonify, request
from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from . import deadlines, deliveries, lifecycle, rules, store
from .faults import Armed
from .models import ApiCall, Attempt, Delivery, Document, Identification, Investment, Investor, StatusChange, db
from .rules import instant
from .runtime import runtime

bp = Blueprint("control", __name__, url_prefix="/_control")


@bp.before_request
def guard() -> None:
    if request.remote_addr and not ip_address(request.remote_addr.partition("%")[0]).is_loopback:
        abort(403, "The control API answers this machine only.")
    if request.method == "POST" and request.mimetype != "application/json":
        abort(415, "The content type application/json is expected.")


@bp.get("/state")
def state() -> Response:
    investors = select(Investor).options(selectinload(Investor.identifications))
    investments = select(Investment).options(selectinload(Investment.changes))
    return jsonify(
        counts={
            "documents": _count(Document),
            "investors": _count(Investor),
            "identifications": _count(Identification),
            "investments": _count(Investment),
            "status_changes": _count(StatusChange),
            "deliveries": _count(Delivery),
            "deliveries_waiting": _count(Delivery, Delivery.next_try_at.is_not(None)),
        },
        documents=list(db.session.scalars(select(Document.id).order_by(Document.created_at))),
        investors=[_investor(row) for row in db.session.scalars(investors.order_by(Investor.number))],
        identifications=[_identification(row) for row in db.session.scalars(select(Identification))],
        investments=[_investment(row) for row in db.session.scalars(investments.order_by(Investment.number))],
        deliveries_paused=runtime().deliveries_paused,
    )


@bp.post("/reset")
def reset() -> Response:
    """Back to the seed: the campaigns and nothing else; faults and switches too."""
    runtime().send_webhooks_to()
    runtime().clock.pin(None)
    runtime().behave()
    store.empty(db.session, runtime().clock.now())
    db.session.commit()
    return state()


@bp.get("/faults")
def list_faults() -> Response:
    """What is armed, oldest first; what has been used up is gone."""
    return jsonify([_fault(armed) for armed in runtime().faults.armed()])


@bp.post("/faults")
def arm_fault() -> Response:
    """{"on": call, "fault": name, "times": n or null}: see faults.py. null: until it is switched off."""
    body = _body()
    on, name, times = body.get("on"), body.get("fault"), body.get("times")
    if not (isinstance(on, str) and isinstance(name, str) and (times is None or type(times) is int)):
        abort(400, "on and fault must be texts, times a number or null.")
    try:
        return jsonify(_fault(runtime().faults.arm(on, name, times)))
    except ValueError as error:
        abort(400, str(error))


@bp.post("/faults/clear")
def clear_faults() -> Response:
    """{} or {"id": n}. What was held back goes on."""
    fault_id = _body().get("id")
    if fault_id is not None and type(fault_id) is not int:
        abort(400, "id must be a number.")
    return jsonify(cleared=deliveries.clear_faults(fault_id))


@bp.get("/modes")
def show_modes() -> Response:
    return jsonify(asdict(runtime().modes))


@bp.post("/modes")
def change_modes() -> Response:
    """Those that are named; see modes.py."""
    try:
        runtime().modes = runtime().modes.changed(_body())
    except ValueError as error:
        abort(400, str(error))
    return show_modes()


@bp.get("/clock")
def show_clock() -> Response:
    return jsonify(forwarded_seconds=runtime().clock.forwarded_seconds, now=instant(runtime().clock.now()))


@bp.post("/clock")
def forward_clock() -> Response:
    """{"forward_seconds": n}: expiries, retries and payment deadlines come nearer; changed_at stays real time."""
    seconds = _body().get("forward_seconds")
    if type(seconds) is not int or not 0 <= seconds <= deadlines.FURTHEST_SECONDS:
        abort(400, f"forward_seconds must be a whole number up to {deadlines.FURTHEST_SECONDS}.")
    deadlines.forward(seconds)
    return show_clock()


@bp.post("/changed-at")
def pin_changed_at() -> Response:
    """{"at": instant or null}: while set, changes and signatures bear it, each a microsecond later than the last."""
    value = _body().get("at")
    at: datetime | None = rules.read_instant(value) if isinstance(value, str) else None
    if at is None and value is not None:
        abort(400, "at must be an instant with a time zone, or null.")
    runtime().clock.pin(at)
    return jsonify(at=instant(at) if at else None)


@bp.post("/act")
def act_on_investment() -> Response:
    """{"investment_id": id, "action": "sign" or one of the Studio's, "reason": where there is a choice}."""
    body = _body()
    investment = db.session.scalar(select(Investment).where(Investment.id == str(body.get("investment_id"))))
    if investment is None:
        abort(404, "No investment has this id.")
    action, reason = str(body.get("action")), body.get("reason")
    try:
        if action == "sign":
            lifecycle.sign_on_defaults(investment)
        else:
            lifecycle.act(investment, action, str(reason) if reason else None)
    except (lifecycle.Impossible, lifecycle.NotEnoughLeft):
        abort(409, f"{action[:100]} is impossible while the status is {investment.status}.")
    return jsonify(_investment(investment))


@bp.post("/webhook")
def direct_webhooks() -> Response:
    """{"url": address or null, "token": bearer token, "token_url": address}; null: where the settings say."""
    body = _body()
    values = {name: body.get(name) or "" for name in ("url", "token", "token_url")}
    if not all(isinstance(value, str) for value in values.values()) or not _is_address(values["url"]):
        abort(400, "url must be an address or null, token and token_url texts.")
    runtime().send_webhooks_to(**values)
    return jsonify(url=runtime().settings.webhook_url)


def _is_address(value: str) -> bool:
    return not value or value.startswith(("http://", "https://"))


@bp.post("/deliveries")
def pause_deliveries() -> Response:
    paused = _body().get("paused")
    if not isinstance(paused, bool):
        abort(400, "paused must be true or false.")
    runtime().deliveries_paused = paused
    runtime().wake_sender.set()
    return jsonify(paused=paused)


@bp.get("/deliveries")
def deliveries_log() -> Response:
    """All webhooks with their attempts, oldest first; ?after=<id> leaves out what was read before."""
    after = request.args.get("after", 0, type=int)
    rows = select(Delivery).options(selectinload(Delivery.attempts)).where(Delivery.id > after)
    return jsonify([_delivery(row) for row in db.session.scalars(rows.order_by(Delivery.id))])


@bp.get("/requests")
def requests_log() -> Response:
    """The API's log, oldest first; ?after=<id> leaves out what was read before."""
    after = request.args.get("after", 0, type=int)
    rows = db.session.scalars(select(ApiCall).where(ApiCall.id > after).order_by(ApiCall.id))
    return jsonify(requests=[_call(row) for row in rows])


def _body() -> dict[str, Any]:
    body = request.get_json()
    if not isinstance(body, dict):
        abort(400, "An object is expected.")
    return body


def _count(model: type, *conditions: Any) -> int:
    return db.session.scalar(select(func.count()).select_from(model).where(*conditions)) or 0


def _investor(row: Investor) -> dict[str, Any]:
    return {
        "id": row.id,
        "has_communication": row.communication is not None,
        "identifications": len(row.identifications),
    }


def _investment(row: Investment) -> dict[str, Any]:
    return {
        "id": row.id,
        "investor_id": row.investor_id,
        "campaign_id": row.campaign_id,
        "status": row.status,
        "units": row.units,
        "status_changes": [{"status": at.status, "changed_at": instant(at.changed_at)} for at in row.changes],
    }


def _identification(row: Identification) -> dict[str, Any]:
    return {"id": row.id, "investor_id": row.investor_id, "document_id": row.document_id}


def _fault(armed: Armed) -> dict[str, Any]:
    return {
        "id": armed.id,
        "on": armed.on,
        "fault": armed.fault.name,
        "times_left": armed.times_left,
        "used": armed.used,
    }


def _delivery(row: Delivery) -> dict[str, Any]:
    return {
        "id": row.id,
        "investment_id": row.investment_id,
        "body": row.body,
        "waiting": row.next_try_at is not None,
        "fault": row.fault,
        "attempts": [_attempt(attempt) for attempt in row.attempts],
    }


def _attempt(row: Attempt) -> dict[str, Any]:
    return {"at": instant(row.at), "answer": row.answer, "error": row.error, "duration_ms": row.duration_ms}


def _call(row: ApiCall) -> dict[str, Any]:
    return {
        "id": row.id,
        "at": instant(row.at),
        "method": row.method,
        "path": row.path,
        "status": row.status,
        "duration_ms": row.duration_ms,
        "idempotency_key": row.idempotency_key,
        "body": row.body_digest,
        "replayed": row.replayed,
        "object_id": row.object_id,
        "fault": row.fault,
    }
