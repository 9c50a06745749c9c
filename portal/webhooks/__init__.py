"""Where step 3 arrives: the receiver of Cashlink's webhooks."""

from .routes import bp

__all__ = ["bp"]
