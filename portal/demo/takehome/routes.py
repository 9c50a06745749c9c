"""The button of Backstage that exports what has happened."""

from __future__ import annotations

from flask import Response
from flask_babel import gettext as _

from ..backstage import entries
from ..blueprint import bp
from . import render


@bp.get("/backstage/take-home")
def take_home() -> Response:
    """Everything that is recorded, as a file to take home."""
    headers = {"Content-Disposition": 'attachment; filename="take-home.html"'}
    return Response(render(entries(), _("What portal and Cashlink said to each other")), headers=headers)
