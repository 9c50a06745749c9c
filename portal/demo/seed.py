"""Fills an empty demo: the cast with their investments, walked once over HTTP like everything else.

It alone may backdate: its own rows of the portal, and the simulator's clock for what it does there.
"""

from __future__ import annotations

import time
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from datetime import time as clock
from itertools import pairwise
from pathlib import Path

from flask import Flask
from sqlalchemy import update

from .. import history, integration
from ..database import db, now
from ..language import HOME, at_home, today
from ..models import Consent, FundingDay, Intent, Investor, Mark, User
from . import cast
from .control import Control
from .walk import Studio, subscribe

BOND = "waermeanleihe-hollerbrueck"
SOLAR = "solarpark-wendelau"

# What leads to each status in the Studio, after the signature.
PATHS: dict[str, tuple[str, ...]] = {
    "KYC_PENDING": (),
    "KYC_INSUFFICIENT": ("insufficient",),
    "REVIEW_PENDING": ("identify",),
    "WAITING_FOR_ACCEPTANCE": ("identify", "review"),
    "ACCEPTED": ("identify", "review", "accept"),
    "PAID": ("identify", "review", "accept", "pay"),
    "DELIVERED": ("identify", "review", "accept", "pay", "deliver"),
    "REJECTION": ("identify", "review", "reject"),
    "ABORTION": ("cancel",),
    "PAYMENT_MISSING": ("identify", "review", "accept", "cancel"),
    "CANCELLATION": ("identify", "review", "accept", "pay", "cancel"),
}
NOMINAL = 100  # EUR, of both campaigns
# Between one step and the next at least, and since the last one: the presenter's own news are always the newest.
PAUSE = timedelta(days=1, hours=3, minutes=17)
LAST = timedelta(days=1, hours=4)
MEMBERS_SINCE = timedelta(days=45)


@dataclass(frozen=True)
class Story:
    """One investment of the seed."""

    member: str
    campaign: str
    status: str
    units: int
    days_ago: float = 0


STORIES = (
    Story("bob", BOND, "KYC_PENDING", 20),
    Story("carol", BOND, "ACCEPTED", 50, 7),
    Story("dana", BOND, "REJECTION", 30, 22),
    Story("dana", SOLAR, "DELIVERED", 25, 14),
    Story("dana", BOND, "PAID", 40, 5),
    Story("dana", SOLAR, "KYC_INSUFFICIENT", 10, 3),
    Story("emil", BOND, "WAITING_FOR_ACCEPTANCE", 15, 2),
    Story("frida", BOND, "WAITING_FOR_ACCEPTANCE", 100, 2.5),
    Story("georg", SOLAR, "WAITING_FOR_ACCEPTANCE", 60, 3),
    Story("emil", SOLAR, "REVIEW_PENDING", 12, 1),
    Story("frida", SOLAR, "ABORTION", 35, 20),
    Story("georg", BOND, "PAYMENT_MISSING", 80, 21),
    Story("hanna", BOND, "CANCELLATION", 45, 18),
)


def is_seeded(app: Flask) -> bool:
    with app.app_context():
        return db.session.get(Mark, "seeded_by_demo") is not None


def seed(app: Flask, simulator_url: str) -> None:
    """Empty both sides and walk all stories. Portal, simulator and sender must be running, but not the loop: what it
    learns by asking would bear today's date and hide the history that is being made.

    Args:
        simulator_url: where the simulator listens, without a path.

    Raises:
        RuntimeError: a step did not lead where it should.
    """
    with app.test_request_context("/", base_url=app.extensions["settings"].public_url):
        control = Control(simulator_url)
        control.post("reset", {})
        _empty()
        users = {member.name: _add_user(member) for member in cast.members()}
        try:
            for story in sorted(STORIES, key=lambda story: -story.days_ago):
                _play(story, users[story.member], control, Studio(simulator_url))
        finally:
            control.post("changed-at", {"at": None})
        db.session.add_all(funding_days())
        db.session.add(Mark(name="seeded_by_demo", value=now().isoformat()))
        db.session.commit()


