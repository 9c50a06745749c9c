"""Finds words of the wrong language on a page: each that only the other language's texts use."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from portal.translations.update import DOMAINS, read

from ..test_translations import SAME

ROOT = Path(__file__).resolve().parents[2]
# Texts in both languages that stand in data files.
DATA = ("portal/campaigns/data/*.toml", "portal/simulator/*.toml", "portal/demo/cast.toml")
# Words of one catalogue that are right on pages of the other language as well: names of
# methods, and what both languages share.
SHARED = {word.lower() for text in SAME for word in text.split()} | {"get", "post", "patch"}
# Not a part of an identifier: the FED of 4FED09.
_WORD = re.compile(r"\b[^\W\d_]{3,}\b")
_NOT_WORDS = re.compile(r"%\(\w+\)[sd]|\{\w+\}|\S*[@/\\]\S*|\S+\.\w{2,4}\b")


def words(text: str) -> set[str]:
    return {word.lower() for word in _WORD.findall(_NOT_WORDS.sub(" ", text.replace("\N{SOFT HYPHEN}", "")))}


@cache
def only_in(language: str) -> frozenset[str]:
    """Words that texts of this language use, and texts of the other one do not."""
    texts: dict[str, set[str]] = {"de": set(), "en": set()}
    for domain in DOMAINS:
        for message in read(domain) if domain.po.exists() else ():
            for form in message.id if isinstance(message.id, list | tuple) else [message.id]:
                texts["en"] |= words(form)
            for form in message.string if isinstance(message.string, list | tuple) else [message.string]:
                texts["de"] |= words(form)
    for pattern in DATA:
        for path in ROOT.glob(pattern):
            for code, text in _texts(tomllib.loads(path.read_text(encoding="utf-8"))):
                texts[code] |= words(text)
    other = "en" if language == "de" else "de"
    return frozenset(texts[language] - texts[other] - SHARED)


def _texts(value: Any) -> Iterator[tuple[str, str]]:
    """The leaves of a data file: those under `de` and `en` are of that language, all others of both."""
    if isinstance(value, dict):
        for name, part in value.items():
            if name in ("de", "en") and isinstance(part, str):
                yield name, part
            else:
                yield from _texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part)
    elif isinstance(value, str):
        yield "de", value
        yield "en", value


def foreign(text: str, language: str) -> list[str]:
    """Words of a page in this language that belong to the other one."""
    return sorted(words(text) & only_in("en" if language == "de" else "de"))
