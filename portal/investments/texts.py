"""What the pages say about each status: one table, in words that a person reads, never a code.

Knows no database and no request; the sentences are looked up in the language of whoever asks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from flask_babel import LazyString, gettext, ngettext
from flask_babel import lazy_gettext as _l

from ..cashlink import statuses
from ..history import STARTED
from ..language import NO_BREAK_SPACE, money, number

# do: your turn. wait: somebody else's. ok: finished. bad: a problem, or an end before the goal.
Tone = Literal["do", "wait", "ok", "bad"]
# Where the button leads.
Target = Literal["cashlink", "portfolio", "campaign", "campaigns", "investor"]


@dataclass(frozen=True)
class Size:
    """How large an investment is, as far as Cashlink has told.

    Attributes:
        amount: units × nominal of the campaign [assumed]; Cashlink tells the units only.
    """

    units: int | None = None
    amount: Decimal | None = None


Sentence = LazyString | Callable[[Size], str]


@dataclass(frozen=True)
class Texts:
    """One row of the table.

    Attributes:
        step: the step that is under way, from 0; 6 when all are done.
        do: "What you do now".
        next: "What comes next".
        holding: only true while `button` may be missing, e.g. without an address at Cashlink.
    """

    step: int
    tone: Tone
    label: LazyString
    banner: Sentence
    text: Sentence
    do: LazyString
    next: Sentence
    button: LazyString | None = None
    target: Target | None = None
    your_turn: bool = False
    ended: bool = False


def say(sentence: Sentence, size: Size) -> str:
    """A sentence of the table in the language of the request."""
    return sentence(size) if callable(sentence) else str(sentence)


def units_in_words(units: int) -> str:
    """`50 units`, kept on one line."""
    text: str = ngettext("%(units)s unit", "%(units)s units", units, units=number(units))
    return text.replace(" ", NO_BREAK_SPACE)