def funding_days() -> Iterator[FundingDay]:
    """The past of the funding, which the simulator only declares, as the portal would have noted it."""
    noted = tomllib.loads(Path(__file__).with_name("funding.toml").read_text(encoding="utf-8"))
    for campaign, rows in noted.items():
        for (first, euros, count), (last, more, greater) in pairwise([*rows, [rows[-1][0] - 1, *rows[-1][1:]]]):
            for days_ago in range(first, last, -1):
                part = (first - days_ago) / (first - last)
                # In whole units, like every subscription.
                cents = round((euros + (more - euros) * part) / NOMINAL) * NOMINAL * 100
                day = today() - timedelta(days=days_ago)
                yield FundingDay(
                    campaign=campaign, day=day, cents=cents, subscriptions=round(count + (greater - count) * part)
                )


def _empty() -> None:
    for table in reversed(db.metadata.sorted_tables):
        db.session.execute(table.delete())
    db.session.commit()


def _add_user(member: cast.Member) -> User:
    """A confirmed account whose data have been passed on."""
    since = now() - MEMBERS_SINCE
    user = User(
        email=member.email, password_hash=_password_hash(member.password), email_confirmed_at=since, created_at=since
    )
    investor = Investor(
        user=user,
        forename=member.answers["person"]["forename"],
        surname=member.answers["person"]["surname"],
        answers=member.answers,
    )
    db.session.add_all([user, investor])
    db.session.commit()
    from ..investors.consent import agreed

    if integration.import_investor(investor, *agreed("de")) != "done":
        raise RuntimeError(f"{member.name} could not be imported")
    agreed_at = since + timedelta(minutes=12)
    investor.consented_at = investor.imported_at = agreed_at
    calls = update(Intent).where(Intent.investor_id == investor.id)
    db.session.execute(calls.values(created_at=agreed_at, closed_at=agreed_at))
    db.session.execute(update(Consent).where(Consent.investor_id == investor.id).values(given_at=agreed_at))
    db.session.commit()
    return user


_hashes: dict[str, str] = {}


def _password_hash(password: str) -> str:
    """The cast shares one published password: hashed once, because hashing is slow on purpose."""
    if password not in _hashes:
        from ..accounts.passwords import hash_password

        _hashes[password] = hash_password(password)
    return _hashes[password]


def _play(story: Story, user: User, control: Control, studio: Studio) -> None:
    begin, *later = instants(story)
    number = integration.next_number(user, story.campaign)
    investment = integration.start_subscription(user, story.campaign, number)
    if investment.start_url is None or investment.cashlink_id is None:
        raise RuntimeError(f"the subscription of {story.member} was not started")
    investment.created_at = clicked_at = begin - timedelta(minutes=14)
    call = update(Intent).where(Intent.investment_id == investment.id)
    db.session.execute(call.values(created_at=clicked_at, closed_at=clicked_at))
    db.session.commit()
    control.post("changed-at", {"at": begin.isoformat()})
    subscribe(investment.start_url, amount=str(story.units * NOMINAL), outcome="later")
    for action, instant in zip(PATHS[story.status], later, strict=True):
        control.post("changed-at", {"at": instant.isoformat()})
        studio.act(investment.cashlink_id, action)
    _wait_for(investment.cashlink_id, story.status)
    # What lies in the past was told then; the mailbox begins empty.
    investment.told_status = story.status
    db.session.commit()


def instants(story: Story) -> list[datetime]:
    """When it was signed, and when the issuer did each step: on working days, made from the last one back."""
    local = at_home(now() - timedelta(days=story.days_ago) - LAST).replace(tzinfo=None)
    found = []
    for _change in ("sign", *PATHS[story.status]):
        local -= timedelta(days=max(0, local.weekday() - 4))
        found.append(_in_office(local))
        local -= PAUSE
    return found[::-1]


def _in_office(local: datetime) -> datetime:
    """The same day, with its 24 hours squeezed into those from 9 to 17 o'clock: nobody accepts a subscription at night,
    and what came later stays later."""
    passed = local - datetime.combine(local, clock())
    return (datetime.combine(local, clock(9)) + passed / 3).replace(tzinfo=HOME).astimezone(UTC)


def _wait_for(cashlink_id: str, status: str) -> None:
    """Until the webhook has arrived: before it, a next subscription would count as the same one."""
    ends = time.monotonic() + 20
    while time.monotonic() < ends:
        newest = history.newest_change(cashlink_id)
        db.session.commit()
        if newest is not None and newest.status == status:
            return
        time.sleep(0.02)
    raise RuntimeError(f"no webhook told {status}")
