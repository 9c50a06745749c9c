"""What one running simulator holds in memory: its settings, its clock, its switches, its faults.

Everything that must survive a restart is in the database instead.
"""

import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import cast
from urllib.parse import urlsplit

from flask import Response, current_app

from .config import Settings
from .faults import Faults
from .modes import Modes


class Clock:
    """The one source of time. Changes are stamped by stamp(), deadlines are judged by now().

    It always tells the real time. Moving it forward means to pull the stored deadlines nearer (see deadlines.py); what
    is kept in memory only is judged by elapsed().
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = datetime.min.replace(tzinfo=UTC)
        self._pinned: datetime | None = None
        self.forwarded_seconds = 0

    def elapsed(self) -> float:
        """Seconds that only grow, with those that were skipped."""
        return time.monotonic() + self.forwarded_seconds

    def now(self) -> datetime:
        return datetime.now(UTC)

    def stamp(self) -> datetime:
        """The instant of a change: never the same twice, so that the newest change is always known."""
        with self._lock:
            if self._pinned:
                self._pinned += timedelta(microseconds=1)
                return self._pinned
            self._last = max(self.now(), self._last + timedelta(microseconds=1))
            return self._last

    def pin(self, at: datetime | None) -> None:
        """While pinned, changes bear this instant and the microseconds after it: a history in the past can be made."""
        with self._lock:
            self._pinned = at - timedelta(microseconds=1) if at else None


class Hooks:
    """Called around the execution of each API request; misbehaviour.py puts the faults in here."""

    def before(self) -> Response | None:
        """Called before authentication and execution; an answer given here takes their place."""
        return None

    def executing(self) -> None:
        """Called when the idempotency key is claimed, before the execution."""

    def after(self, response: Response) -> Response:
        """Called when everything is committed; what is returned is sent instead."""
        return response


class Runtime:
    def __init__(self, settings: Settings) -> None:
        self._settings_of_start = self.settings = settings
        self.clock = Clock()
        self.hooks = Hooks()
        self.faults = Faults()
        self.modes = Modes()
        self.deliveries_paused = False
        # Set whenever a delivery was committed, so that the sender need not wait for its next look.
        self.wake_sender = threading.Event()

    def send_webhooks_to(self, url: str = "", token: str = "", token_url: str = "") -> None:
        """Send them elsewhere than the settings of the start say; what is left out is as it was then."""
        start = self._settings_of_start
        self.settings = replace(
            start,
            webhook_url=url or start.webhook_url,
            webhook_token=token or start.webhook_token,
            webhook_token_url=token_url or start.webhook_token_url,
        )

    def disturbances(self) -> int:
        """How much is not as usual: armed faults, changed modes, paused deliveries, a clock that was moved."""
        switches = (self.deliveries_paused, self.clock.forwarded_seconds > 0)
        return len(self.faults.armed()) + self.modes.differences() + sum(switches)

    def behave(self) -> None:
        """Switch all of it off. Deadlines that were pulled nearer stay where they are."""
        self.faults.clear()
        self.modes = Modes()
        self.deliveries_paused = False
        self.clock.forwarded_seconds = 0
        self.wake_sender.set()


def runtime() -> Runtime:
    """That of the application which answers the present request."""
    return cast(Runtime, current_app.extensions["simulator"])


def other_host() -> str:
    """This simulator's address by another host name of this machine."""
    parts = urlsplit(runtime().settings.public_url)
    name = "localhost" if parts.hostname == "127.0.0.1" else "127.0.0.1"
    return f"{parts.scheme}://{name}:{parts.port}" if parts.port else f"{parts.scheme}://{name}"
