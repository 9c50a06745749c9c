"""The progress page of an investment, its live updates, and the portfolio."""

from .routes import bp

__all__ = ["bp"]
