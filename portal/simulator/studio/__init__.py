"""The issuer's side: all investments, what can be done with each, and the webhooks that went out."""

from . import faults as _faults  # noqa: F401  (adds its pages to the blueprint)
from .routes import bp

__all__ = ["bp"]
