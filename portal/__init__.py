"""The Cashlink demo investor portal. The whole portal on one page: `create_app`."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from .config import Settings


@contextmanager
def _without_collection() -> Iterator[None]:
    """Leave garbage collection off, and what a process's first application has brought out of it for good: none of it
    is garbage, and to look through it would take a tenth of a cold start and a quarter of a short command."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
        if not gc.get_freeze_count():
            gc.freeze()
    finally:
        if was_on:
            gc.enable()


@_without_collection()
def create_app(settings: Settings | None = None, *, demo: bool = False) -> Flask:
    """Build the portal.

    Args:
        settings: as read from the environment when left out.
        demo: with the presenter's aids of `portal/demo/`; `portal serve` never sets it.

    Raises:
        ConfigurationError: a setting is missing or cannot be used.
    """
    from flask import Flask

    from . import (
        accounts,
        campaigns,
        database,
        health,
        integration,
        investments,
        investors,
        language,
        metrics,
        pages,
        web,
        webhooks,
    )
    from . import logs as request_logs
    from .accounts import sessions
    from .config import Settings

    settings = settings or Settings.from_environment(os.environ)
    app = Flask(__name__, template_folder="../templates", static_folder="../static")
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SECRET_KEY_FALLBACKS=[settings.secret_key_before] if settings.secret_key_before else None,
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SESSION_COOKIE_NAME="__Host-portal_session" if settings.over_https else "portal_session",
        SESSION_COOKIE_SECURE=settings.over_https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        WTF_CSRF_TIME_LIMIT=None,
        # The token is enough: __Host- keeps others from planting one, and privacy tools take the Referer away.
        WTF_CSRF_SSL_STRICT=False,
        MAX_CONTENT_LENGTH=11 * 1024 * 1024,
        MAX_FORM_MEMORY_SIZE=256 * 1024,
    )
    app.extensions["settings"] = settings
    if settings.proxies:
        from werkzeug.middleware.proxy_fix import ProxyFix

        # Only where a proxy is known to stand: else anybody could claim any address.
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=settings.proxies, x_proto=settings.proxies)  # type: ignore[method-assign]
    request_logs.set_up(app)
    database.set_up(app)
    web.set_up(app)
    language.set_up(app)
    sessions.set_up(app)
    integration.set_up(app, settings)
    for feature in (health, pages, accounts, investors, campaigns, investments, webhooks):
        app.register_blueprint(feature.bp)
    app.register_blueprint(webhooks.tokens_bp)
    metrics.set_up(app)
    if demo:
        from . import demo as presenter

        presenter.set_up(app)
    return app
