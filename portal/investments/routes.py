"""Progress page, its fragment and its event stream, and the portfolio. Another person's investment does not exist."""

from __future__ import annotations

import uuid
from typing import cast

from flask import Blueprint, Flask, Response, abort, current_app, render_template, request
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_required
from sqlalchemy import bindparam, select

from ..database import db, now
from ..language import ZONE
from ..live import Hub
from ..models import Investment, User
from . import stream
from .holdings import read_portfolio
from .progress import Progress, read_progress

bp = Blueprint("investments", __name__)

# Built once: it takes longer to build than to execute.
_INVESTMENT = select(Investment).where(Investment.id == bindparam("id"))


@bp.record_once
def _set_up(state: BlueprintSetupState) -> None:
    state.app.extensions["hub"] = Hub(state.app.extensions["settings"].streams)


@bp.get("/investments")
@login_required
def portfolio() -> ResponseReturnValue:
    """All investments of the person; also where Cashlink leads back to."""
    return render_template(
        "investments/portfolio.html", portfolio=read_portfolio(current_user), owner=_name(current_user), as_of=now()
    )


@bp.get("/investments/<uuid:investment_id>")
@login_required
def progress(investment_id: uuid.UUID) -> ResponseReturnValue:
    """What happened, whose turn it is, what comes next."""
    return _show("investments/progress.html", investment_id, read_progress(_own_investment(investment_id)))


@bp.get("/investments/<uuid:investment_id>/status")
def status(investment_id: uuid.UUID) -> ResponseReturnValue:
    """The part of the progress page that changes, for its script: asked for with the tag of what it shows."""
    if not current_user.is_authenticated:
        return _signed_out()
    view = read_progress(_own_investment(investment_id))
    if request.if_none_match.contains_weak(view.etag):
        response = Response(status=304)
    else:
        response = Response(_show("investments/status.html", investment_id, view))
    response.set_etag(view.etag)
    return response


@bp.get("/investments/<uuid:investment_id>/events")
def events(investment_id: uuid.UUID) -> ResponseReturnValue:
    """The event stream. Its generator is returned without the request's context, so no connection stays taken."""
    if not current_user.is_authenticated:
        return _signed_out()
    _own_investment(investment_id)
    app = cast(Flask, current_app._get_current_object())  # type: ignore[attr-defined]
    pieces = stream.follow(app, investment_id, current_user.get_id())
    return Response(pieces, mimetype="text/event-stream", headers={"X-Accel-Buffering": "no"})


def _name(user: User) -> str:
    """For the printed portfolio."""
    investor = user.investor
    return f"{investor.forename} {investor.surname}" if investor and investor.surname else user.email


def _show(template: str, investment_id: uuid.UUID, view: Progress) -> str:
    return render_template(template, investment_id=investment_id, view=view, as_of=now(), zone=ZONE)


def _own_investment(investment_id: uuid.UUID) -> Investment:
    investment = db.session.scalars(_INVESTMENT, {"id": investment_id}).first()
    if investment is None or investment.user_id != current_user.id:
        abort(404)
    return investment


def _signed_out() -> ResponseReturnValue:
    """For a script: a redirect to the sign-in page would look like an answer."""
    return Response("signed out\n", 401, mimetype="text/plain")
