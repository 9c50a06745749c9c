"""German and English: which one a page speaks, the switch between them, and the locale's form of money and dates."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache, lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale, dates, numbers
from babel.support import NullTranslations, Translations
from flask import Blueprint, Flask, current_app, g, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import Babel, LazyString, get_locale
from flask_login import current_user
from jinja2 import pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup
from werkzeug.exceptions import HTTPException

from .config import settings
from .database import db, now
from .navigation import own_path

LANGUAGES = {"de": "Deutsch", "en": "English"}
# British English writes 22 November 2026, as the texts do.
LOCALES = {"de": Locale("de"), "en": Locale("en", "GB")}
COOKIE = "portal_language"
ZONE = "Europe/Berlin"
HOME = ZoneInfo(ZONE)
NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"

bp = Blueprint("language", __name__)


def set_up(app: Flask) -> None:
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = f"{app.root_path}/translations"
    Babel(app, locale_selector=lambda: LOCALES[language()], default_timezone=ZONE)
    app.jinja_env.globals["_"] = _translated
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
    chosen: str | None = getattr(g, "language", None)
    if chosen is None:
        account = current_user.language if current_user and current_user.is_authenticated else None
        chosen = account or request.cookies.get(cookie_name())
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
    response.set_cookie(
        cookie_name(),
        language(),
        max_age=365 * 24 * 3600,
        secure=settings().over_https,
        samesite="Lax",
        httponly=True,
    )
    return response


def cookie_name() -> str:
    """Over TLS with the prefix that keeps other hosts from setting it, as the session's cookie."""
    return f"__Host-{COOKIE}" if settings().over_https else COOKIE


def show_again(place: str) -> ResponseReturnValue | None:
    """A page's own view with the posted form in hand, which it shows and does not act upon (`web.Form`).

    Args:
        place: path of the page; None is returned where no page answers a GET there.
    """
    g.show_again = True
    adapter = current_app.url_map.bind_to_environ(request.environ)
    try:
        endpoint, arguments = adapter.match(place.partition("?")[0], method="GET")
        answer: ResponseReturnValue = current_app.ensure_sync(current_app.view_functions[endpoint])(**arguments)
    except HTTPException:
        return None
    return answer


# Flask-Babel's own three look up domain and locale again for each of a page's hundred texts.


def gettext(text: str, /, **values: Any) -> str:
    """A text in the language of the request."""
    found: str = _catalogue(language()).ugettext(text)
    return found % values if values else found


def ngettext(one: str, many: str, num: int, /, **values: Any) -> str:
    """One of two texts in the language of the request, by a number that both may mention as `num`."""
    found: str = _catalogue(language()).ungettext(one, many, num)
    return found % {"num": num, **values}


def lazy_gettext(text: str, /, **values: Any) -> LazyString:
    """A text that is looked up once it is shown."""
    return LazyString(gettext, text, **values)


@pass_eval_context
def _translated(context: EvalContext, text: str, /, **values: Any) -> str:
    """`_` in templates."""
    # As Jinja's own: a text of ours is trusted, what is put into it is escaped.
    found = _trusted(text, language()) if context.autoescape else gettext(text)
    return found % values if values else found


@cache
def _trusted(text: str, spoken: str) -> Markup:
    return Markup(_catalogue(spoken).ugettext(text))  # noqa: S704


@cache
def _catalogue(spoken: str) -> NullTranslations:
    return Translations.load(Path(__file__).with_name("translations"), [LOCALES[spoken]])


# The same few amounts and instants stand on page after page, and to form one takes longer than to write it: each is
# formed once for each language, and kept while it is asked for.
_kept = lru_cache(maxsize=4096)


def money(amount: Decimal | int, currency: str = "EUR") -> str:
    """`€5,000.00` or `5.000,00 €`."""
    return _money(amount, currency, language())


@_kept
def _money(amount: Decimal | int, currency: str, spoken: str) -> str:
    return str(numbers.format_currency(amount, currency, locale=LOCALES[spoken]))


def whole_money(amount: Decimal | int, currency: str = "EUR") -> str:
    """Money without cents where there are none: `€5,000`."""
    return _whole_money(amount, currency, language()) if amount == int(amount) else money(amount, currency)


@_kept
def _whole_money(amount: Decimal | int, currency: str, spoken: str) -> str:
    symbol = "¤#,##0" if spoken == "en" else f"#,##0{NO_BREAK_SPACE}¤"
    return str(numbers.format_currency(amount, currency, symbol, LOCALES[spoken], currency_digits=False))


def day(value: date) -> str:
    """`22 November 2026`, kept on one line."""
    return _day(value, language())


@_kept
def _day(value: date, spoken: str) -> str:
    if isinstance(value, datetime):
        text = _in_zone(value, "d MMMM y" if spoken == "en" else "d. MMMM y", spoken)
    else:
        text = dates.format_date(value, "long", LOCALES[spoken])
    return text.replace(" ", NO_BREAK_SPACE)


def short_day(value: date) -> str:
    """`22 Nov` or `22. Nov.`, for charts."""
    return _short_day(value, language())


@_kept
def _short_day(value: date, spoken: str) -> str:
    text = dates.format_date(value, "d MMM" if spoken == "en" else "d. MMM", LOCALES[spoken])
    return text.replace(" ", NO_BREAK_SPACE)


def clock(value: datetime) -> str:
    """`10:42` or `10:42 Uhr`, in the portal's time zone."""
    return _clock(value, language())


@_kept
def _clock(value: datetime, spoken: str) -> str:
    text = _in_zone(value, "HH:mm", spoken)
    return f"{text}{NO_BREAK_SPACE}Uhr" if spoken == "de" else text


def _in_zone(value: datetime, pattern: str, spoken: str) -> str:
    return str(dates.format_datetime(value, pattern, HOME, LOCALES[spoken]))


def at_home(value: datetime) -> datetime:
    """An instant by the clocks of the portal's time zone."""
    return value.astimezone(HOME)


def today() -> date:
    """The present day there: a campaign closes at midnight."""
    return at_home(now()).date()


def ago(age: timedelta) -> str:
    """`2 minutes ago`, kept on one line."""
    # At least one: of nothing Babel would say "in 0 seconds".
    return _ago(max(int(age.total_seconds()), 1), language())


@_kept
def _ago(seconds: int, spoken: str) -> str:
    text = dates.format_timedelta(
        timedelta(seconds=-seconds), "second", threshold=1.2, add_direction=True, locale=LOCALES[spoken]
    )
    return text.replace(" ", NO_BREAK_SPACE)


def instant(value: datetime) -> str:
    """`16 November 2026, 10:42`."""
    return f"{day(value)}, {clock(value)}"


def number(value: Decimal | int | float) -> str:
    return _number(value, language())


@_kept
def _number(value: Decimal | int | float, spoken: str) -> str:
    return str(numbers.format_decimal(value, locale=LOCALES[spoken]))


def percent(value: Decimal | float, digits: int = 1) -> str:
    """A share of one as `60,8 %` or `60.8%`."""
    return _percent(value, digits, language())


@_kept
def _percent(value: Decimal | float, digits: int, spoken: str) -> str:
    pattern = "#,##0" + ("." + "#" * digits if digits else "") + ("%" if spoken == "en" else f"{NO_BREAK_SPACE}%")
    return str(numbers.format_percent(value, pattern, LOCALES[spoken]))
