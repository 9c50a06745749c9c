"""The blueprint of the presenter's aids; their modules add routes to it."""

from pathlib import Path

from flask import Blueprint

bp = Blueprint("demo", __name__, static_folder=Path(__file__).with_name("static"), static_url_path="/static/demo")
