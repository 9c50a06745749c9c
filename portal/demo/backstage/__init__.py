"""Backstage: each call to Cashlink and each webhook as it happens, with its cause, its bodies and its source.

`record` keeps what happened, `watching` tells it, `source` shows the code, `copying` turns a call into commands,
`comparison` sets portal, API and webhook side by side, `routes` are the pages.
"""

from __future__ import annotations

from typing import cast

from flask import Flask, current_app

from .record import Entry, Recorder, sentence

__all__ = ["Entry", "Recorder", "entries", "recorder", "sentence", "set_up"]


def set_up(app: Flask) -> None:
    """Start recording. The pages are routes of the demo's blueprint."""
    from ..takehome import routes as takehome
    from . import routes, watching

    app.extensions["backstage"] = Recorder()
    watching.set_up(app)
    _ = routes, takehome


def recorder() -> Recorder:
    """What the running application has recorded."""
    return cast(Recorder, current_app.extensions["backstage"])


def entries(after: int = 0, limit: int = 500) -> list[Entry]:
    """The newest entries of the running application, oldest first."""
    return recorder().entries(after, limit)
