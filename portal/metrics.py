"""Figures for Prometheus. Counted only where PORTAL_METRICS_TOKEN is set, and no label bears anything of a person.

Listens to signals and observers; nothing else in the portal knows that it is counted. `portal serve` sets
PROMETHEUS_MULTIPROC_DIR, so that whichever process is asked answers for all of this machine.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, current_app, request, request_finished
from sqlalchemy import func, literal, select, union_all
from sqlalchemy.exc import SQLAlchemyError

from . import live
from .database import db, now
from .logs import elapsed, shown_method
from .models import Intent, Mail, UnreadableWebhook
from .webhooks.routes import VERDICTS, received

if TYPE_CHECKING:
    from .cashlink.observation import Exchange

DELAYS = (0.5, 1, 2, 5, 10, 30, 60, 300, 3600, 86400)


def set_up(app: Flask) -> None:
    """Begin to count; does nothing, and imports nothing, where nobody is to read it."""
    if app.extensions["settings"].metrics_token:
        app.extensions["metrics"] = Metrics(app)


class Metrics:
    """The counters of this process, and where they listen."""

    def __init__(self, app: Flask) -> None:
        from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

        self.registry = CollectorRegistry()
        own: Any = {"registry": self.registry}
        self.requests = Histogram(
            "portal_request_seconds", "Until an answer begins", ["method", "route", "status"], **own
        )
        self.calls = Histogram("portal_cashlink_call_seconds", "Calls to Cashlink", ["method", "result"], **own)
        self.webhooks = Counter("portal_webhooks", "Webhooks by what became of them", ["verdict"], **own)
        for verdict in VERDICTS:
            # From zero on, or the first one after a start would not be seen to be one more.
            self.webhooks.labels(verdict)
        self.delays = Histogram(
            "portal_webhook_delay_seconds", "From Cashlink's change to its receipt", buckets=DELAYS, **own
        )
        self.streams = Gauge("portal_streams", "Open event streams", multiprocess_mode="livesum", **own)
        request_finished.connect(self.count_request, app)
        received.connect(self.count_webhook, app)
        live.hub(app).observer = self.streams.set
        app.extensions["cashlink"].observer = self.count_call

    def count_request(self, _app: Flask, response: Response, **_: Any) -> None:
        route = request.url_rule.rule if request.url_rule else "none"
        self.requests.labels(shown_method(), route, response.status_code).observe(elapsed())

    def count_webhook(self, _app: Flask, verdict: str, delay: float | None) -> None:
        self.webhooks.labels(verdict).inc()
        if delay is not None:
            self.delays.observe(delay)

    def count_call(self, exchange: Exchange) -> None:
        self.calls.labels(exchange.method, exchange.error or "done").observe(exchange.milliseconds / 1000)


def text() -> tuple[bytes, str]:
    """All figures as Prometheus reads them, and the content type: of all processes here, and of the database."""
    from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest, multiprocess

    counted: CollectorRegistry = current_app.extensions["metrics"].registry
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        counted = CollectorRegistry()
        multiprocess.MultiProcessCollector(counted)
    found = CollectorRegistry()
    found.register(Waiting())
    return generate_latest(counted) + generate_latest(found), CONTENT_TYPE_LATEST


class Waiting:
    """What waits in the database, the same for whichever process is asked."""

    def collect(self) -> Iterator[Any]:
        from prometheus_client.core import GaugeMetricFamily

        counts = GaugeMetricFamily(
            "portal_waiting", "What is not finished, by kind and state", labels=["kind", "state"]
        )
        ages = GaugeMetricFamily(
            "portal_waiting_oldest_seconds", "How long the oldest of them has waited", labels=["kind", "state"]
        )
        try:
            waiting = what_waits()
            unreadable = db.session.scalar(select(func.count()).select_from(UnreadableWebhook))
        except SQLAlchemyError:
            # The rest is told all the same: a process whose database is away is not down.
            db.session.rollback()
            return
        for kind, state, count, since in waiting:
            counts.add_metric([kind, state], count)
            ages.add_metric([kind, state], (now() - since).total_seconds())
        yield counts
        yield ages
        yield GaugeMetricFamily("portal_unreadable_webhooks", "Bodies kept for the operator", value=unreadable or 0)


def what_waits() -> Sequence[Any]:
    """Calls whose answer is open or that a person must look at, and mails that are not sent; each by its index."""
    count, since = func.count(), func.min(Intent.created_at)
    statement = union_all(
        select(Intent.kind, literal("open"), count, since).where(Intent.result.is_(None)).group_by(Intent.kind),
        select(Intent.kind, literal("parked"), count, since).where(Intent.result == "parked").group_by(Intent.kind),
        select(literal("mail"), literal("open"), count, func.min(Mail.created_at))
        .where(Mail.sent_at.is_(None))
        .having(count > 0),
    )
    return db.session.execute(statement).all()
