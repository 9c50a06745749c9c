"""What can become of a call, by meaning. No error text carries a body, a token or personal data.

`Refused`: a definite no, edit and ask again under a new key. `Unknown`: it may or may not have happened, so the same
key and the same body go out again later. `Parked`: guessing would do harm, a person must look.
"""

from __future__ import annotations

from typing import Any


class CashlinkError(Exception):
    """Any call that did not end well.

    Attributes:
        reason: a short code for logs and operators, e.g. "http-503".
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Refused(CashlinkError):
    """400 or 422 with reasons, 404 for the campaign: nothing was created.

    Attributes:
        field_errors: the API's messages, by the path of the field, e.g. `{"bank_account.iban": ["…"]}`.
    """

    def __init__(self, reason: str, field_errors: dict[str, list[str]] | None = None) -> None:
        super().__init__(reason)
        self.field_errors = field_errors or {}


class Unknown(CashlinkError):
    """No answer, 5xx, 429, or an answer that cannot be read: whether it happened is not known.

    Attributes:
        retry_after: seconds that Cashlink asked to wait, 900 at most; None where it did not.
    """

    def __init__(self, reason: str, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class Denied(Unknown):
    """A second 401, or a 403: credentials, scope or white list. Kept and tried slowly; the operator is told."""


class InProgress(Unknown):
    """409: the first call with this key may still be running. If that lasts, a person must look."""


class Parked(CashlinkError):
    """An answer that no repeat mends, e.g. 404 for an investor that existed: never create it anew."""


class NotFound(Parked):
    """404."""


def flatten(errors: Any, path: str = "", depth: int = 0) -> dict[str, list[str]]:
    """Nested field errors as `{"bank_account.iban": ["message"]}`; anything unexpected is left out.

    Source: errors in the style of Django REST framework [assumed]; no catalogue is public.
    """
    if isinstance(errors, dict) and depth < 5:
        found: dict[str, list[str]] = {}
        for name, value in list(errors.items())[:50]:
            found |= flatten(value, f"{path}.{name}" if path else str(name), depth + 1)
        return found
    if isinstance(errors, str):
        errors = [errors]
    messages = [message[:300] for message in errors if isinstance(message, str)] if isinstance(errors, list) else []
    return {path: messages} if messages and path else {}
