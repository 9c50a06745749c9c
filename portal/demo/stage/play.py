"""Who is on stage, and which step is next. The state lives in memory; what is shown is read from the databases."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, cast

import requests
from flask import current_app
from flask_babel import LazyString
from sqlalchemy import func, select, update

from ... import history
from ...cashlink import statuses
from ...database import db, now
from ...models import Investment, User
from .. import cast as company
from ..browser import Lost
from ..control import Control, simulator_url
from .evidence import Evidence, Verdict
from .player import Player
from .travel import Travel

Side = Literal["investor", "issuer", "show"]

# The way of a subscription that goes well.
ORDER = (
    history.STARTED,
    statuses.KYC_PENDING,
    statuses.REVIEW_PENDING,
    statuses.WAITING_FOR_ACCEPTANCE,
    statuses.ACCEPTED,
    statuses.PAID,
    statuses.DELIVERED,
)
# Seconds until a status must have arrived on its usual way; the loop asks every 30.
LONGEST_WAIT = 40.0
# And in an act, where the verdict tells what did not happen.
PATIENCE = 15.0
LOOK_AGAIN = 0.02


class Stuck(Exception):
    """A step cannot be done, or did not lead where it should."""


@dataclass(frozen=True)
class Step:
    """What one press of the key does.

    Attributes:
        name: for tests.
        side: whose button it is; "show": the presenter's own.
        label: on the button.
        words: what the presenter says before pressing.
        leads_to: the status that the portal knows afterwards; empty where that is no part of the step. A step whose
            status is there already, because it was done by hand, is passed over.
    """

    name: str
    side: Side
    label: LazyString
    do: Callable[[Play], object]
    words: LazyString | None = None
    leads_to: str = ""

    @property
    def tells(self) -> bool:
        """Whether Cashlink sends a webhook about it."""
        return self.side == "issuer" or self.leads_to not in ("", history.STARTED)


@dataclass(frozen=True)
class Script:
    """Steps in a row: an act of the fault show, or a performance.

    Attributes:
        sentence: what it shows, in plain words.
    """

    name: str
    title: LazyString
    sentence: LazyString
    steps: tuple[Step, ...]


@dataclass
class Play:
    """What is going on.

    Attributes:
        position: how many steps were done; a press for another position does nothing.
        verdict: of the step that was done last, if it gave one.
        noted: what steps have measured, for the verdict.
    """

    control: Control
    script: Script | None = None
    player: Player | None = None
    position: int = 0
    evidence: Evidence | None = None
    verdict: Verdict | None = None
    travel: Travel | None = None
    trouble: str = ""
    is_over: bool = False
    noted: dict[str, Any] = field(default_factory=dict)
    _awaited: str = ""

    # Who is on stage, as the portal's database has them.

    def find_user(self) -> User | None:
        """None before there is an account, and after "Start over"."""
        if self.player is None:
            return None
        return db.session.scalars(select(User).where(User.email == self.player.email)).first()

    def user(self) -> User:
        user = self.find_user()
        if user is None:
            raise Stuck("nobody is on stage")
        return user

    def investment(self) -> Investment | None:
        """The newest one."""
        user = self.find_user()
        found = history.investments_of(user) if user else []
        return found[0][0] if found else None

    def status(self) -> str:
        """Of the newest investment; empty where there is none."""
        investment = self.investment()
        if investment is None:
            return ""
        change = history.newest_change(investment.cashlink_id)
        return change.status if change else history.STARTED

    def cashlink_id(self) -> str:
        investment = self.investment()
        if investment is None or investment.cashlink_id is None:
            raise Stuck("there is no investment at Cashlink")
        return investment.cashlink_id

    def start_url(self) -> str:
        investment = self.investment()
        if investment is None or investment.start_url is None:
            raise Stuck("there is no way to Cashlink")
        return investment.start_url

    def has_reached(self, status: str) -> bool:
        known = self.status()
        return known in ORDER and ORDER.index(known) >= ORDER.index(status)

    # What steps do besides HTTP.

    def enter(self, name: str) -> None:
        """One of the cast takes the stage."""
        member = company.member(name)
        if member is None:
            raise Stuck("nobody of this name belongs to the cast")
        player = Player(home(), member.email, member.full_name)
        player.sign_in()
        self.player = player

    def enter_new(self) -> Player:
        """A new person takes the stage, whose name the portal does not know yet."""
        person = company.sample()["person"]
        count = db.session.scalar(select(func.count()).select_from(User).where(User.email.like("robin-%"))) or 0
        self.player = Player(home(), f"robin-{count + 1}@example.org", f"{person['forename']} {person['surname']}")
        return self.player

    def begin_act(self) -> Evidence:
        """From here on counts what the verdict is about."""
        self.evidence, self.noted = Evidence(self.control), {}
        return self.evidence

    def arm(self, call: str, fault: str) -> None:
        self.control.post("faults", {"on": call, "fault": fault, "times": 1})

    def disarm(self) -> None:
        """What an act before this one has armed, and nobody has set off."""
        self.control.post("faults/clear", {})

    def ask_now(self) -> None:
        """Bring the loop's next question forward: on stage nobody waits for up to 30 seconds."""
        due = update(Investment).where(Investment.cashlink_id == self.cashlink_id()).values(next_poll_at=now())
        db.session.execute(due)
        db.session.commit()

    def wait_for(self, status: str) -> None:
        """Until the portal knows this status as the newest."""
        if not self.may_wait(lambda: self.status() == status, LONGEST_WAIT):
            raise Stuck(status)

    def may_wait(self, condition: Callable[[], bool], seconds: float = PATIENCE) -> bool:
        """Until it is so, or the time is over; whether it is so."""
        ends = time.monotonic() + seconds
        while not condition():
            db.session.rollback()
            if self.is_over:
                raise Stuck("the play is over")
            if time.monotonic() > ends:
                return False
            time.sleep(LOOK_AGAIN)
        return True

    # The next step.

    def next_step(self) -> Step | None:
        """That of the script, or what a subscription in this status needs."""
        if self.script is None:
            from .moves import move_from

            return move_from(self.status()) if self.player else None
        return next(iter(self.script.steps[self._next_position() :]), None)

    def _next_position(self) -> int:
        """Behind all steps that were done, by hand too. Pages ask while a step is being done, so it changes nothing."""
        position = self.position
        for step in self.script.steps[position:] if self.script else ():
            if not (step.leads_to and self.player and self.has_reached(step.leads_to)):
                break
            position += 1
        return position

    def take_step(self) -> None:
        """Do the next step, once the one before has arrived."""
        self._await_last_step()
        position, step = self._next_position(), self.next_step()
        if step is None:
            return
        # It spoke of what was before this step.
        self.verdict = None
        self.travel = Travel(self.control, self.cashlink_id()) if step.tells else None
        step.do(self)
        db.session.rollback()
        self.position = position + 1
        self._awaited = step.leads_to

    def _await_last_step(self) -> None:
        """By hand it may have gone further meanwhile, or another way."""
        awaited = self._awaited
        arrived = not awaited or self.may_wait(
            lambda: self.has_reached(awaited) or self.status() not in ORDER, LONGEST_WAIT
        )
        if not arrived:
            raise Stuck(awaited)
        self._awaited = ""


