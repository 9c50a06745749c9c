"""What the stage shows at this instant, read from the portal's own pages, the two databases and Backstage."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import flask_babel
from flask_babel import lazy_gettext as _l

from ... import history
from ...investments.progress import Progress, read_progress
from ...language import number
from ...models import Investment
from .. import backstage
from ..backstage.record import LOOP
from ..control import simulator_url
from .play import Play, Script, Side
from .travel import Station

# Flask-Babel has no annotations.
_: Callable[..., str] = flask_babel.gettext

LINES = 5

# The six steps of campaigns/journey.py, in one word each.
DOT_NAMES = (_l("Signature"), _l("Identity"), _l("Review"), _l("Acceptance"), _l("Payment"), _l("Credit"))
STATION_NAMES = {
    "studio": _l("Studio"),
    "webhook": _l("Webhook"),
    "receiver": _l("Receiver"),
    "page": _l("Page"),
}


@dataclass(frozen=True)
class NextStep:
    """The one button."""

    side: Side
    label: str
    words: str


@dataclass(frozen=True)
class Dot:
    """One of the six steps; the state is that of the progress page."""

    name: str
    state: str


@dataclass(frozen=True)
class Told:
    """A verdict in words, with those that are wrong."""

    ok: bool
    words: tuple[tuple[bool, str], ...]


@dataclass(frozen=True)
class Stop:
    """A station on the way of a status."""

    name: str
    state: str
    text: str


@dataclass(frozen=True)
class View:
    """Only what is shown, so that equal stages are equal values."""

    position: int
    name: str
    size_line: str
    sentence: str
    dots: tuple[Dot, ...]
    next_step: NextStep | None
    title: str
    accident: str
    count: int
    verdict: Told | None
    stops: tuple[Stop, ...]
    lines: tuple[tuple[str, bool], ...]
    trouble: str
    studio: str

    @property
    def etag(self) -> str:
        return hashlib.sha256(repr(self).encode()).hexdigest()[:32]


def read_view(play: Play | None) -> View:
    """The stage in the language of the request."""
    if play is None:
        return _empty()
    step = play.next_step()
    investment = play.investment()
    progress = read_progress(investment) if investment else None
    return View(
        position=play.position,
        name=play.player.name if play.player else "",
        size_line=_size_line(progress),
        sentence=_sentence(play, progress),
        dots=_dots(progress),
        next_step=NextStep(step.side, str(step.label), str(step.words or "")) if step else None,
        title=str(play.script.title) if play.script else "",
        accident=_accident(play.script, play.position),
        count=len(play.script.steps) if play.script else 0,
        verdict=_verdict(play),
        stops=tuple(_stop(station) for station in play.travel.stations()) if play.travel else (),
        lines=_lines(investment),
        trouble=play.trouble,
        studio=_studio(investment),
    )


def _empty() -> View:
    return View(0, "", "", "", _dots(None), None, "", "", 0, None, (), _lines(None), "", _studio(None))


def _dots(progress: Progress | None) -> tuple[Dot, ...]:
    states = [step.state for step in progress.steps] if progress else ["todo"] * len(DOT_NAMES)
    return tuple(Dot(str(name), state) for name, state in zip(DOT_NAMES, states, strict=True))


def _size_line(progress: Progress | None) -> str:
    return f"{progress.name} · {progress.size_line}" if progress and progress.code != history.STARTED else ""


def _sentence(play: Play, progress: Progress | None) -> str:
    """The headline of the person's own progress page; before there is one, where the person stands."""
    if progress is not None:
        return progress.banner
    if play.player is None:
        return str(play.script.sentence) if play.script else ""
    user = play.find_user()
    investor = user.investor if user else None
    if investor is not None and investor.imported_at:
        return _("Ready to invest: Cashlink knows the investor")
    if investor is not None and investor.answers:
        return _("The investor data are complete, and still with the portal only")
    return _("Has an account, and nothing else")


def _accident(script: Script | None, position: int) -> str:
    """What is going wrong in this act, from the moment it is armed until the next one."""
    if script is None:
        return ""
    done = script.steps[:position]
    armed = [step for step in done if step.name.endswith(": arm")]
    judged = bool(armed) and any(step.name == armed[-1].name.replace(": arm", ": verdict") for step in done[:-1])
    return str(armed[-1].words) if armed and not judged else ""


def _verdict(play: Play) -> Told | None:
    if play.verdict is None:
        return None
    return Told(play.verdict.ok, tuple((check.ok, str(check.words)) for check in play.verdict.checks))


def _stop(station: Station) -> Stop:
    if station.state == "lost":
        text = _("never sent") if station.name == "webhook" else _("knows nothing")
    elif station.milliseconds is None:
        text = "…"
    else:
        text = _("pressed") if station.name == "studio" else f"+{number(station.milliseconds)} ms"
    return Stop(str(STATION_NAMES[station.name]), station.state, text)


def _lines(investment: Investment | None) -> tuple[tuple[str, bool], ...]:
    """The newest of Backstage, without what the loop asks for others."""
    told = [entry for entry in backstage.entries() if _is_of_interest(entry, investment)]
    return tuple((backstage.sentence(entry), entry.went_well) for entry in told[-LINES:])


def _is_of_interest(entry: backstage.Entry, investment: Investment | None) -> bool:
    if entry.caused_by != LOOP or entry.method != "GET":
        return True
    mine = investment.cashlink_id if investment else None
    return entry.investment_id == mine is not None and not entry.is_routine


def _studio(investment: Investment | None) -> str:
    """Where the same can be done by hand."""
    known = investment and investment.cashlink_id
    return f"{simulator_url()}/studio/" + (f"investments/{known}" if known else "")
