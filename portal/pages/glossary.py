"""The words explained, and the filter `terms` that links each at its first use on a page.

{{ text|terms }} writes `<a class="term" href="/how-it-works#term-issuer">issuer</a>` once per page, whatever the text.
For plain text; not for headings, links and buttons.
"""

from __future__ import annotations

import re
import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from flask import g, url_for
from markupsafe import Markup, escape

from ..language import LANGUAGES, language

FILE = Path(__file__).with_name("glossary.toml")


class Term(NamedTuple):
    """A word in the language of the request. `slug` is its anchor on "How it works"."""

    slug: str
    name: str
    text: str


class Glossary(NamedTuple):
    """The words of one language, and the expression that finds them in a text."""

    terms: tuple[Term, ...]
    slugs: dict[str, str]
    pattern: re.Pattern[str]


def glossary() -> tuple[Term, ...]:
    return _all()[language()].terms


def link_terms(text: Any) -> Markup:
    """A text with its words linked, each the first time that it stands on this page."""
    known = _all()[language()]
    seen: set[str] = g.setdefault("terms_seen", set())

    def link(found: re.Match[str]) -> str:
        slug = known.slugs[found[0].lower()]
        if slug in seen:
            return found[0]
        seen.add(slug)
        return f'<a class="term" href="{url_for("pages.how_it_works")}#term-{slug}">{found[0]}</a>'

    # Escaped before the links come in.
    return Markup(known.pattern.sub(link, str(escape(text))))  # noqa: S704


@lru_cache(maxsize=1)
def _all() -> dict[str, Glossary]:
    with FILE.open("rb") as file:
        rows = tomllib.load(file)["term"]
    return {spoken: _glossary(rows, spoken) for spoken in LANGUAGES}


def _glossary(rows: list[dict[str, Any]], spoken: str) -> Glossary:
    words = tuple(Term(row["slug"], row["name"][spoken], row["text"][spoken]) for row in rows)
    slugs = {form.lower(): row["slug"] for row in rows for form in row["found"][spoken]}
    forms = "|".join(re.escape(form) for form in sorted(slugs, key=len, reverse=True))
    # A hyphen belongs to the word: "Token-Register" is neither of the two.
    pattern = re.compile(rf"(?<![\w&-])(?:{forms})(?![\w-])", re.IGNORECASE)
    return Glossary(words, slugs, pattern)
