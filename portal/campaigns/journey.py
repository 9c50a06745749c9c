"""The six steps of a subscription: who acts and how long it usually takes. Campaign page and progress page share them.

The durations are sample values until somebody who knows the issuer confirms them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from ..language import NO_BREAK_SPACE


@dataclass(frozen=True)
class Step:
    """One step.

    Attributes:
        name: a noun, so that it fits a step that is done, under way or to come.
        who: who acts.
        action: what is done or by whom, briefly and without a full stop, so that a duration can follow.
        duration: how long it usually takes; None where nothing sensible can be said.
    """

    name: LazyString
    who: LazyString
    action: LazyString
    duration: LazyString | None = None

    @property
    def sentence(self) -> str:
        """`You show your identity document; about 10 minutes.`, with a number and its unit on one line."""
        text = f"{self.action}; {self.duration}." if self.duration else f"{self.action}."
        return re.sub(r"(?<=\d) ", NO_BREAK_SPACE, text)


STEPS = (
    Step(_l("Subscription signed"), _l("You, at Cashlink"), _l("You sign at Cashlink")),
    Step(_l("Identity check"), _l("You, at Cashlink"), _l("You show your identity document"), _l("about 10 minutes")),
    Step(
        _l("Review"),
        _l("A licensed institution"),
        _l("Licensed institution"),
        _l("usually 1 to 2 working days"),
    ),
    Step(_l("Acceptance by the issuer"), _l("The issuer"), _l("Issuer"), _l("usually 1 to 3 working days")),
    Step(
        _l("Payment"), _l("You, by bank transfer"), _l("You transfer the amount"), _l("banks take about 1 working day")
    ),
    Step(
        _l("Credit of the securities"),
        _l("The registrar"),
        _l("Register entry"),
        _l("usually 1 working day later"),
    ),
)
