"""The issuer's side: all investments, what can be done with each, and the webhooks that went out."""

from .routes import bp

__all__ = ["bp"]
