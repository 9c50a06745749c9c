"""German and English: which one a request gets, and how amounts and instants are written in it."""

import re
from datetime import date, datetime
from decimal import Decimal
from urllib.parse import urlencode

from babel.numbers import NumberFormatError, format_currency, format_decimal, parse_decimal
from flask import Flask, Response, current_app, g, request
from flask_babel import Babel, format_date, format_datetime, format_time, get_locale

from .config import Settings

LANGUAGES = {"de": "Deutsch", "en": "English"}
# English dates with the day first, money with the sign in front.
LOCALES = {"de": "de", "en": "en_GB"}
COOKIE = "simulator_language"
COOKIE_SECONDS = 365 * 24 * 3600
NO_BREAK = "\N{NO-BREAK SPACE}"


def init_app(app: Flask, settings: Settings) -> None:
    app.config.update(LANGUAGE_COOKIE=settings.cookie_name(COOKIE), LANGUAGE_COOKIE_SECURE=settings.over_https)
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = "translations"
    Babel(app, locale_selector=lambda: LOCALES[language()], timezone_selector=lambda: "Europe/Berlin")
    app.after_request(_remember)
    app.jinja_env.filters.update(money=money, plain_amount=plain_amount, day=day, moment=moment, clock=clock)
    app.context_processor(lambda: {"language": language(), "languages": LANGUAGES, "language_url": language_url})


def language() -> str:
    """The language asked for in the address, else the one remembered, else the browser's."""
    if "language" not in g:
        wanted = (request.args.get("language"), request.cookies.get(current_app.config["LANGUAGE_COOKIE"]))
        chosen = next((value for value in wanted if value in LANGUAGES), None)
        g.language = chosen or request.accept_languages.best_match(list(LANGUAGES), "en")
    return str(g.language)


def language_url(code: str) -> str:
    """The same page in another language. An address that only takes POSTs leads to the page before all others."""
    rule = request.url_rule
    if rule is not None and "GET" not in (rule.methods or ()):
        return f"/?language={code}"
    return "?" + urlencode({**request.args, "language": code})


def _remember(response: Response) -> Response:
    if request.args.get("language") in LANGUAGES:
        response.set_cookie(
            current_app.config["LANGUAGE_COOKIE"],
            language(),
            max_age=COOKIE_SECONDS,
            secure=current_app.config["LANGUAGE_COOKIE_SECURE"],
            httponly=True,
            samesite="Lax",
        )
    return response


def money(cents: int, decimals: bool = True) -> str:
    pattern = None if decimals or cents % 100 else ("#,##0\xa0¤" if language() == "de" else "¤#,##0")
    amount = Decimal(cents) / 100
    return format_currency(amount, "EUR", pattern, locale=get_locale(), currency_digits=pattern is None)


def plain_amount(cents: int) -> str:
    """For an input field: 1.000,00 or 1,000.00, without the sign."""
    return format_decimal(Decimal(cents) / 100, "#,##0.00", locale=get_locale())


def read_amount(text: str) -> int | None:
    """Cents, from an amount as people type it in this language; None when it is none."""
    cleaned = text.replace("€", "").replace("EUR", "").replace(NO_BREAK, "").replace(" ", "")
    if not re.fullmatch(r"-?[0-9.,]{1,15}", cleaned, re.ASCII):
        return None
    # A user of the German page may well type 1000.00, and the other way round.
    for locale in (get_locale(), *LOCALES.values()):
        try:
            amount = parse_decimal(cleaned, locale=locale, strict=True)
        except NumberFormatError:
            continue
        return None if amount * 100 % 1 else int(amount * 100)
    return None


def day(value: date) -> str:
    return str(format_date(value, "long", rebase=False)).replace(" ", NO_BREAK)


def moment(value: datetime) -> str:
    pattern = "d MMM y, HH:mm:ss" if language() == "en" else "d. MMM y, HH:mm:ss"
    return str(format_datetime(value, pattern)).replace(" ", NO_BREAK)


def clock(value: datetime) -> str:
    return str(format_time(value, "HH:mm:ss"))
