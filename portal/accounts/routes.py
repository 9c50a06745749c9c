"""Register, confirm the email address, sign in and out."""

from flask import Blueprint

bp = Blueprint("accounts", __name__)
