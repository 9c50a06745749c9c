"""What all pages share: settings, headers, CSRF, addresses of static files, redirects, and the pages for errors."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import AnonymousUserMixin
from flask_wtf import FlaskForm
from flask_wtf.csrf import CSRFError, CSRFProtect, generate_csrf
from flask_wtf.form import _Auto
from itsdangerous import BadData, base64_decode, base64_encode
from jinja2.bccache import Bucket, FileSystemBytecodeCache
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.datastructures import CombinedMultiDict, MultiDict
from werkzeug.exceptions import HTTPException, MisdirectedRequest
from werkzeug.routing import Rule
from wtforms import FileField

from . import logs
from .compression import compress
from .config import Settings, is_local, settings
from .database import db
from .language import gettext as _
from .language import show_again

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class Form(FlaskForm):
    """A form of the portal. It does not count as submitted while it is only shown again: the language changed, or the
    CSRF token was too old (`language.show_again`)."""

    class Meta:
        # One check for all POSTs stands in set_up(); per-form tokens would be a second one.
        csrf = False

        def wrap_formdata(self, form: FlaskForm, formdata: Any) -> Any:
            """Forms only: a JSON body could bring values of any type into fields that expect text."""
            if formdata is not _Auto:
                return formdata
            if request.method != "POST":
                return None
            # A file where text is expected counts as nothing.
            files = [(name, file) for name, file in request.files.items(multi=True) if _takes_file(form, name)]
            return CombinedMultiDict((MultiDict(files), request.form))

    def is_submitted(self) -> bool:
        return request.method == "POST" and not g.get("show_again")


def _takes_file(form: FlaskForm, name: str) -> bool:
    return name in form and isinstance(form[name], FileField)


def show_form(template: str, form: Form, **values: Any) -> Response:
    """A page with a form; 422 where it comes back because of what was sent."""
    status = 422 if form.is_submitted() and form.errors else 200
    return current_app.make_response((render_template(template, form=form, **values), status))


class MaskedCsrf(CSRFProtect):
    """The session's token under a fresh mask in each response, so that compression leaks nothing (BREACH)."""

    def _get_csrf_token(self) -> str | None:
        return unmask(super()._get_csrf_token() or "")


def masked_token() -> str:
    """One mask for all forms of a response: what is random does not compress."""
    token = generate_csrf()
    if g.get("masked_token", ("",))[0] != token:
        g.masked_token = token, mask(token)
    return str(g.masked_token[1])


def mask(token: str) -> str:
    pad = secrets.token_bytes(len(token))
    return base64_encode(pad + bytes(a ^ b for a, b in zip(pad, token.encode(), strict=True))).decode()


def unmask(masked: str) -> str | None:
    try:
        raw = base64_decode(masked)
        half = len(raw) // 2
        return bytes(a ^ b for a, b in zip(raw[:half], raw[half:], strict=True)).decode()
    except (BadData, ValueError):
        return None


csrf = MaskedCsrf()


DATABASE_AWAY = (OperationalError, PoolTimeout)

# Longest body of a form without files; MAX_CONTENT_LENGTH is for those with a file.
FORM_BYTES = 256 * 1024


def limit_forms() -> None:
    """Werkzeug applies MAX_FORM_MEMORY_SIZE to multipart forms only."""
    if request.mimetype == "application/x-www-form-urlencoded":
        request.max_content_length = FORM_BYTES


class TemplateCache(FileSystemBytecodeCache):
    """Compiled templates beside their sources, as Python keeps its modules; where it cannot write there, nowhere."""

    def __init__(self, templates: Path) -> None:
        super().__init__(str(templates / "__pycache__"))
        with suppress(OSError):
            Path(self.directory).mkdir(exist_ok=True)

    def dump_bytecode(self, bucket: Bucket) -> None:
        with suppress(OSError):
            super().dump_bytecode(bucket)


class Route(Rule):
    """A route that compiles how its address is built with the first link to it: all at once they would delay a start by
    a tenth of what the portal adds to it. A Werkzeug that no longer asks for this builds them early, as ever."""

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        compiled = cache(partial(super()._compile_builder, append_unknown))
        return lambda *rule, **values: compiled()(*rule, **values)


def set_up(app: Flask) -> None:
    app.url_rule_class = Route
    app.jinja_env.bytecode_cache = TemplateCache(Path(app.root_path, app.template_folder or ""))
    app.before_request(limit_forms)
    csrf.init_app(app)
    masked = {"csrf_token": masked_token}
    app.jinja_env.globals.update(asset=asset, current_place=current_place, **masked)
    # Flask-WTF puts its unmasked token into the context, which comes before the globals.
    app.context_processor(lambda: {"settings": settings(), **masked})
    app.before_request(refuse_foreign_hosts)
    app.after_request(compress)
    app.after_request(cache_versioned)
    app.wsgi_app = with_headers(app.wsgi_app, default_headers(app.extensions["settings"]))  # type: ignore
    # Flask would look at each function of each request whether it is a coroutine; none is.
    app.ensure_sync = lambda func: func  # type: ignore[method-assign]
    app.register_error_handler(CSRFError, form_too_old)
    app.register_error_handler(HTTPException, show_http_error)
    app.register_error_handler(500, show_http_error)
    for unavailable in DATABASE_AWAY:
        app.register_error_handler(unavailable, show_database_away)


def current_place() -> str:
    """The page that is shown, for the language switch and for coming back after signing in."""
    if request.path == "/language":
        return request.args.get("next", "/")
    return request.full_path.rstrip("?") if request.method == "GET" else request.path


