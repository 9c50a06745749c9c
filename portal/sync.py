"""The loop behind the pages: it finishes what was left unknown and asks for what webhooks missed.

`portal sync` runs it in a terminal, `portal serve` and `portal demo` as a thread of each process. Several may run side
by side: each row is claimed by a guarded UPDATE, and being right does not depend on the loop at all.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from flask import Flask, current_app
from sqlalchemy import ColumnElement, and_, func, or_, select, update

from . import consents, history, integration, sending
from .accounts import deletion
from .campaigns import funding
from .cashlink import statuses
from .cashlink.errors import CashlinkError
from .config import settings
from .database import changes_one_row, db, insert_or_ignore, now
from .intents import is_due
from .investments import news
from .models import FundingInformation, Intent, Investment, Investor, StatusChange

BATCH = 100
POLL = timedelta(seconds=30)
# Beyond so many open investments the older ones are asked less and less often.
OPEN_AT_FULL_PACE = 100
LONGEST_POLL = timedelta(hours=6)
# A final status is still asked about: a withdrawal can follow DELIVERED.
FINAL_POLL = timedelta(days=7)
FINAL_FOR = timedelta(days=30)
# How long a status for an investment that nobody knows waits for it to become known.
UNMATCHED_FOR = timedelta(hours=24)
# A round of the loop looks at so many of the latest rows; each so many-th, and `portal sync`, at all that wait.
LATEST, ALL_EVERY = 2000, 20
FUNDING_EVERY = timedelta(seconds=15)
CLOCK_PUT_BACK = timedelta(minutes=1)
# Seconds between two rounds while Cashlink, or the database, does not answer.
LONGEST_PAUSE = 30.0


def run_once(*, stop: Callable[[], bool] = lambda: False, only_latest_news: bool = False) -> int:
    """One round over everything that is due.

    Args:
        stop: asked between two calls, so that a process can end within one call's deadline.
        only_latest_news: leave out older ones, of which most concern nobody here.

    Returns:
        How many rows were worked on.
    """
    # First, since they do not depend on Cashlink.
    worked = sending.send_due() + deletion.delete_asked()
    if not only_latest_news:
        worked += deletion.delete_unconfirmed()
    for work in (
        _finish_intents,
        _continue_imports,
        _tell_addresses,
        _start_waiting,
        partial(_check_news, only_latest_news),
        _poll,
        _refresh_funding,
    ):
        for step in work():
            if stop() or (worked and integration.cashlink_is_away()):
                return worked
            step()
            worked += 1
        db.session.commit()
    return worked


Steps = list[Callable[[], object]]


def _finish_intents() -> Steps:
    """Calls whose answer is unknown."""
    rows = db.session.scalars(select(Intent).where(is_due(now())).order_by(Intent.next_try_at).limit(BATCH)).all()
    return [partial(integration.finish, row) for row in rows]


def _continue_imports() -> Steps:
    """Imports whose process ended between two calls: no call is open, and the next has no row yet."""
    # Refused since the last consent: the person's turn. In the query, or such rows would fill the batch.
    stands = or_(Intent.result.is_(None), Intent.result.in_(("parked", "stopped")), _is_refused())
    rows = db.session.scalars(
        select(Investor)
        .where(
            consents.in_force(),
            Investor.imported_at.is_(None),
            ~select(Intent.id).where(Intent.investor_id == Investor.id, stands).exists(),
        )
        .limit(BATCH)
    ).all()
    return [partial(integration.import_investor, row) for row in rows]


def _is_refused() -> ColumnElement[bool]:
    return and_(Intent.result == "refused", Intent.closed_at >= Investor.consented_at)


def _tell_addresses() -> Steps:
    """Addresses that have changed and that Cashlink does not know yet, and of which no call is open."""
    is_open = select(Intent.id).where(
        Intent.investor_id == Investor.id, Intent.kind == "communication", Intent.result.is_(None)
    )
    rows = db.session.scalars(
        select(Investor)
        .where(
            Investor.email_changed_at.is_not(None),
            Investor.imported_at.is_not(None),
            consents.in_force(),
            ~is_open.exists(),
        )
        .limit(BATCH)
    ).all()
    return [partial(integration.tell_address, row) for row in rows]


def _start_waiting() -> Steps:
    """Subscriptions that were asked for while the investor's import was open."""
    rows = db.session.scalars(
        select(Investment)
        .join(Investor, Investor.user_id == Investment.user_id)
        .where(
            Investment.cashlink_id.is_(None),
            Investment.released_at.is_(None),
            Investor.imported_at.is_not(None),
            consents.in_force(),
            ~select(Intent.id).where(Intent.investment_id == Investment.id).exists(),
        )
        .limit(BATCH)
    ).all()
    return [partial(integration.start_waiting, row) for row in rows]


def _check_news(only_latest: bool) -> Steps:
    """Each status that a webhook brought makes its investment due: nothing is signed, and tokens can leak."""
    instant = now()
    known = select(Investment.id).where(Investment.cashlink_id == StatusChange.investment_id).exists()
    # So that a flood of changes of investments that nobody knows does not cost each round more.
    oldest = (db.session.scalar(select(func.max(StatusChange.id))) or 0) - LATEST if only_latest else 0
    rows = db.session.scalars(
        select(StatusChange)
        .where(
            StatusChange.checked_at.is_(None),
            StatusChange.id > oldest,
            or_(known, StatusChange.received_at < instant - UNMATCHED_FOR),
        )
        .limit(BATCH)
    ).all()
    for row in rows:
        row.checked_at = instant
    if rows:
        news_of = Investment.cashlink_id.in_({row.investment_id for row in rows})
        # Nobody is left who would see what a deleted account's investment is told.
        seen = (news_of, Investment.user_id.is_not(None))
        db.session.execute(update(Investment).where(*seen).values(next_poll_at=instant, final_at=None))
    db.session.commit()
    return []


