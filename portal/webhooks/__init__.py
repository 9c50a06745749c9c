"""Where step 3 arrives: the receiver of Cashlink's webhooks, and the token endpoint that belongs to it."""

from .routes import bp
from .tokens import bp as tokens_bp

__all__ = ["bp", "tokens_bp"]
