"""The progress page of an investment, its live updates, and the portfolio."""

# The list of campaigns shows the open tasks of this package, which reads the campaigns' content: they begin.
from .. import campaigns as _campaigns  # noqa: F401
from .routes import bp

__all__ = ["bp"]
