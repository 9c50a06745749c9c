"""Investor data, identification and consent: step 1 of the integration is started here."""

from .routes import bp, missing_step

__all__ = ["bp", "missing_step"]
