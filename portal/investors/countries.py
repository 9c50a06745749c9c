"""Countries as the API writes them (ISO 3166-1 alpha-3), with the names that people know."""

from __future__ import annotations

import unicodedata
from functools import cache

from ..language import LOCALES, language

GERMANY = "DEU"


@cache
def codes() -> dict[str, str]:
    """Three letters of the API to the two by which Babel and the other libraries know a country."""
    # Imported on first use: reading the country data takes longer than the rest of the start.
    import pycountry

    return {country.alpha_3: country.alpha_2 for country in pycountry.countries}


def name(code: str) -> str:
    """A country's name in the language of the request; a code that nobody knows stays as it is."""
    return _names(language()).get(code, code)


def by_name() -> dict[str, str]:
    """All countries, codes to names, in the order of the names; Germany first."""
    return _by_name(language())


def by_two_letters(alpha_2: str) -> str | None:
    return next((code for code, two in codes().items() if two == alpha_2), None)


@cache
def _names(chosen: str) -> dict[str, str]:
    territories = LOCALES[chosen].territories
    return {code: territories[alpha_2] for code, alpha_2 in codes().items()}


@cache
def _by_name(chosen: str) -> dict[str, str]:
    return dict(sorted(_names(chosen).items(), key=lambda item: (item[0] != GERMANY, _collated(item[1]))))


def _collated(text: str) -> str:
    """Accents and umlauts sort as their letters, as DIN 5007-1 and English lists have it."""
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(character for character in decomposed if character.isalpha()).casefold()
