"""Pages without data: how it works, help, legal information, and the health check."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, current_app, render_template, send_from_directory
from flask.typing import ResponseReturnValue

from ..campaigns.content import product_types
from ..campaigns.journey import STEPS
from .glossary import TERMS

bp = Blueprint("pages", __name__)


@bp.app_template_global()
def has_brand_css() -> bool:
    """Whether the operator has put a brand.css beside the portal's own stylesheet."""
    return Path(current_app.static_folder or "", "brand.css").is_file()


@bp.get("/how-it-works")
def how_it_works() -> ResponseReturnValue:
    """Who does what, the six steps, and the words explained."""
    return render_template("pages/how_it_works.html", steps=STEPS, terms=TERMS)


@bp.get("/help")
def help_page() -> ResponseReturnValue:
    """Answers for those who are stuck."""
    return render_template("pages/help.html", steps=STEPS)


# Production: the operator's own legal texts belong into the following templates.


@bp.get("/imprint")
def imprint() -> ResponseReturnValue:
    """Who runs the portal."""
    return render_template("pages/imprint.html")


@bp.get("/terms")
def terms() -> ResponseReturnValue:
    """What one agrees to with an account."""
    return render_template("pages/terms.html")


@bp.get("/privacy")
def privacy() -> ResponseReturnValue:
    """Which data are kept, passed on and dropped."""
    return render_template("pages/privacy.html")


@bp.get("/risks")
def risks() -> ResponseReturnValue:
    """Risks of all offers, and what the law asks for by kind of product."""
    return render_template("pages/risks.html", product_types=product_types().values())


@bp.get("/accessibility")
def accessibility() -> ResponseReturnValue:
    """What has been done for everyone, and what is missing."""
    return render_template("pages/accessibility.html")


@bp.get("/favicon.ico")
def favicon() -> ResponseReturnValue:
    """For programs that ask for it without reading the page."""
    return send_from_directory(current_app.static_folder or "", "icon.svg")


@bp.get("/healthz")
def healthz() -> ResponseReturnValue:
    """The process answers."""
    return {"status": "ok"}
