"""The presenter's aids. Loaded only in demo mode, and can be deleted.

Their templates come first in the loader, so pages take them up by name and production code asks for nothing.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from functools import cache
from pathlib import Path

from flask import Flask, url_for
from jinja2 import BaseLoader, ChoiceLoader, FileSystemLoader

from . import cast

TEMPLATES = Path(__file__).with_name("templates")
STATIC = Path(__file__).with_name("static")


def set_up(app: Flask) -> None:
    """Add the aids to the portal."""
    from . import backstage, mailbox, samples, stage, starting_over
    from .blueprint import bp

    # Nothing is mailed from a demo, whatever the environment says: its addresses are other people's, or nobody's.
    app.extensions["settings"] = replace(app.extensions["settings"], mail_url="")
    loaders: list[BaseLoader] = [FileSystemLoader(TEMPLATES), *([app.jinja_loader] if app.jinja_loader else [])]
    app.jinja_loader = ChoiceLoader(loaders)
    app.jinja_env.globals["cast"] = lambda: [member for member in cast.members() if member.shown]
    app.jinja_env.globals["demo_asset"] = demo_asset
    backstage.set_up(app)
    stage.set_up(app)
    app.register_blueprint(bp)
    _ = mailbox, samples, starting_over


def demo_asset(filename: str) -> str:
    """The address of a static file of the demo, with its content's hash."""
    return url_for("demo.static", filename=filename, v=_version(filename))


@cache
def _version(filename: str) -> str:
    return hashlib.sha256((STATIC / filename).read_bytes()).hexdigest()[:12]
