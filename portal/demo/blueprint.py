"""The blueprint of the presenter's aids; their modules add routes to it."""

from flask import Blueprint

bp = Blueprint("demo", __name__)
