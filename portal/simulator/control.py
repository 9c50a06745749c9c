"""/_control/: how tests and the demo steer the simulator. JSON only, and only from this machine.

A POST must be application/json: no page of another site can send that without asking first.
"""

from datetime import datetime
from ipaddress import ip_address
from typing import Any

from flask import Blueprint, Response, abort, jsonify, request
from sqlalchemy import func, select

from . import rules, store
from .lifecycle import instant
from .models import ApiCall, Delivery, Document, Identification, Investment, Investor, StatusChange, db
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
        investors=[_investor(row) for row in db.session.scalars(select(Investor).order_by(Investor.number))],
        investments=[_investment(row) for row in db.session.scalars(select(Investment).order_by(Investment.number))],
        deliveries_paused=runtime().deliveries_paused,
    )


@bp.post("/reset")
def reset() -> Response:
    """Back to the seed: the campaigns and nothing else; the switches too."""
    runtime().clock.pin(None)
    runtime().deliveries_paused = False
    store.empty(db.session, runtime().clock.now())
    db.session.commit()
    return state()


@bp.post("/changed-at")
def pin_changed_at() -> Response:
    """{"at": instant or null}: while set, changes and signatures bear it, each a microsecond later than the last."""
    value = _body().get("at")
    at: datetime | None = rules.read_instant(value) if isinstance(value, str) else None
    if at is None and value is not None:
        abort(400, "at must be an instant with a time zone, or null.")
    runtime().clock.pin(at)
    return jsonify(at=instant(at) if at else None)


@bp.post("/deliveries")
def pause_deliveries() -> Response:
    paused = _body().get("paused")
    if not isinstance(paused, bool):
        abort(400, "paused must be true or false.")
    runtime().deliveries_paused = paused
    runtime().wake_sender.set()
    return jsonify(paused=paused)


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
    }


def _call(row: ApiCall) -> dict[str, Any]:
    return {
        "id": row.id,
        "at": instant(row.at),
        "method": row.method,
        "path": row.path,
        "status": row.status,
        "duration_ms": row.duration_ms,
        "idempotency_key": row.idempotency_key,
        "replayed": row.replayed,
        "object_id": row.object_id,
    }
