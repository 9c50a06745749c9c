"""Accounts: register, confirm the email address, sign in and out, passwords, and the account page."""

from . import account
from .routes import bp

__all__ = ["account", "bp"]
