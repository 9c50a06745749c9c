"""What can be made to go wrong, and what is armed at present. Knows neither Flask nor sockets nor the database.

Faults live in memory: a restarted simulator behaves well again.
"""

import threading
import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field

DELIVERY = "delivery"
ANY = "any"
CALLS = (
    "token",
    "create_document",
    "create_investor",
    "update_communication",
    "create_identification",
    "create_wallet",
    "create_investment",
    "fetch_investor",
    "fetch_investment",
    "funding",
    ANY,
    DELIVERY,
)

# Nothing is executed; or everything is executed and committed, and this answer is given.
CODES = {
    "before": ("400", "401", "403", "404", "409", "422", "429", "500", "502", "503", "504", "reset", "timeout"),
    "after": ("401", "403", "409", "429", "500", "502", "503", "reset", "timeout", "lost"),
}
# These may name the Retry-After: seconds, "date" or "garbage". Only 429 has one without being asked.
WITH_RETRY_AFTER = ("429", "503")

# Executed and committed as well, except the redirect; behind the name the variants that may follow it.
ODD_ANSWERS: dict[str, tuple[str, ...]] = {
    "garbage": (),
    "empty": (),
    "no_id": (),
    "no_start_url": (),
    "foreign_start_url": ("http", "script", "user", "tab", "newline", "here"),
    "huge": (),
    "gzip_bomb": (),
    "drip": (),
    "redirect": (),
    "late": (),
    "slow": (),
    "no_date": (),
    "wrong_date": ("past", "garbage"),
    "expires_in": ("missing", "negative", "huge", "text"),
}
# Armed for any call, these wait for one whose answer has the field.
CALLS_WITH_FIELD = {
    "no_start_url": ("create_investment", "fetch_investment"),
    "foreign_start_url": ("create_investment", "fetch_investment"),
    "expires_in": ("token",),
}

DELIVERY_FAULTS = (
    "duplicate",
    "reorder",
    "delay",
    "early",
    "ghost",
    "hostile",
    "drop",
    "wrong_status",
    "future",
    "unknown_status",
    "bad_token",
)
LONGEST_DELAY = 366 * 24 * 3600

PEER_LOOK_SECONDS = 0.1


@dataclass(frozen=True)
class Fault:
    """A fault by its parts: before:429:5 is kind before, code 429, argument 5; delay:7 is kind delay, argument 7."""

    name: str
    kind: str
    code: str = ""
    argument: str = ""

    def concerns(self, call: str) -> bool:
        return call in CALLS_WITH_FIELD.get(self.kind, (call,))


@dataclass(eq=False)
class Armed:
    """A fault that waits for its requests. It also ends the pauses that it has caused."""

    id: int
    on: str
    fault: Fault
    times_left: int | None
    used: int = 0
    _ended: threading.Event = field(default_factory=threading.Event)

    def matches(self, call: str) -> bool:
        if self.on == ANY:
            return call not in ("token", DELIVERY) and self.fault.concerns(call)
        return self.on == call

    def pause(self, seconds: float, is_over: Callable[[], bool] = lambda: False) -> bool:
        """Wait in the thread of a request. True when the time has passed, False when the pause was ended early."""
        ends = time.monotonic() + seconds
        while (left := ends - time.monotonic()) > 0:
            if self._ended.wait(min(left, PEER_LOOK_SECONDS)) or is_over():
                return False
        return True

    def end_pauses(self) -> None:
        self._ended.set()


class Faults:
    """All armed faults of one simulator, oldest first. Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._armed: list[Armed] = []
        # Those used up may still hold requests back.
        self._known: weakref.WeakSet[Armed] = weakref.WeakSet()
        self._last_id = 0

    def arm(self, on: str, name: str, times: int | None) -> Armed:
        """Raises ValueError, with a sentence for the caller, for what does not exist."""
        if times is not None and times < 1:
            raise ValueError("times must be a number from 1 on, or null.")
        fault = read_fault(on, name)
        with self._lock:
            self._last_id += 1
            armed = Armed(self._last_id, on, fault, times)
            self._armed.append(armed)
            self._known.add(armed)
            return armed

    def armed(self) -> list[Armed]:
        with self._lock:
            return list(self._armed)

    def take(self, call: str, fits: Callable[[Fault], bool] = lambda fault: True) -> Armed | None:
        """The oldest armed fault for this call, counted as used; None when all is to go well."""
        with self._lock:
            found = next((armed for armed in self._armed if armed.matches(call) and fits(armed.fault)), None)
            if found is not None:
                found.used += 1
                if found.times_left is not None:
                    found.times_left -= 1
                    if not found.times_left:
                        self._armed.remove(found)
            return found

    def clear(self, fault_id: int | None = None) -> int:
        """Switch one or all off, and end what they hold back. Returns how many were armed."""
        with self._lock:
            chosen = [armed for armed in self._armed if fault_id in (None, armed.id)]
            self._armed = [armed for armed in self._armed if armed not in chosen]
            ended = [armed for armed in self._known if fault_id in (None, armed.id)]
        for armed in ended:
            armed.end_pauses()
        return len(chosen)

    def end_pauses(self) -> None:
        """For the end of the simulator: nothing is held back any more, and nothing is switched off."""
        with self._lock:
            known = list(self._known)
        for armed in known:
            armed.end_pauses()


def read_fault(on: str, name: str) -> Fault:
    """Raises ValueError for a fault that does not exist for this call."""
    if on not in CALLS:
        raise ValueError(f"on must be one of {', '.join(CALLS)}.")
    kind, *rest = name.split(":")
    fault = _read_delivery_fault(name, kind, rest) if on == DELIVERY else _read_call_fault(name, kind, rest)
    if fault is None:
        raise ValueError(f"{name[:100]} is no fault for {on}.")
    return fault


def _read_delivery_fault(name: str, kind: str, rest: list[str]) -> Fault | None:
    if kind == "delay":
        known = len(rest) == 1 and _is_number(rest[0]) and float(rest[0]) <= LONGEST_DELAY
        return Fault(name, kind, argument=rest[0]) if known else None
    return Fault(name, kind) if kind in DELIVERY_FAULTS and not rest else None


def _read_call_fault(name: str, kind: str, rest: list[str]) -> Fault | None:
    if kind in CODES:
        code, argument = [*rest, "", ""][:2]
        if code not in CODES[kind] or len(rest) > 2 or not _is_retry_after(code, argument, given=len(rest) == 2):
            return None
        return Fault(name, kind, code, argument)
    argument = rest[0] if rest else ""
    variants = ODD_ANSWERS.get(kind)
    if variants is None or len(rest) > 1 or (rest and argument not in variants):
        return None
    return Fault(name, kind, argument=argument) if rest or kind != "expires_in" else None


def _is_retry_after(code: str, argument: str, given: bool) -> bool:
    if not given:
        return True
    return code in WITH_RETRY_AFTER and (argument in ("date", "garbage") or (argument.isascii() and argument.isdigit()))


def _is_number(text: str) -> bool:
    whole, _, fraction = text.partition(".")
    return all(part.isascii() and part.isdigit() and len(part) < 10 for part in (whole, fraction or "0"))
