"""The operator's own look, the folder PORTAL_BRAND_DIR: brand.css, logo.svg, fonts/*.woff2. Each may be missing.

brand.css is linked after the portal's stylesheet and has no layer, so it always wins.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from urllib.parse import quote

from flask import current_app, url_for

from ..config import settings
from ..web import asset, version

# What a browser may fetch of the folder; nothing else that lies there leaves it.
SUFFIXES = frozenset({".css", ".svg", ".woff2", ".png", ".jpg", ".webp"})


def file(name: str) -> Path | None:
    """A file of the folder; None where there is none."""
    folder = settings().brand_dir
    path = folder / name if folder else None
    return path if path and path.is_file() else None


def address(name: str) -> str:
    """Where browsers find a file of the folder, with its content's hash; empty where there is none."""
    path = file(name)
    return url_for("pages.brand_file", name=name, v=version(path)) if path else ""


def logo() -> str:
    """The picture beside the name, which is the icon of the browser's tab as well.

    The portal's own is so small that it stands in the page: a request less.
    """
    return address("logo.svg") or _inline(Path(current_app.static_folder or "", "icon.svg"))


@cache
def _inline(picture: Path) -> str:
    return "data:image/svg+xml," + quote(picture.read_text(encoding="utf-8").strip(), safe="=:/;,'")


def fonts() -> list[str]:
    """What to fetch before the stylesheet asks for it: the brand's fonts, or the portal's if the brand keeps them.

    Those of the folder bear no hash, since brand.css names them without one.
    """
    folder, sheet = settings().brand_dir, file("brand.css")
    own = sorted(folder.glob("fonts/*.woff2")) if folder else []
    if own:
        return [url_for("pages.brand_file", name=f"fonts/{font.name}") for font in own]
    if sheet and "--font-" in sheet.read_text(encoding="utf-8"):
        return []
    return [asset("fonts/portal-sans.woff2"), asset("fonts/portal-serif.woff2")]
