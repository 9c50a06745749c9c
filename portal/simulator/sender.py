"""Sends the queued webhooks. The queue is a table: what was not answered with 2xx is tried again, after a restart too.

A delivery is marked only after its answer; a killed sender simply sends it once more [doc: retried until 2xx].
"""

import logging
import random
import threading
import time
from datetime import datetime, timedelta

import requests
from flask import Flask
from sqlalchemy import select, update

from .assumptions import RETRY_JITTER, RETRY_PAUSES
from .models import Attempt, Delivery, db
from .runtime import Runtime

CONNECT_SECONDS, READ_SECONDS = 3.05, 10
LOOK_EVERY_SECONDS = 0.25

log = logging.getLogger(__name__)


class Sender:
    """One thread per process. start() it where the server runs, never where the application is built."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._runtime: Runtime = app.extensions["simulator"]
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="webhook-sender", daemon=True)
        self._session = requests.Session()
        # The machine's netrc would replace the bearer token, its proxies would read it.
        self._session.trust_env = False

    def start(self) -> "Sender":
        self._thread.start()
        return self

    def close(self) -> None:
        self._stopping.set()
        self._runtime.wake_sender.set()
        if self._thread.is_alive():
            self._thread.join(CONNECT_SECONDS + READ_SECONDS)
        self._session.close()

    def _run(self) -> None:
        wake = self._runtime.wake_sender
        while not self._stopping.is_set():
            wake.wait(LOOK_EVERY_SECONDS)
            wake.clear()
            try:
                while self._send_next():
                    pass
            except Exception as error:
                # A locked or emptied database must not end the thread; the parameters are never in the message.
                log.warning("webhooks wait: %s", type(error).__name__)

    def _send_next(self) -> bool:
        """Send the oldest delivery that is due; False when there is none."""
        if self._stopping.is_set() or self._runtime.deliveries_paused:
            return False
        with self._app.app_context():
            due = select(Delivery).where(Delivery.next_try_at <= self._runtime.clock.now())
            delivery = db.session.scalar(due.order_by(Delivery.id).limit(1))
            if delivery is None:
                return False
            self._attempt(delivery)
            return True

    def _attempt(self, delivery: Delivery) -> None:
        at, started = self._runtime.clock.now(), time.perf_counter()
        answer, error = self._post(delivery.body)
        duration_ms = round((time.perf_counter() - started) * 1000)
        done = answer is not None and 200 <= answer < 300
        next_try_at = None if done else self._runtime.clock.now() + _pause(delivery.failures)
        failures = 0 if done else delivery.failures + 1
        # Guarded: meanwhile the delivery may have been put into the queue anew, or removed.
        recorded = update(Delivery).where(Delivery.id == delivery.id, Delivery.next_try_at == delivery.next_try_at)
        db.session.execute(recorded.values(next_try_at=next_try_at, failures=failures))
        if db.session.scalar(select(Delivery.id).where(Delivery.id == delivery.id)):
            attempt = Attempt(delivery_id=delivery.id, at=at, answer=answer, error=error, duration_ms=duration_ms)
            attempt.next_try_at = next_try_at
            db.session.add(attempt)
        db.session.commit()

    def _post(self, body: str) -> tuple[int | None, str | None]:
        """The status of the answer, or the kind of failure. A redirect is an answer like any other."""
        settings = self._runtime.settings
        try:
            with self._session.post(
                settings.webhook_url,
                data=body.encode(),
                headers={"Authorization": f"Bearer {settings.webhook_token}", "Content-Type": "application/json"},
                timeout=(CONNECT_SECONDS, READ_SECONDS),
                allow_redirects=False,
                stream=True,
            ) as response:
                return response.status_code, None
        except requests.RequestException as error:
            return None, type(error).__name__


def _pause(failures: int) -> timedelta:
    seconds = RETRY_PAUSES[min(failures, len(RETRY_PAUSES) - 1)]
    return timedelta(seconds=seconds * random.uniform(1 - RETRY_JITTER, 1 + RETRY_JITTER))


def try_now(delivery: Delivery, now: datetime) -> None:
    """Put the delivery at the head of the queue, whether it was delivered or not; the caller commits and wakes."""
    delivery.next_try_at = now
    delivery.failures = 0