def _poll() -> Steps:
    """Investments whose turn it is, whether a webhook came or not."""
    rows = db.session.scalars(
        select(Investment)
        .where(Investment.final_at.is_(None), Investment.next_poll_at <= now(), Investment.cashlink_id.is_not(None))
        .order_by(Investment.next_poll_at)
        .limit(BATCH)
    ).all()
    many = bool(rows) and _open_investments() > OPEN_AT_FULL_PACE
    return [partial(_poll_one, row, many) for row in rows]


def _open_investments() -> int:
    tomorrow = now() + timedelta(days=1)
    open_ones = (Investment.final_at.is_(None), Investment.next_poll_at < tomorrow)
    return db.session.scalar(select(func.count()).select_from(Investment).where(*open_ones)) or 0


def _poll_one(investment: Investment, many: bool) -> None:
    """Take the row for one call, so that two processes do not ask the same, and ask."""
    instant = now()
    due = (Investment.id == investment.id, Investment.next_poll_at <= instant)
    is_mine = changes_one_row(update(Investment).where(*due).values(next_poll_at=instant + POLL))
    db.session.commit()
    if is_mine:
        _ask(investment, many)


def _ask(investment: Investment, many: bool) -> None:
    """Ask, adopt, and set when to ask again. Without an answer the claim's time stands."""
    try:
        settled = integration.ask_status(investment)
    except CashlinkError as error:
        db.session.rollback()
        current_app.logger.info("investment %s not asked: %s", investment.id, error.reason)
        return
    newest = history.newest_change(investment.cashlink_id)
    wait = _wait(investment, newest, many) if settled else timedelta(seconds=1)
    if settled:
        news.tell(investment, newest)
    if newest is not None and newest.status in statuses.FINAL and now() - newest.changed_at > FINAL_FOR:
        investment.final_at = now()
    investment.next_poll_at = now() + wait
    db.session.commit()


def _wait(investment: Investment, newest: StatusChange | None, many: bool) -> timedelta:
    """Until the next question: a week for final ones; for open ones short, growing with age where they are many."""
    if newest is not None and newest.status in statuses.FINAL:
        return FINAL_POLL
    if not many:
        return POLL
    since: datetime = newest.changed_at if newest else investment.created_at
    return min(max(POLL, (now() - since) / 20), LONGEST_POLL)


def _refresh_funding() -> Steps:
    url = settings().info_url
    if not url:
        return []
    row = db.session.get(FundingInformation, 1)
    return [] if row is not None and row.next_fetch_at > now() else [partial(_fetch_funding, url)]


def _fetch_funding(url: str) -> None:
    """Pages show the last answer with its age, whatever becomes of this call."""
    instant = now()
    # The epoch says that there has not been an answer yet.
    db.session.execute(
        insert_or_ignore(FundingInformation, id=1, products=[], answered_at=history.UNUSABLE, next_fetch_at=instant)
    )
    due = (FundingInformation.id == 1, FundingInformation.next_fetch_at <= instant)
    is_mine = changes_one_row(update(FundingInformation).where(*due).values(next_fetch_at=instant + FUNDING_EVERY))
    db.session.commit()
    if not is_mine:
        return
    try:
        products = integration.ask_funding(url)
    except CashlinkError as error:
        current_app.logger.info("funding information not asked: %s", error.reason)
        return
    db.session.execute(update(FundingInformation).values(products=products, answered_at=now()))
    funding.note_day()
    db.session.commit()


class Loop:
    """`run_once` again and again in a thread, until closed."""

    def __init__(self, app: Flask, pause: float = 0.5) -> None:
        self.app = app
        self.pause = pause
        self._clock = _wall_clock()
        self._rounds = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sync", daemon=True)

    def start(self) -> Loop:
        self._thread.start()
        return self

    def close(self) -> None:
        """Ends after the call that is under way, at most its deadline."""
        self._stop.set()
        self._thread.join(9)

    def _run(self) -> None:
        # At any instant of the first pause, so that processes that began together take turns.
        wait = self.pause * random.random()
        while not self._stop.wait(wait):
            wait = self.round(max(wait, self.pause))

    def round(self, waited: float) -> float:
        """One round; returns how long to wait for the next, longer and longer while nothing answers (seconds)."""
        try:
            with self.app.app_context():
                self._notice_jump()
                self._rounds += 1
                run_once(stop=self._stop.is_set, only_latest_news=self._rounds % ALL_EVERY != 1)
                if not integration.cashlink_is_away():
                    return self.pause
        except Exception:
            # The database is away or full, or the code is wrong: what is due stays due.
            self.app.logger.exception("sync")
        return min(waited * 2, LONGEST_PAUSE)

    def _notice_jump(self) -> None:
        """Ask about everything open when the clock was put back: else its turn would be as much later."""
        before, self._clock = self._clock, _wall_clock()
        if self._clock < before - CLOCK_PUT_BACK:
            self.app.logger.warning("the clock was put back by %s", before - self._clock)
            open_ones = (Investment.final_at.is_(None), Investment.next_poll_at > now())
            db.session.execute(update(Investment).where(*open_ones).values(next_poll_at=now()))
            db.session.execute(update(FundingInformation).values(next_fetch_at=now()))
            db.session.commit()


def _wall_clock() -> timedelta:
    """The wall clock by the one that never jumps: constant, unless somebody sets the wall clock."""
    return timedelta(seconds=now().timestamp() - time.monotonic())
