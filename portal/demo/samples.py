"""The button that fills a step of the investor data with the sample person, so that nobody types personal data."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import request
from flask.typing import ResponseReturnValue
from flask_login import current_user
from werkzeug.datastructures import MultiDict

from .. import integration
from ..database import db, now
from ..investors import routes, steps
from ..investors.identification import IdentificationForm
from . import cast
from .blueprint import bp

PROTOCOL_NAME = "muster-protokoll.pdf"
# The smallest file that viewers open: one empty page.
PROTOCOL = b"""%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj
trailer<</Root 1 0 R>>
%%EOF
"""


@bp.before_app_request
def fill_in() -> ResponseReturnValue | None:
    """Show a step with sample data where its form was sent by that button; nothing but the sample protocol is saved."""
    if request.endpoint != "investors.step" or request.method != "POST" or "sample" not in request.form:
        return None
    step = (request.view_args or {})["step"]
    investor = current_user.investor if current_user.is_authenticated else None
    if not current_user.is_authenticated or not integration.may_edit(investor, step):
        return None
    form = steps.FORMS[step](MultiDict(fields(step)))
    if isinstance(form, IdentificationForm):
        investor = steps.lock(current_user)
        investor.protocol, investor.protocol_name = PROTOCOL, PROTOCOL_NAME
        db.session.commit()
        form.has_protocol = True
    return routes.show_step(step, form, investor)


def fields(step: str) -> dict[str, Any]:
    """The sample as the fields of a form, in the values that a browser would send."""
    answers = cast.sample()[step]
    if step == "identification":
        answers = {**answers, "verified_at": (now() - timedelta(days=20)).isoformat(timespec="minutes")}
    shown = steps.FORMS[step].to_fields(answers)
    return {name: str(value).lower() if isinstance(value, bool) else value for name, value in shown.items()}
