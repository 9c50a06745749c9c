"""The stage: one person's subscription as an audience sees it, played step by step over HTTP.

`play` knows who is on stage and which step is next, `moves` are the steps of a subscription, `evidence` reads what
really happened, `travel` follows a status from the Studio to the page, `view` and `routes` are the page.
"""

from __future__ import annotations

from flask import Flask


def set_up(app: Flask) -> None:
    """Add the empty stage. The pages are routes of the demo's blueprint."""
    from . import routes
    from .play import Stage

    app.extensions["stage"] = Stage()
    _ = routes
