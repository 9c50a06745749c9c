"""A stand-in for Cashlink: its API, its hosted subscription, its Studio and its webhooks, as an application of its own.

It imports nothing of the portal and shares nothing with it but HTTP. What is not in Cashlink's public documentation is
guessed in assumptions.py.
"""

import os

from flask import Flask, Response, redirect, url_for
from werkzeug.wrappers import Response as BaseResponse

from . import api, control, hosted, language, misbehaviour, store, studio, web
from .assumptions import UPLOAD_BYTES
from .config import Settings
from .models import db
from .runtime import Runtime


def create_app(settings: Settings | None = None) -> Flask:
    """Build the simulator. It sends no webhooks by itself: start a sender.Sender for the returned application."""
    settings = settings or Settings.from_environment(os.environ)
    app = Flask(__name__)
    app.config.update(
        SECRET_KEY=settings.cookie_key,
        SESSION_COOKIE_NAME=settings.cookie_name("simulator_session"),
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.over_https,
        # Room for the multipart wrapping of the largest upload.
        MAX_CONTENT_LENGTH=UPLOAD_BYTES + 1024 * 1024,
    )
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.extensions["simulator"] = runtime = Runtime(settings)
    runtime.hooks = misbehaviour.FaultHooks()
    store.open_store(app, settings.database_path)
    language.init_app(app, settings)
    web.init_app(app)
    api.init_app(app)
    for module in (hosted, studio, control, misbehaviour):
        app.register_blueprint(module.bp)
    app.add_url_rule("/", view_func=start_page)
    app.add_url_rule("/healthz", view_func=healthz)
    return app


def start_page() -> BaseResponse:
    return redirect(url_for("studio.list_investments"))


def healthz() -> Response:
    db.session.execute(db.text("SELECT 1 FROM campaign"))
    return Response("ok\n", content_type="text/plain; charset=utf-8")
