"""Texts in both languages, side by side: a rule is read where it stands, and needs no catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

LANGUAGES = ("en", "de")


class Text(NamedTuple):
    """A text that a person reads."""

    en: str
    de: str

    def to(self, language: str) -> str:
        return self.de if language == "de" else self.en


def same(text: str) -> Text:
    """What is no language: a number, a name, a code."""
    return Text(text, text)


def usual_language(environ: Mapping[str, str]) -> str:
    """The terminal's, as the locale's variables name it."""
    named = environ.get("LC_ALL") or environ.get("LC_MESSAGES") or environ.get("LANG") or ""
    return "de" if named.startswith("de") else "en"
