"""The button that fills a step of the investor data with the sample person, so that nobody types personal data."""

from __future__ import annotations

from typing import Any

from flask import request
from flask.typing import ResponseReturnValue
from flask_login import current_user
from werkzeug.datastructures import MultiDict

from .. import integration
from ..investors import routes, steps
from . import cast
from .blueprint import bp


@bp.before_app_request
def fill_in() -> ResponseReturnValue | None:
    """Show a step with sample data where its form was sent by that button; nothing is saved."""
    if request.endpoint != "investors.step" or request.method != "POST" or "sample" not in request.form:
        return None
    step = (request.view_args or {})["step"]
    investor = current_user.investor if current_user.is_authenticated else None
    if not current_user.is_authenticated or not integration.may_edit(investor, step):
        return None
    return routes.show_step(step, steps.FORMS[step](MultiDict(fields(step))), investor)


def fields(step: str) -> dict[str, Any]:
    """The sample as the fields of a form, in the values that a browser would send."""
    shown = steps.FORMS[step].to_fields(cast.sample()[step])
    return {name: str(value).lower() if isinstance(value, bool) else value for name, value in shown.items()}
