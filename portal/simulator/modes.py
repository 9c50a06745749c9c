"""What Cashlink's documentation leaves open, as switches; the first choice of each is the simulator's own guess.

They live in memory: a restarted simulator has the defaults again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

CHOICES: dict[str, tuple[Any, ...]] = {
    # Whether an error is stored under the idempotency key as a success is.
    "store_errors": (False, True),
    # What a used key with another request gives.
    "key_other_body": ("409", "422", "replay"),
    # What a key gives whose first request is still being executed.
    "parallel_key": ("409", "wait"),
    # Whether a new access token ends those before it.
    "new_token_ends_old": (False, True),
    "start_url": ("often", "once"),
    "deliveries": ("in_order", "shuffled"),
    "webhook_authentication": ("bearer", "oauth"),
    # Whether start_url leads to another host name first.
    "start_url_redirects": (False, True),
}
LONGEST_KEY_LIFETIME = 366 * 24 * 3600


@dataclass(frozen=True)
class Modes:
    """Immutable, so that a request sees one set of them; changed() makes the next."""

    store_errors: bool = False
    key_other_body: str = "409"
    parallel_key: str = "409"
    # None: keys are kept for ever.
    key_lifetime_seconds: int | None = None
    new_token_ends_old: bool = False
    start_url: str = "often"
    deliveries: str = "in_order"
    webhook_authentication: str = "bearer"
    start_url_redirects: bool = False

    def changed(self, values: Mapping[str, Any]) -> "Modes":
        """With these values instead. Raises ValueError, with a sentence for the caller, for what does not exist."""
        for name, value in values.items():
            if name == "key_lifetime_seconds":
                if value is not None and not (type(value) is int and 0 <= value <= LONGEST_KEY_LIFETIME):
                    raise ValueError("key_lifetime_seconds must be a whole number of seconds, or null.")
            elif name not in CHOICES:
                raise ValueError(f"{name[:100]} is no mode.")
            # 1 is no true, and 409 is no "409".
            elif not any(type(value) is type(choice) and value == choice for choice in CHOICES[name]):
                raise ValueError(f"{name} must be one of {', '.join(map(str, CHOICES[name]))}.")
        return replace(self, **values)

    def differences(self) -> int:
        """How many modes differ from their defaults."""
        return sum(getattr(self, mode.name) != mode.default for mode in fields(self))
