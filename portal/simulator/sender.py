"""Sends the queued webhooks. The queue is a table: what was not answered with 2xx is tried again, after a restart too.

A delivery is marked only after its answer; a killed sender simply sends it once more [doc: retried until 2xx].
"""

import logging
import random
import threading
import time
from datetime import datetime, timedelta

from flask import Flask
from sqlalchemy import func, select, update

from .assumptions import RETRY_JITTER, RETRY_PAUSES
from .deliveries import release_held
from .models import Attempt, Delivery, db
from .runtime import Runtime, runtime
from .transport import CONNECT_SECONDS, READ_SECONDS, Transport

LOOK_EVERY_SECONDS = 0.25

log = logging.getLogger(__name__)


class Sender:
    """One thread per process. start() it where the server runs, never where the application is built."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._runtime: Runtime = app.extensions["simulator"]
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="webhook-sender", daemon=True)
        self._transport = Transport(self._runtime)

    def start(self) -> "Sender":
        self._thread.start()
        return self

    def close(self) -> None:
        self._stopping.set()
        self._runtime.wake_sender.set()
        if self._thread.is_alive():
            self._thread.join(CONNECT_SECONDS + READ_SECONDS)
        self._transport.close()
        self._runtime.faults.end_pauses()

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
            due = select(Delivery).where(Delivery.next_try_at <= self._runtime.clock.now(), Delivery.held.is_(False))
            shuffled = self._runtime.modes.deliveries == "shuffled"
            delivery = db.session.scalar(due.order_by(func.random() if shuffled else Delivery.id).limit(1))
            if delivery is None:
                return False
            attempt_delivery(delivery, self._transport)
            return True


def attempt_delivery(delivery: Delivery, transport: Transport) -> None:
    """Send it once, record what came of it, and commit."""
    delivery_id, due_at, failures = delivery.id, delivery.next_try_at, delivery.failures
    at, started = runtime().clock.now(), time.perf_counter()
    answer, error = transport.post(delivery.body, wrong_token=delivery.fault == "bad_token" and not failures)
    duration_ms = round((time.perf_counter() - started) * 1000)
    done = _is_done(delivery, answer)
    next_try_at = None if done else runtime().clock.now() + _pause(failures)
    # Guarded: meanwhile the delivery may have been put into the queue anew, or removed.
    recorded = update(Delivery).where(Delivery.id == delivery_id, Delivery.next_try_at == due_at)
    db.session.execute(recorded.values(next_try_at=next_try_at, failures=0 if done else failures + 1))
    if db.session.scalar(select(Delivery.id).where(Delivery.id == delivery_id)):
        attempt = Attempt(delivery_id=delivery_id, at=at, answer=answer, error=error, duration_ms=duration_ms)
        attempt.next_try_at = next_try_at
        db.session.add(attempt)
    if done:
        release_held(delivery.investment_id)
    db.session.commit()


def _is_done(delivery: Delivery, answer: int | None) -> bool:
    """2xx. Who sends something hostile is also content with a refusal."""
    return answer is not None and (200 <= answer < 300 or (delivery.fault == "hostile" and 400 <= answer < 500))


def _pause(failures: int) -> timedelta:
    seconds = RETRY_PAUSES[min(failures, len(RETRY_PAUSES) - 1)]
    return timedelta(seconds=seconds * random.uniform(1 - RETRY_JITTER, 1 + RETRY_JITTER))


def try_now(delivery: Delivery, now: datetime) -> None:
    """Put the delivery at the head of the queue, whether it was delivered or not; the caller commits and wakes."""
    delivery.next_try_at = now
    delivery.failures = 0
    delivery.held = False
