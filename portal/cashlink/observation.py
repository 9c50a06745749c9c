"""What an observer of the client gets to see: each exchange, with secrets and personal data masked beforehand."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NamedTuple

MASK = "•••"
# What an audience needs to follow the story. All other values of a body are masked: an unknown field may be personal.
SHOWN = frozenset(
    {"campaign_id", "investor_id", "investment_id", "id", "status", "changed_at", "units", "signed_date"}
    | {"email_confirmed", "legitimation_protocol_id", "token_type", "expires_in", "scope", "detail", "error", "count"}
    | {"name", "type", "amount", "decimals", "currency", "investment_count"}
)


class Exchange(NamedTuple):
    """One request and what came back.

    Attributes:
        status: HTTP status, or None without an answer.
        milliseconds: from sending to the last byte.
        request, answer: masked bodies as JSON text; empty where there is none or it is not JSON.
        error: why there is no usable answer, as a code.
    """

    method: str
    path: str
    status: int | None
    milliseconds: float
    idempotency_key: str | None
    request: str
    answer: str
    error: str | None


Observer = Callable[[Exchange], None]


def masked(body: bytes | None) -> str:
    """A JSON body with its shape and the values of `SHOWN`; everything else is masked."""
    if not body:
        return ""
    try:
        return json.dumps(_mask(json.loads(body)), ensure_ascii=False, indent=2)
    except (ValueError, RecursionError):
        return ""


def _mask(value: Any, shown: bool = False) -> Any:
    if isinstance(value, dict):
        return {name: _mask(inner, name in SHOWN) for name, inner in value.items()}
    if isinstance(value, list):
        return [_mask(inner, shown) for inner in value]
    return value if shown or value is None else MASK
