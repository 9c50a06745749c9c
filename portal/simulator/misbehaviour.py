"""How the API answers while a fault is armed: before the execution or after it, with another answer or none."""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from flask import Blueprint, Response, current_app, g, jsonify, request
from sqlalchemy import select
from werkzeug.exceptions import HTTPException
from werkzeug.http import http_date

from . import connection, odd_answers
from .connection import Ending
from .faults import DELIVERY, Armed
from .lifecycle import sign_unseen
from .models import Investment, db, new_id
from .runtime import Hooks, other_host, runtime
from .sender import attempt_delivery
from .transport import Transport

# What the faults' calls are named, by endpoint. All others are "other": only faults for any call concern them.
CALL_OF = {
    "token.issue_token": "token",
    "documents.create_document": "create_document",
    "investors.create_investor": "create_investor",
    "investors.change_investor": "update_communication",
    "investors.create_identification": "create_identification",
    "investors.create_wallet": "create_wallet",
    "investments.create_investment": "create_investment",
    "investors.read_investor": "fetch_investor",
    "investments.read_investment": "fetch_investment",
    "info.funding_information": "funding",
}

LONGEST_HANG_SECONDS = 30
USUAL_RETRY_AFTER = "1"

FIELD_ERRORS: dict[str, Any] = {
    "create_document": {"file": ["This file is not accepted."]},
    "create_investor": {"natural_person": {"phone": ["This phone number is not accepted."]}},
    "update_communication": {"communication": {"email": ["This email address is not accepted."]}},
    "create_wallet": {"address": ["This address is not accepted."]},
    "create_identification": {"document_id": ["This document is not accepted."]},
    "create_investment": {"campaign_id": ["This campaign is not open for subscriptions."]},
}
DETAILS = {
    401: "The access token is not valid or has expired.",
    403: "This account may not do that.",
    404: "Not found.",
    409: "A request with this idempotency key is being executed.",
    429: "Request was throttled.",
    500: "A server error occurred.",
}
TOKEN_ERRORS = {400: "invalid_request", 401: "invalid_client", 403: "unauthorized_client"}
GATEWAY_PAGE = "<html><head><title>{0}</title></head><body><h1>{0}</h1><hr>gateway</body></html>\n"

bp = Blueprint("elsewhere", __name__)


class FaultHooks(Hooks):
    """Uses one armed fault per request, the oldest that matches."""

    def before(self) -> Response | None:
        armed = runtime().faults.take(_call())
        if armed is None:
            return None
        g.fault, g.fault_name = armed, armed.fault.name
        if armed.fault.kind not in ("before", "redirect"):
            return None
        # What stays unread in the socket would turn any end of the connection into a reset.
        with suppress(HTTPException):
            request.get_data(cache=True)
        if armed.fault.kind == "redirect":
            return Response(status=307, headers={"Location": other_host() + f"/elsewhere{request.path}"})
        return _coded(armed)

    def executing(self) -> None:
        armed: Armed | None = g.get("fault")
        if armed is not None and armed.fault.kind == "slow":
            armed.pause(odd_answers.LATE_SECONDS, lambda: connection.is_gone(_socket()))

    def after(self, response: Response) -> Response:
        _send_early(response)
        armed: Armed | None = g.get("fault")
        if armed is None or armed.fault.kind in ("before", "redirect"):
            return response
        return _coded(armed) if armed.fault.kind == "after" else odd_answers.ODD[armed.fault.kind](armed, response)


@bp.route("/elsewhere/<path:path>", methods=["GET", "POST", "PATCH", "PUT"])
def elsewhere(path: str) -> tuple[Response, int]:
    """Who comes here has followed a redirect, and has shown another host what it had to say: the log tells it."""
    g.api_started, g.fault_name = time.perf_counter(), "redirect followed"
    answer = {"id": new_id(), "start_url": odd_answers.FOREIGN, "access_token": "of another host", "path": path}
    return jsonify(answer), 201


def _call() -> str:
    return CALL_OF.get(request.endpoint or "", "other")


def _socket() -> Any:
    return request.environ.get("werkzeug.socket")


def _coded(armed: Armed) -> Response:
    """The answer that the fault names by its code, or none."""
    code, client = armed.fault.code, _socket()
    if code == "reset":
        return _no_answer(lambda: connection.reset(client))
    if code == "lost":
        return _no_answer(lambda: connection.hang_up(client))
    if code == "timeout":

        def hang() -> None:
            armed.pause(LONGEST_HANG_SECONDS, lambda: connection.is_gone(client))
            connection.hang_up(client)

        return _no_answer(hang)
    return _error(int(code), armed.fault.argument)


def _no_answer(act: Callable[[], object]) -> Response:
    g.unanswered = True
    return Response(Ending(act), status=502)


def _error(status: int, retry_after: str) -> Response:
    call = _call()
    if status in (502, 503, 504):
        name = {502: "502 Bad Gateway", 503: "503 Service Unavailable", 504: "504 Gateway Timeout"}[status]
        response = Response(GATEWAY_PAGE.format(name), content_type="text/html")
    elif call == "token" and status in TOKEN_ERRORS:
        response = jsonify(error=TOKEN_ERRORS[status])
    elif status in (400, 422):
        response = jsonify(FIELD_ERRORS.get(call, {"non_field_errors": ["This request is not accepted."]}))
    else:
        response = jsonify(detail=DETAILS[status])
    response.status_code = status
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    if status == 429 or retry_after:
        response.headers["Retry-After"] = _retry_after(retry_after or USUAL_RETRY_AFTER)
    return response


def _retry_after(argument: str) -> str:
    if argument == "date":
        return http_date(time.time() + 3)
    return "a while" if argument == "garbage" else argument


def _send_early(response: Response) -> None:
    """The fault "early": the investment is signed at once, and its webhook arrives before the answer does."""
    created = _call() == "create_investment" and response.status_code == 201 and "replayed" not in g
    if not created or runtime().deliveries_paused:
        return
    investment = db.session.scalars(select(Investment).where(Investment.id == g.object_id)).one()
    if investment.status is not None:
        return
    armed = runtime().faults.take(DELIVERY, lambda fault: fault.kind == "early")
    if armed is None:
        return
    transport = Transport(current_app.extensions["simulator"])
    try:
        attempt_delivery(sign_unseen(investment), transport)
    finally:
        transport.close()
