"""The hosted subscription behind start_url: from the welcome to the payment details."""

from .routes import bp

__all__ = ["bp"]
