"""The take-home: what has happened as one HTML file without scripts, for whoever wants to build the same.

`diagram` draws the sequence, `settings` tells what changes for the real API; the texts stand in the template.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from flask import current_app, render_template

from ..backstage.record import Entry
from ..backstage.timeline import groups
from .diagram import Diagram
from .settings import changes

STYLES = Path(__file__).with_name("takehome.css")


def render(entries: Sequence[Entry], title: str, script: Sequence[tuple[str, str]] = ()) -> str:
    """The file's text, in the language of the request.

    Args:
        entries: oldest first; what the loop asked in vain is left out.
        title: what this was.
        script: of a performance: for each step what is done and what the presenter says.
    """
    told = groups(entries)[::-1]
    return render_template(
        "takehome/document.html",
        title=title,
        script=script,
        groups=told,
        diagram=Diagram(told),
        settings_to_change=changes(current_app.extensions["settings"]),
        styles=STYLES.read_text(encoding="utf-8"),
    )
