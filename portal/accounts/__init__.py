"""Accounts: register, confirm the email address, sign in and out."""

from .routes import bp

__all__ = ["bp"]
