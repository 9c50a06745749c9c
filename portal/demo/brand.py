"""A prospect's look for a presentation: their logo, and a brand.css from one colour of theirs that keeps all contrasts.

The colour keeps its hue; it is made darker, in the dark scheme lighter, until it can be read (WCAG 2.2, 1.4.3 and
1.4.11).
"""

from __future__ import annotations

import base64
import colorsys
import re
from collections.abc import Iterator
from pathlib import Path

WHITE, TEXT, SHAPE = "#ffffff", 4.5, 3.0
# What the portal's own tokens put behind a link or a button.
LIGHT_GROUNDS = ("#ffffff", "#f6f5f0", "#e4f3ea", "#fdf1d8", "#fcebea", "#e6f0fa")
DARK_GROUNDS = ("#18201c", "#0f1512", "#12301e", "#362709", "#3b1513", "#10293f")
# Of a prospect's logo nobody knows whether it can be seen on a dark page.
LOGO_GROUND = '.logo img[src^="/brand/"]{padding:.15rem;border-radius:4px;background:#fff}\n'


class BadBrandError(ValueError):
    """A colour or a logo that cannot be used; the text says how it should be."""


def environment(name: str, data_dir: Path) -> dict[str, str]:
    """The settings of a demo under this name. Its databases lie apart, since names stand in what the cast agreed to.

    Args:
        data_dir: of the demo under its own name.
    """
    folder = data_dir / "brands" / (re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "brand")
    return {"PORTAL_BRAND": name, "PORTAL_BRAND_DIR": str(folder / "look"), "PORTAL_DATA_DIR": str(folder)}


def look(colour: str = "", logo: Path | None = None) -> dict[str, bytes]:
    """The files of a brand's folder that follow from these two.

    Args:
        colour: six hexadecimal digits, with or without #; empty: the one of before, or the portal's own.
        logo: an SVG or PNG file; None: the one of before, or the portal's own.

    Raises:
        BadBrandError: one of them cannot be used.
    """
    files = {"brand.css": (brand_css(colour) + LOGO_GROUND).encode()} if colour else {}
    return files | ({"logo.svg": _as_svg(logo)} if logo else {})


def write(folder: Path, files: dict[str, bytes]) -> None:
    """Put them into a folder for PORTAL_BRAND_DIR; what is not among them stays as an earlier presentation had it."""
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "brand.css").exists():
        (folder / "brand.css").write_text(LOGO_GROUND, encoding="utf-8")
    for name, content in files.items():
        (folder / name).write_bytes(content)


def _as_svg(logo: Path) -> bytes:
    """The file itself, or a PNG inside an SVG, since that is the one kind of logo that pages ask for."""
    content = logo.read_bytes()
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        width, height = (int.from_bytes(content[start : start + 4], "big") for start in (16, 20))
        data = base64.b64encode(content).decode()
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">'
            f'<image width="{width}" height="{height}" href="data:image/png;base64,{data}"/></svg>'
        ).encode()
    if b"<svg" in content[:4096]:
        return content
    raise BadBrandError(f"{logo.name} is neither an SVG nor a PNG file")


def brand_css(colour: str) -> str:
    """The whole brand.css of a colour, for both schemes.

    Args:
        colour: six hexadecimal digits, with or without #.

    Raises:
        BadBrandError: it is none.
    """
    if not re.fullmatch(r"#?[0-9a-fA-F]{6}", colour):
        raise BadBrandError(f"{colour!r} is not a colour like #1a5fb4")
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
