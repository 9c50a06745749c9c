"""The presenter's aids. Loaded only in demo mode, and can be deleted."""

from __future__ import annotations

from flask import Flask


def set_up(app: Flask) -> None:
    """Add the aids to the portal; their templates come first in the loader."""
