"""Pages without data: how it works, help, legal information, and the health check."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, current_app
from flask.typing import ResponseReturnValue

bp = Blueprint("pages", __name__)


@bp.app_template_global()
def has_brand_css() -> bool:
    """Whether the operator has put a brand.css beside the portal's own stylesheet."""
    return Path(current_app.static_folder or "", "brand.css").is_file()


@bp.get("/healthz")
def healthz() -> ResponseReturnValue:
    """The process answers."""
    return {"status": "ok"}
