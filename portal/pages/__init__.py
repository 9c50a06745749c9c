"""Pages around the offers: how it works, help, legal information, withdrawing from a contract, the health check."""

from . import withdrawal
from .routes import bp

__all__ = ["bp", "withdrawal"]
