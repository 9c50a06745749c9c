"""Every pair of colours that the pages put on each other is legible, in both schemes, for each brand.

The colours are read from the stylesheets. PORTAL_BRAND_DIR puts a partner's own brand to the same test.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from .settings import SECOND_BRAND

PORTAL = Path(__file__).resolve().parents[1] / "static" / "portal.css"
SECOND = Path(SECOND_BRAND["PORTAL_BRAND_DIR"], "brand.css")
OWN = Path(os.environ.get("PORTAL_BRAND_DIR", "/none"), "brand.css")
BRANDS = [(), (SECOND,), *([(OWN,)] if OWN.is_file() else [])]

TEXT, LARGE = 4.5, 3.0
# What stands on what, and the ratio that is needed: text, the more so body text; and shapes that carry meaning.
PAIRS = [
    ("ink", "canvas", 7.0),
    ("ink", "surface", 7.0),
    *[("ink-2", ground, TEXT) for ground in ("canvas", "surface", "surface-2")],
    *[("link", ground, TEXT) for ground in ("canvas", "surface", "info-bg", "ok-bg", "warn-bg", "bad-bg")],
    *[("on-brand", ground, TEXT) for ground in ("brand", "brand-hover")],
    *[(text, "tint", TEXT) for text in ("ink", "brand")],
    *[(tone, f"{tone}-bg", TEXT) for tone in ("ok", "warn", "bad", "info")],
    *[("ink", f"{tone}-bg", TEXT) for tone in ("ok", "warn", "bad", "info")],
    *[(tone, "surface", TEXT) for tone in ("ok", "bad")],
    ("bad", "canvas", TEXT),
    *[(shape, ground, LARGE) for shape in ("control", "focus", "brand") for ground in ("canvas", "surface")],
    ("bar", "track", LARGE),
    *[(shape, ground, LARGE) for shape in ("bar", "gold") for ground in ("canvas", "surface")],
]


def rules(css: str) -> Iterator[tuple[str, str]]:
    """The scheme of each block of variables, and what stands in it; those for print or for some widths are left out."""
    around, text = [""], ""
    for character in re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL):
        if character == "{":
            around.append(text.rpartition(";")[2].strip())
            text = ""
        elif character == "}":
            selector, media = around.pop(), [one for one in around if one.startswith("@media")]
            if selector.startswith(":root") and "." not in selector:
                if not media:
                    yield "light", text
                elif "prefers-color-scheme:dark" in "".join(media).replace(" ", ""):
                    yield "dark", text
            text = ""
        else:
            text += character


def colours(files: tuple[Path, ...], scheme: str) -> dict[str, str]:
    """The variables as a browser resolves them. A brand has no layer: it wins over the portal's dark values, too."""
    found: dict[str, str] = {}
    for file in (PORTAL, *files):
        of_scheme = {"light": "", "dark": ""}
        for kind, text in rules(file.read_text(encoding="utf-8")):
            of_scheme[kind] += text + ";"
        for text in [of_scheme["light"], of_scheme["dark"]][: 1 if scheme == "light" else 2]:
            found |= dict(re.findall(r"--([a-z0-9-]+):\s*(#[0-9a-fA-F]{3,6})\b", text))
    return found


def luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    digits = "".join(2 * digit for digit in digits) if len(digits) == 3 else digits
    channels = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    red, green, blue = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("brand", BRANDS, ids=lambda files: files[0].parent.name if files else "portal")
def test_everything_is_legible(brand: tuple[Path, ...], scheme: str) -> None:
    found = colours(brand, scheme)
    ratios = {(one, other): contrast(found[one], found[other]) for one, other, _least in PAIRS}
    assert {pair: ratios[pair[:2]] for pair in PAIRS if ratios[pair[:2]] < pair[2]} == {}


def test_the_second_brand_is_another_in_both_schemes() -> None:
    for scheme in ("light", "dark"):
        first, second = colours((), scheme), colours((SECOND,), scheme)
        changed = {name for name in first if first[name] != second[name]}
        assert {"brand", "brand-hover", "link", "tint", "bar", "track", "canvas", "gold", "focus"} <= changed


def test_a_brand_without_a_dark_scheme_is_caught(tmp_path: Path) -> None:
    sheet = tmp_path / "brand.css"
    sheet.write_text(":root{--brand:#14357a;--link:#14357a;--canvas:#f5f7fa}")
    found = colours((sheet,), "dark")
    assert contrast(found["ink"], found["canvas"]) < TEXT
