"""What happened between portal and Cashlink, kept in memory: the newest entries, masked before they come here."""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

import flask_babel
from flask_babel import lazy_gettext as _l

from ...language import NO_BREAK_SPACE, number
from .source import Place

# Flask-Babel has no annotations.
_: Callable[..., str] = flask_babel.gettext

LOOP = "loop"
WEBHOOK = "webhook"
KEPT = 500


@dataclass(frozen=True)
class Entry:
    """A call to Cashlink, or a webhook of it.

    Attributes:
        click: number of the person's request that caused it; None for the loop and for webhooks.
        caused_by: that request with placeholders, `LOOP` or `WEBHOOK`.
        path: below the API's base.
        status: HTTP status, None without an answer.
        attempt: how often this idempotency key has been sent, with this time.
        request, answer: masked bodies as JSON text, or empty.
        file, line, function: where the portal makes the call, or where it takes the webhook.
        step: of the guide, with the function that implements it, e.g. "1 import_investor"; empty outside the steps.
        investment_id: at Cashlink.
        trace: the way through the portal's code, outermost first.
        times: how often the loop has asked this with this same answer.
        is_routine: a question of the loop that brought nothing new, or about what nobody has touched.
    """

    id: int
    at: datetime
    kind: Literal["call", "webhook"]
    click: int | None
    caused_by: str
    method: str
    path: str
    status: int | None
    milliseconds: float
    attempt: int
    idempotency_key: str | None
    request: str
    answer: str
    error: str | None
    file: str
    line: int
    function: str
    step: str
    investment_id: str | None
    trace: tuple[Place, ...] = ()
    times: int = 1
    is_routine: bool = False

    @property
    def went_well(self) -> bool:
        return self.error is None and self.status is not None and self.status < 300

    @property
    def told(self) -> str | None:
        """The status of the investment that it tells: as an answer, or as a webhook."""
        return field_of(self.request if self.kind == "webhook" else self.answer, "status")


class Recorder:
    """The newest `KEPT` entries, for all threads of this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: deque[Entry] = deque(maxlen=KEPT)
        self._last_id = 0
        self._last_click = 0

    def new_click(self) -> int:
        """The number of a person's request."""
        with self._lock:
            self._last_click += 1
            return self._last_click

    def add(self, entry: Entry) -> None:
        """Keep an entry under the next id. Of what the loop asks again with the same answer the first and the last time
        are kept, or such questions would push out all else."""
        with self._lock:
            self._last_id += 1
            same_key = [old for old in self._entries if old.idempotency_key == entry.idempotency_key]
            entry = replace(entry, id=self._last_id, attempt=len(same_key) + 1 if entry.idempotency_key else 1)
            self._entries.append(self._as_question(entry) if _is_question(entry) else entry)

    def entries(self, after: int = 0, limit: int = KEPT) -> list[Entry]:
        """The newest entries with an id above `after`, oldest first."""
        with self._lock:
            newer = [entry for entry in self._entries if entry.id > after]
        return newer[-limit:]

    def clear(self) -> None:
        """Forget everything; ids go on, so that whoever asks for what is newer misses nothing."""
        with self._lock:
            self._entries.clear()

    def _as_question(self, entry: Entry) -> Entry:
        """A question of the loop, counted; takes the last one of the same series away."""
        asked = [old for old in self._entries if _is_question(old) and old.path == entry.path]
        last = asked[-1] if asked else None
        if last is None or (last.status, last.answer) != (entry.status, entry.answer):
            return replace(entry, is_routine=not self._is_in_story(entry.investment_id))
        if last.is_routine:
            self._entries.remove(last)
        return replace(entry, times=last.times + 1, is_routine=True)

    def _is_in_story(self, investment_id: str | None) -> bool:
        """Whether a person or a webhook has touched the investment."""
        touched = (old.investment_id for old in self._entries if old.caused_by != LOOP)
        return investment_id is not None and investment_id in touched


def _is_question(entry: Entry) -> bool:
    return entry.caused_by == LOOP and entry.method == "GET"


def sentence(entry: Entry) -> str:
    """One line in plain words: "Portal asks Cashlink to create the investment · 201 · 38 ms"."""
    told = f": {entry.told}" if entry.told else ""
    parts = [what(entry) + told, result(entry), f"{number(round(entry.milliseconds))}{NO_BREAK_SPACE}ms"]
    if entry.attempt > 1:
        parts.append(_("attempt %(num)d", num=entry.attempt))
    return " · ".join(parts)


def result(entry: Entry) -> str:
    """The HTTP status, or what there is instead of an answer."""
    if entry.status is None:
        return _("no answer in time") if entry.error == "timeout" else _("no answer")
    if entry.error is None or entry.status >= 300:
        return str(entry.status)
    return _("%(status)d, not usable", status=entry.status)


def what(entry: Entry) -> str:
    """Who asks or tells what, without the outcome."""
    if entry.kind == "webhook":
        return _("Cashlink tells the portal")
    words = WORDS.get((entry.method, shape(entry.path)))
    return str(words) if words else f"{entry.method} {entry.path}"


def shape(path: str) -> str:
    """A path of the API with `{id}` in place of an id."""
    parts = path.split("/")
    if len(parts) > 3 and parts[3]:
        parts[3] = "{id}"
    return "/".join(parts)


WORDS = {
    ("POST", "/oauth/token"): _l("Portal asks Cashlink for an access token"),
    ("POST", "/v2/investors/"): _l("Portal asks Cashlink to create the investor"),
    ("PATCH", "/v2/investors/{id}/"): _l("Portal tells Cashlink the investor’s email address"),
    ("POST", "/v2/documents/"): _l("Portal uploads the protocol of the identification"),
    ("POST", "/v2/investors/{id}/identifications/"): _l("Portal tells Cashlink of the earlier identification"),
    ("GET", "/v2/investors/{id}/"): _l("Portal asks Cashlink whether it knows the investor"),
    ("POST", "/v2/investments/"): _l("Portal asks Cashlink to create the investment"),
    ("GET", "/v2/investments/{id}/"): _l("Portal asks Cashlink where the investment stands"),
    ("GET", "/api/external-info/"): _l("Portal asks Cashlink how far campaigns are funded"),
}


def field_of(body: str, name: str) -> str | None:
    """A text of a recorded body; None where it has none."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return None
    value = data.get(name) if isinstance(data, dict) else None
    return value if isinstance(value, str) else None
