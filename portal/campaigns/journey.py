"""The six steps of a subscription: who acts and how long it usually takes. Campaign page, progress page, help and mail
share them; sentences, picture and table are made of the same numbers.

The durations are sample values until somebody who knows the issuer confirms them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from flask_babel import LazyString

from ..language import NO_BREAK_SPACE, language, ngettext
from ..language import gettext as _
from ..language import lazy_gettext as _l


def _usually(least: int, most: int) -> str:
    if least == most:
        return str(ngettext("usually %(num)d working day", "usually %(num)d working days", most))
    return str(_("usually %(least)d to %(most)d working days", least=least, most=most))


def _by_bank(_least: int, most: int) -> str:
    return str(ngettext("banks take about %(num)d working day", "banks take about %(num)d working days", most))


def _afterwards(_least: int, most: int) -> str:
    return str(ngettext("usually %(num)d working day later", "usually %(num)d working days later", most))


# Compared by identity: its sentence is made once for each language.
@dataclass(frozen=True, eq=False)
class Step:
    """One step.

    Attributes:
        name: a noun, so that it fits a step that is done, under way or to come.
        who: who acts.
        action: what is done or by whom, briefly and without a full stop, so that a duration can follow.
        minutes: how long it takes a person; 0 where nothing sensible can be said.
        days: working days, least and most, that it takes others.
        yours: the investor acts.
        words: says the days.
    """

    name: LazyString
    who: LazyString
    action: LazyString
    minutes: int = 0
    days: tuple[int, int] = (0, 0)
    yours: bool = False
    words: Callable[[int, int], str] = _usually

    @property
    def duration(self) -> str:
        """`usually 1 to 2 working days`, with a number and its unit on one line; empty where nothing is known."""
        text = ""
        if self.days[1]:
            text = self.words(*self.days)
        elif self.minutes:
            text = ngettext("about %(num)d minute", "about %(num)d minutes", self.minutes)
        return re.sub(r"(?<=\d) ", NO_BREAK_SPACE, text)

    @property
    def sentence(self) -> str:
        """`You show your identity document; about 10 minutes.`"""
        return _sentence(self, language())


@lru_cache(maxsize=64)
def _sentence(step: Step, _spoken: str) -> str:
    return f"{step.action}; {step.duration}." if step.duration else f"{step.action}."


STEPS = (
    Step(_l("Subscription signed"), _l("You, at Cashlink"), _l("You sign at Cashlink"), yours=True),
    Step(_l("Identity check"), _l("You, at Cashlink"), _l("You show your identity document"), minutes=10, yours=True),
    Step(_l("Review"), _l("A licensed institution"), _l("Licensed institution"), days=(1, 2)),
    Step(_l("Acceptance by the issuer"), _l("The issuer"), _l("Issuer"), days=(1, 3)),
    Step(
        _l("Payment"),
        _l("You, by bank transfer"),
        _l("You transfer the amount"),
        days=(1, 1),
        yours=True,
        words=_by_bank,
    ),
    Step(_l("Credit of the securities"), _l("The registrar"), _l("Register entry"), days=(1, 1), words=_afterwards),
)


def whole_duration() -> str:
    """How long all of it takes if the person acts at once."""
    return _usually(sum(step.days[0] for step in STEPS), sum(step.days[1] for step in STEPS))
