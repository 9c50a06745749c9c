"""The investor's way from the signature to the credit: six steps, who acts in each, and how long it usually takes.

The one table for all that speak of it: campaign page, progress, help and mail. The durations are sample values; each
operator puts in what is true for its campaigns.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from flask_babel import LazyString, ngettext
from flask_babel import lazy_gettext as _l

Actor = Literal["investor", "reviewer", "issuer"]


@dataclass(frozen=True)
class Duration:
    """From `low` to `high` minutes or working days; with a `low` of None it is a limit."""

    low: int | None
    high: int
    unit: Literal["minutes", "working days", "days"]

    def __str__(self) -> str:
        if self.low is None:
            return ngettext("within %(num)d day", "within %(num)d days", self.high)
        if self.unit == "minutes":
            return ngettext("about %(num)d minute", "about %(num)d minutes", self.high)
        return ngettext(
            "usually %(num)d working day", "usually %(low)d to %(num)d working days", self.high, low=self.low
        )


@dataclass(frozen=True)
class Step:
    """One of the six; `name` is a noun, so that it fits a step that is done, current or still to come."""

    key: Literal["signature", "identification", "review", "acceptance", "payment", "credit"]
    name: LazyString
    actor: Actor
    what: LazyString
    duration: Duration


STEPS = (
    Step(
        "signature",
        _l("Subscription signed"),
        "investor",
        _l("You read the documents at Cashlink, choose the amount and sign."),
        Duration(10, 10, "minutes"),
    ),
    Step(
        "identification",
        _l("Identity check"),
        "investor",
        _l("You show Cashlink your identity card or passport."),
        Duration(10, 10, "minutes"),
    ),
    Step(
        "review",
        _l("Review"),
        "reviewer",
        _l("A licensed institution checks your subscription against the legal requirements."),
        Duration(1, 3, "working days"),
    ),
    Step(
        "acceptance",
        _l("Acceptance by the issuer"),
        "issuer",
        _l("The issuer accepts or declines your offer."),
        Duration(1, 5, "working days"),
    ),
    Step(
        "payment",
        _l("Payment"),
        "investor",
        _l("You transfer the amount. You will find the bank details only at Cashlink, never in an email."),
        Duration(None, 14, "days"),
    ),
    Step(
        "credit",
        _l("Credit of the securities"),
        "issuer",
        _l("The units are entered in the register and credited to you."),
        Duration(1, 3, "working days"),
    ),
)


def step(key: str) -> Step:
    return next(candidate for candidate in STEPS if candidate.key == key)
