"""What machines ask a process: whether it lives, whether it can serve, and its figures. Nothing of a person."""

from __future__ import annotations

import hmac

from flask import Blueprint, Flask, Response, abort, current_app, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError

from . import metrics, migrations
from .config import settings
from .database import db

bp = Blueprint("health", __name__)


@bp.get("/healthz")
def healthz() -> ResponseReturnValue:
    """The process answers."""
    return {"status": "ok"}


@bp.get("/readyz")
def readyz() -> ResponseReturnValue:
    """The database answers and has a schema on which this code can run; else a balancer sends nobody here."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    try:
        migrations.check(app)
    except migrations.SchemaError:
        return {"status": "wrong schema"}, 503
    except SQLAlchemyError:
        db.session.rollback()
        return {"status": "no database"}, 503
    return {"status": "ok"}


@bp.get("/metrics")
def show_metrics() -> ResponseReturnValue:
    """For Prometheus, with its token; without one set there are none."""
    token = settings().metrics_token
    if not token:
        abort(404)
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not hmac.compare_digest(given.encode(), token.encode()):
        return Response(status=401, headers={"WWW-Authenticate": 'Bearer realm="metrics"'})
    text, content_type = metrics.text()
    return Response(text, content_type=content_type)
