"""The take-home: what has happened as one HTML file without scripts, for whoever wants to build the same.

`diagram` draws the sequence, `settings` tells what changes for the real API; the texts stand in the template.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from flask import current_app, render_template

from ..backstage.record import Entry
from ..backstage.timeline import groups
from .diagram import Diagram
from .settings import changes

if TYPE_CHECKING:
    from .export import Scene


def styles() -> str:
    """The look of the file, which brings it along; in the colours of the brand, if there is one."""
    folder = current_app.extensions["settings"].brand_dir
    own = Path(__file__).with_name("takehome.css").read_text(encoding="utf-8")
    colours = folder / "brand.css" if folder else None
    return own + (colours.read_text(encoding="utf-8") if colours and colours.exists() else "")


def render(entries: Sequence[Entry], title: str, scenes: Sequence[Scene] = ()) -> str:
    """The file's text, in the language of the request.

    Args:
        entries: oldest first; what the loop asked in vain is left out.
        title: what this was.
        scenes: of a performance.
    """
    told = groups(entries)[::-1]
    return render_template(
        "takehome/document.html",
        title=title,
        scenes=scenes,
        groups=told,
        diagram=Diagram(told),
        settings_to_change=changes(current_app.extensions["settings"]),
        styles=styles(),
    )
