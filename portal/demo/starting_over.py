"""The button "Start over": portal and simulator as they were at first, and the presenter where they are."""

from __future__ import annotations

import uuid

from flask import current_app, flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.exceptions import HTTPException

from ..database import db
from ..models import Investment
from ..navigation import own_path
from .blueprint import bp


@bp.post("/demo/start-over")
def start_over() -> ResponseReturnValue:
    """Bring both sides back to the seed and lead back to the page, where there still is one."""
    demo = current_app.extensions.get("demo")
    if demo is None:
        flash(_("Only “portal demo” keeps a beginning to go back to."), "warning")
    else:
        db.session.remove()
        demo.start_over()
        flash(_("Everything is as it was at the start."))
    return redirect(place_afterwards(request.args.get("next")), 303)


def place_afterwards(place: str | None) -> str:
    """The page itself; the portfolio instead of an investment that is gone."""
    path = own_path(place or "/stage")
    try:
        _endpoint, arguments = current_app.url_map.bind("localhost").match(path.partition("?")[0], method="GET")
    except HTTPException:
        return "/stage"
    found = arguments.get("investment_id")
    gone = isinstance(found, uuid.UUID) and db.session.get(Investment, found) is None
    return "/investments" if gone else path
