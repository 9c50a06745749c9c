"""A total deadline for calls, which requests does not have: its timeout bounds each read, never their sum.

Not bounded: the resolver (DNS); its own timeout comes on top.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_ends: ContextVar[float] = ContextVar("deadline")


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Bound all calls inside, together. Inside another bound the earlier end counts.

    Args:
        seconds: for all calls in the block together.
    """
    ends = min(time.monotonic() + seconds, _ends.get(float("inf")))
    token = _ends.set(ends)
    try:
        yield
    finally:
        _ends.reset(token)


def left() -> float:
    """Seconds until the deadline; without one, infinite."""
    return _ends.get(float("inf")) - time.monotonic()
