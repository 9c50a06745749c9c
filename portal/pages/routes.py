"""Pages without data: how it works, help, legal information."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, current_app, render_template, send_from_directory
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from ..campaigns.content import product_types
from ..campaigns.journey import STEPS
from ..config import settings
from . import brand
from .glossary import glossary, link_terms

bp = Blueprint("pages", __name__)
bp.add_app_template_global(brand.logo, "logo")
bp.add_app_template_global(brand.fonts, "brand_fonts")
bp.add_app_template_global(brand.address, "brand_address")
bp.add_app_template_filter(link_terms, "terms")


@bp.get("/brand/<path:name>")
def brand_file(name: str) -> ResponseReturnValue:
    """A file of the operator's brand."""
    if brand.file(name) is None or Path(name).suffix not in brand.SUFFIXES:
        raise NotFound
    return send_from_directory(settings().brand_dir or "", name, max_age=24 * 3600)


@bp.get("/how-it-works")
def how_it_works() -> ResponseReturnValue:
    """Who does what, the six steps, and the words explained."""
    return render_template("pages/how_it_works.html", steps=STEPS, glossary=glossary())


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
    own = brand.file("logo.svg")
    return send_from_directory(own.parent if own else current_app.static_folder or "", own.name if own else "icon.svg")
