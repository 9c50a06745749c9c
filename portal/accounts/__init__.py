"""Accounts: register, confirm the email address, sign in and out, passwords, and the account page."""

from . import account, consent_pages, email_pages
from .routes import bp

__all__ = ["account", "bp", "consent_pages", "email_pages"]
