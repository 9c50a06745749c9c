"""Pages without data: how it works, help, legal information, and the health check."""

from .routes import bp

__all__ = ["bp"]