@cache
def version(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def asset(filename: str) -> str:
    """The address of a static file, with its content's hash, so that it can be cached for long."""
    return _address(current_app.static_folder or "", filename)


@cache
def _address(folder: str, filename: str) -> str:
    return url_for("static", filename=filename, v=version(Path(folder, filename)))


LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def refuse_foreign_hosts() -> ResponseReturnValue | None:
    """Only the public address's own host is served: links and cookies are made for it alone.

    127.0.0.1 would be another site than localhost, with other cookies: pages lead over, webhooks are taken.
    """
    if request.blueprint == "health":
        # Balancers ask each machine by its own address.
        return None
    host, known = host_name(f"//{request.host}"), host_name(settings().public_url)
    if host == known:
        return None
    if not (host in LOOPBACK and known in LOOPBACK):
        raise MisdirectedRequest
    return redirect(settings().public_url + request.full_path.rstrip("?")) if request.method == "GET" else None


@lru_cache(maxsize=64)
def host_name(url: str) -> str:
    return urlsplit(url).hostname or ""


def content_security_policy(settings: Settings) -> str:
    """Nothing inline, nothing from elsewhere.

    Chromium applies form-action to each redirect behind a form, and does so silently after the POST was executed. So
    it takes https in general, since Cashlink may redirect on to a host that no list knows, and the http origins of the
    allowed hosts, which are the simulator's.
    """
    local = [f"http://{host}" for host in settings.start_url_hosts if is_local(host.partition(":")[0])]
    directives = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "font-src": "'self'",
        "connect-src": "'self'",
        "manifest-src": "'self'",
        "form-action": " ".join(["'self'", "https:", *local]),
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in directives.items())


def default_headers(settings: Settings) -> dict[str, str]:
    """What every response bears; a view may set its own instead."""
    headers = {
        "Content-Security-Policy": content_security_policy(settings),
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    }
    if settings.over_https:
        headers["Strict-Transport-Security"] = "max-age=63072000; includeSubDomains"
    return headers


def with_headers(wsgi_app: WSGIApplication, defaults: dict[str, str]) -> WSGIApplication:
    """A layer around the application: no answer leaves without these headers, whoever has made it."""

    def add_missing(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Callable[[bytes], object]:
            present = {name for name, _value in headers}
            missing = [header for header in defaults.items() if header[0] not in present]
            return start_response(status, headers + missing, *error)

        return wsgi_app(environ, start)

    return add_missing


def cache_versioned(response: Response) -> Response:
    """An `after_request` function: what bears its content's hash in its address never changes."""
    if request.endpoint in ("static", "pages.brand_file") and response.status_code < 400 and "v" in request.args:
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response


def form_too_old(error: CSRFError) -> ResponseReturnValue:
    """Show the form again with what was typed, under a fresh token; only without such a page show a plain error."""
    logs.note("token of a form refused")
    g.notice = _("This page was open too long. Your entries are still here; please send them again.")
    again = show_again(request.path)
    if again is not None:
        response = current_app.make_response(again)
        if response.status_code < 300:
            response.status_code = 400
        return response
    return error_page(400)


def show_database_away(error: SQLAlchemyError) -> ResponseReturnValue:
    """The database is full, locked or away: 503, and a form comes back with what was typed."""
    db.session.rollback()
    current_app.logger.error("database not available: %s at %s", type(error).__name__, request.endpoint)
    g.notice = _("We cannot save anything at the moment. Your entries are still here; try again in a few minutes.")
    try:
        response = current_app.make_response((request.method == "POST" and show_again(request.path)) or "")
        if not response.data or response.status_code >= 300:
            response = error_page(503)
    except DATABASE_AWAY:
        # Not even reading: the page goes out as to somebody who is not signed in.
        db.session.rollback()
        g._login_user = AnonymousUserMixin()
        response = error_page(503)
    response.status_code = 503
    response.headers["Retry-After"] = "10"
    return response


def show_http_error(error: HTTPException) -> ResponseReturnValue:
    code = error.code or 500
    if 300 <= code < 400:
        return error.get_response()
    if code >= 500:
        # Stands on the page and in each line of the log, so that one leads to the other.
        g.reference = g.request_id
        current_app.logger.error("reference %s: %s at %s", g.reference, code, request.endpoint)
    response = error_page(code)
    for name, value in error.get_headers(request.environ):
        if name in ("Allow", "Retry-After", "WWW-Authenticate"):
            response.headers[name] = value
    return response


def error_page(code: int) -> Response:
    return current_app.make_response((render_template("error.html", **error_texts(code)), code))


def error_texts(code: int) -> dict[str, Any]:
    """What happened and what to do, in the words of a person; no codes in the heading."""
    texts = {
        400: (
            _("This request cannot be read"),
            _("Go back to the page you came from, reload it and try again."),
        ),
        404: (
            _("We cannot find this page"),
            _("Check the address or start from the campaigns."),
        ),
        405: (
            _("We cannot find this page"),
            _("Check the address or start from the campaigns."),
        ),
        413: (
            _("This is too large"),
            _("Choose a smaller file and try again."),
        ),
        429: (
            _("Too many attempts"),
            _("Please wait a few minutes and try again."),
        ),
        503: (
            _("We cannot save anything at the moment"),
            _("Nothing that you have signed at Cashlink is lost. Try again in a few minutes."),
        ),
    }
    wrong = (
        _("Something went wrong on our side"),
        _("What you have signed at Cashlink stays as it is. Try again in a few minutes."),
    )
    heading, text = texts.get(code, wrong if code >= 500 else texts[400])
    return {"code": code, "heading": heading, "text": text, "reference": g.get("reference")}
