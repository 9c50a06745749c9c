"""investments"""

from flask import Blueprint

bp = Blueprint("investments", __name__)
