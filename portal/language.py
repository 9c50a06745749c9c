"""German and English: which one a page speaks, the switch between them, and the locale's form of money and dates."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from babel import Locale
from flask import Blueprint, Flask, current_app, g, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import Babel, get_locale
from flask_babel import format_currency as babel_currency
from flask_babel import format_date as babel_date
from flask_babel import format_datetime as babel_datetime
from flask_babel import format_decimal as babel_decimal
from flask_babel import format_percent as babel_percent
from flask_login import current_user
from werkzeug.exceptions import HTTPException

from .database import db
from .navigation import own_path

LANGUAGES = {"de": "Deutsch", "en": "English"}
# British English writes 22 November 2026, as the texts do.
LOCALES = {"de": Locale("de"), "en": Locale("en", "GB")}
COOKIE = "portal_language"
NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"

bp = Blueprint("language", __name__)


def set_up(app: Flask) -> None:
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = f"{app.root_path}/translations"
    Babel(app, locale_selector=lambda: LOCALES[language()], default_timezone="Europe/Berlin")
    app.register_blueprint(bp)
    app.jinja_env.filters.update(
        money=money,
        whole_money=whole_money,
        day=day,
        short_day=short_day,
        instant=instant,
        clock=clock,
        number=number,
        percent=percent,
    )
    app.context_processor(lambda: {"language": language(), "languages": LANGUAGES, "get_locale": get_locale})


def language() -> str:
    """The language of this request: just chosen, of the account, of the cookie, of the browser."""
    chosen: str | None = g.get("language")
    if chosen is None:
        account = current_user.language if current_user and current_user.is_authenticated else None
        chosen = account or request.cookies.get(COOKIE)
        if chosen not in LANGUAGES:
            chosen = request.accept_languages.best_match(LANGUAGES) or "de"
        g.language = chosen
    return chosen


@bp.post("/language")
def switch() -> ResponseReturnValue:
    """Change the language and show the same page again, with what was typed in its form (button with formaction)."""
    chosen = request.form.get("language", "")
    if chosen in LANGUAGES:
        g.language = chosen
        if current_user.is_authenticated:
            current_user.language = chosen
            db.session.commit()
    place = own_path(request.args.get("next"))
    again = show_again(place) if "form" in request.args else None
    response = current_app.make_response(again or redirect(place, 303))
    response.set_cookie(COOKIE, language(), max_age=365 * 24 * 3600, samesite="Lax", httponly=True)
    return response


def show_again(place: str) -> ResponseReturnValue | None:
    """A page's own view with the posted form in hand, which it shows and does not act upon (`web.Form`).

    Args:
        place: path of the page; None is returned where nothing answers a GET there.
    """
    g.show_again = True
    adapter = current_app.url_map.bind_to_environ(request.environ)
    try:
        endpoint, arguments = adapter.match(place.partition("?")[0], method="GET")
    except HTTPException:
        return None
    answer: ResponseReturnValue = current_app.ensure_sync(current_app.view_functions[endpoint])(**arguments)
    return answer


def money(amount: Decimal | int, currency: str = "EUR") -> str:
    """`€5,000.00` or `5.000,00 €`."""
    return str(babel_currency(amount, currency))


def whole_money(amount: Decimal | int, currency: str = "EUR") -> str:
    """Money without cents where there are none: `€5,000`."""
    if amount != int(amount):
        return money(amount, currency)
    symbol = "¤#,##0" if language() == "en" else f"#,##0{NO_BREAK_SPACE}¤"
    return str(babel_currency(amount, currency, format=symbol, currency_digits=False))


def day(value: date) -> str:
    """`22 November 2026`, kept on one line."""
    if isinstance(value, datetime):
        text = babel_datetime(value, "d MMMM y" if language() == "en" else "d. MMMM y")
    else:
        text = babel_date(value, "long")
    return str(text).replace(" ", NO_BREAK_SPACE)


def short_day(value: date) -> str:
    """`22 Nov` or `22. Nov.`, for charts."""
    text = babel_date(value, "d MMM" if language() == "en" else "d. MMM")
    return str(text).replace(" ", NO_BREAK_SPACE)


def clock(value: datetime) -> str:
    """`10:42` or `10:42 Uhr`, in the portal's time zone."""
    text = str(babel_datetime(value, "HH:mm"))
    return f"{text}{NO_BREAK_SPACE}Uhr" if language() == "de" else text


def instant(value: datetime) -> str:
    """`16 November 2026, 10:42`."""
    return f"{day(value)}, {clock(value)}"


def number(value: Decimal | int | float) -> str:
    return str(babel_decimal(value))


def percent(value: Decimal | float, digits: int = 1) -> str:
    """A share of one as `60,8 %` or `60.8%`."""
    pattern = "#,##0" + ("." + "#" * digits if digits else "") + ("%" if language() == "en" else f"{NO_BREAK_SPACE}%")
    return str(babel_percent(value, format=pattern))
