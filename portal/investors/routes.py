"""investors"""

from flask import Blueprint

bp = Blueprint("investors", __name__)
