"""What all pages of the simulator share: headers, CSRF protection, hashed static files, error pages, log masks."""

import hashlib
import hmac
import logging
import re
import secrets
from functools import cache
from pathlib import Path

from flask import Flask, Response, jsonify, render_template, request, session, url_for
from flask_babel import gettext as _
from werkzeug.exceptions import HTTPException

from .api.dispatch import answer_http_error, is_api
from .compression import compress
from .runtime import runtime
from .statuses import STATUS_LABELS, TONES

CSRF_FIELD = "csrf_token"
STATIC = Path(__file__).with_name("static")
SHOWN_OF_A_BODY = 400
SECRET_PATH = re.compile(r"(/subscribe/)[^/\s?\"']+")


def init_app(app: Flask) -> None:
    app.after_request(compress)
    app.after_request(_add_headers)
    app.register_error_handler(HTTPException, _error_page)
    app.jinja_env.filters["printable"] = printable
    app.jinja_env.globals.update(
        csrf_token=csrf_token,
        static=static_url,
        settings=app.extensions["simulator"].settings,
        disturbances=app.extensions["simulator"].disturbances,
        status_label=STATUS_LABELS.get,
        tone=lambda status: TONES.get(status, "quiet"),
    )
    for logger in (app.logger, logging.getLogger("werkzeug"), logging.getLogger("gunicorn.access")):
        logger.addFilter(mask_start_links)


def csrf_token() -> str:
    """The token of this browser's session, made on first use; salted in each page, or compression tells it (BREACH)."""
    if CSRF_FIELD not in session:
        session[CSRF_FIELD] = secrets.token_urlsafe(24)
    salt = secrets.token_urlsafe(9)
    return f"{salt}.{_salted(salt)}"


def csrf_is_valid() -> bool:
    salt, _dot, given = request.form.get(CSRF_FIELD, "").partition(".")
    return CSRF_FIELD in session and hmac.compare_digest(given.encode("utf-8", "replace"), _salted(salt).encode())


def _salted(salt: str) -> str:
    key = str(session[CSRF_FIELD]).encode()
    return hmac.new(key, salt.encode("utf-8", "replace"), hashlib.sha256).hexdigest()


@cache
def _digest(name: str) -> str:
    return hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]


def static_url(name: str) -> str:
    """With a hash of the content in the address, so that the file can be cached for long."""
    return url_for("static", filename=name, v=_digest(name))


def printable(body: str) -> str:
    """A webhook's body as it can be shown: shortened, without what is no character."""
    shown = body[:SHOWN_OF_A_BODY] + ("…" if len(body) > SHOWN_OF_A_BODY else "")
    return shown.encode("utf-8", "backslashreplace").decode()


def mask_start_links(record: logging.LogRecord) -> bool:
    """A logging filter: a start_url is a secret, and servers log addresses."""
    message = record.getMessage()
    masked = SECRET_PATH.sub(r"\1…", message)
    if masked != message:
        record.msg, record.args = masked, ()
    return True


def _security_headers() -> dict[str, str]:
    settings = runtime().settings
    headers = {
        "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
        f"connect-src 'self'; base-uri 'none'; form-action 'self' {settings.return_origin}; frame-ancestors 'none'",
        "X-Content-Type-Options": "nosniff",
        # The address of a hosted page is a secret.
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    }
    if settings.public_url.startswith("https:"):
        headers["Strict-Transport-Security"] = "max-age=63072000; includeSubDomains"
    return headers


def _add_headers(response: Response) -> Response:
    response.headers.update(_security_headers())
    if request.endpoint == "static" and "v" in request.args and response.status_code == 200:
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    elif request.endpoint != "static":
        response.headers["Cache-Control"] = "no-store"
    return response


def _error_page(error: HTTPException) -> Response | tuple[str, int] | HTTPException:
    if error.code is None or error.code < 400:
        return error
    if is_api():
        return answer_http_error(error)
    if request.path.startswith("/_control/"):
        response = jsonify(detail=error.description)
        response.status_code = error.code
        return response
    return error_page(error.code)


def error_page(status: int, heading: str | None = None, text: str | None = None) -> tuple[str, int]:
    """A page that says what happened and where to go on; the two pairs of words are for the usual cases."""
    if status >= 500:
        heading, text = _("Something went wrong here"), _("Nothing is lost. Please try again in a moment.")
    page = render_template(
        "error.html",
        heading=heading or _("This page does not exist"),
        text=text or _("Check the address, or go back to where you came from."),
        in_studio=request.path.startswith("/studio"),
    )
    return page, status