class Stage:
    """The one stage of a demo. Steps are taken one after the other, whoever presses."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.play: Play | None = None

    def clear(self) -> None:
        """Empty it at once; a step that is being done ends at its next look."""
        if self.play is not None:
            self.play.is_over = True
        self.play = None

    def begin(self, *, script: Script | None = None, member: str = "") -> None:
        """Empty the stage for a script, or for somebody: one of the cast, or "new"."""
        with self._lock:
            before, self.play = self.play, Play(Control(simulator_url()), script)
            play = self.play
            if before is not None and before.evidence is not None:
                _try(play, play.disarm)
            if member:
                _try(play, lambda: prepare(play) if member == "new" else play.enter(member))

    def press(self, position: int) -> None:
        """The next step, for a page that showed this position: a second press while the first is done does nothing."""
        with self._lock:
            play = self.play
            if play is not None and play.position == position:
                _try(play, play.take_step)


def prepare(play: Play, status: str = "") -> None:
    """Bring a new person up to "Invest now", or on to a status of its subscription."""
    from .moves import move_from

    player = play.enter_new()
    player.register()
    player.enter_data()
    player.consent()
    while status and play.status() != status:
        step = move_from(play.status())
        if step is None:
            raise Stuck(status)
        step.do(play)
        play.wait_for(step.leads_to)


def _try(play: Play, act: Callable[[], object]) -> None:
    """Trouble is told on the stage, and the same step can be tried again."""
    play.trouble = ""
    try:
        act()
    except (Lost, Stuck, RuntimeError, requests.RequestException) as error:
        current_app.logger.warning("stage: %s", error)
        play.trouble = str(error) if isinstance(error, Lost | Stuck) else type(error).__name__
    finally:
        db.session.rollback()


def home() -> str:
    """The portal's own address."""
    return cast(str, current_app.extensions["settings"].public_url)


def stage() -> Stage:
    """That of the running application."""
    return cast(Stage, current_app.extensions["stage"])
