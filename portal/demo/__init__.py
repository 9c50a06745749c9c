"""The presenter's aids. Loaded only in demo mode, and can be deleted.

Their templates come first in the loader, so pages take them up by name and production code asks for nothing.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from flask import Flask
from jinja2 import BaseLoader, ChoiceLoader, FileSystemLoader

from . import cast

TEMPLATES = Path(__file__).with_name("templates")


def set_up(app: Flask) -> None:
    """Add the aids to the portal."""
    from . import mailbox, samples
    from .blueprint import bp

    # Nothing is mailed from a demo, whatever the environment says: its addresses are other people's, or nobody's.
    app.extensions["settings"] = replace(app.extensions["settings"], mail_url="")
    loaders: list[BaseLoader] = [FileSystemLoader(TEMPLATES), *([app.jinja_loader] if app.jinja_loader else [])]
    app.jinja_loader = ChoiceLoader(loaders)
    app.jinja_env.globals["cast"] = lambda: [member for member in cast.members() if member.shown]
    app.register_blueprint(bp)
    _ = mailbox, samples
