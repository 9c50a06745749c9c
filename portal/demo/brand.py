"""A prospect's colours for a presentation: from one colour of theirs to a brand.css that keeps all contrasts.

The colour keeps its hue; it is made darker, for the dark scheme lighter, until it can be read (WCAG 2.2, 1.4.3, 1.4.11).
"""

from __future__ import annotations

import colorsys
import re
from collections.abc import Iterator

WHITE, TEXT, SHAPE = "#ffffff", 4.5, 3.0
# What the portal's own tokens put behind a link or a button.
LIGHT_GROUNDS = ("#ffffff", "#f6f5f0", "#e4f3ea", "#fdf1d8", "#fcebea", "#e6f0fa")
DARK_GROUNDS = ("#18201c", "#0f1512", "#12301e", "#362709", "#3b1513", "#10293f")


class BadColourError(ValueError):
    """Not a colour like #1a5fb4."""


def brand_css(colour: str) -> str:
    """The whole brand.css of a colour, for both schemes.

    Args:
        colour: six hexadecimal digits, with or without #.

    Raises:
        BadColourError: it is none.
    """
    if not re.fullmatch(r"#?[0-9a-fA-F]{6}", colour):
        raise BadColourError(f"{colour!r} is not a colour like #1a5fb4")
    hue = "#" + colour.lstrip("#").lower()
    light, dark = _rules(_light(hue)), _rules(_dark(hue))
    return (
        f"/* Made from {hue}. Unlayered, so it wins over portal.css. */\n:root{{{light}}}\n"
        f"@media (prefers-color-scheme:dark){{:root:not([data-theme=light]){{{dark}}}}}\n"
    )


def _light(hue: str) -> dict[str, str]:
    tint, track = _with(hue, 0.92, 0.5), _with(hue, 0.87, 0.25)
    # The bar on its track is a shape, everything else is text.
    brand = _first(_darker(hue), {WHITE: TEXT, tint: TEXT, track: SHAPE, **dict.fromkeys(LIGHT_GROUNDS, TEXT)})
    return {
        "brand": brand,
        "brand-hover": _with(brand, max(_lightness(brand) - 0.08, 0.04)),
        "on-brand": WHITE,
        "link": brand,
        "tint": tint,
        "bar": brand,
        "track": track,
    }


def _dark(hue: str) -> dict[str, str]:
    tint, track, on_brand = _with(hue, 0.17, 0.5), _with(hue, 0.24, 0.2), _with(hue, 0.07, 0.6)
    brand = _first(_lighter(hue), {on_brand: TEXT, tint: TEXT, track: SHAPE, **dict.fromkeys(DARK_GROUNDS, TEXT)})
    return {
        "brand": brand,
        "brand-hover": _with(brand, min(_lightness(brand) + 0.08, 0.96)),
        "on-brand": on_brand,
        "link": brand,
        "tint": tint,
        "bar": brand,
        "track": track,
    }


def _rules(tokens: dict[str, str]) -> str:
    return ";".join(f"--{name}:{value}" for name, value in tokens.items())


def _first(shades: Iterator[str], limits: dict[str, float]) -> str:
    """The first shade that can be told from each of these grounds; the last one, black or white, always can."""
    shade = WHITE
    for shade in shades:
        if all(contrast(shade, ground) >= limit for ground, limit in limits.items()):
            break
    return shade


def _darker(colour: str) -> Iterator[str]:
    yield colour
    yield from (_with(colour, percent / 100) for percent in range(int(_lightness(colour) * 100), -1, -1))


def _lighter(colour: str) -> Iterator[str]:
    yield colour
    yield from (_with(colour, percent / 100) for percent in range(int(_lightness(colour) * 100), 101))


def _lightness(colour: str) -> float:
    return colorsys.rgb_to_hls(*_channels(colour))[1]


def _with(colour: str, lightness: float, saturation: float = 1.0) -> str:
    """The same hue in another lightness.

    Args:
        lightness: 0 to 1.
        saturation: a share of the colour's own.
    """
    hue, _, own = colorsys.rgb_to_hls(*_channels(colour))
    return "#" + "".join(f"{round(part * 255):02x}" for part in colorsys.hls_to_rgb(hue, lightness, own * saturation))


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, 1 to 21.

    Source: WCAG 2.2, "contrast ratio" and "relative luminance".
    """
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in _channels(colour)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _channels(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    return red, green, blue
