"""The fault show: five acts in which something goes wrong, each with the verdict on what came of it.

One definition is the buttons on the stage, a part of the second performance, and a test.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from ..cashlink import statuses
from . import verdicts
from .browser import Lost
from .stage.evidence import Verdict, told_by_webhook
from .stage.moves import player as person
from .stage.moves import press, show_identity
from .stage.play import Play, Script, Step, prepare
from .verdicts import evidence


@dataclass(frozen=True)
class Act:
    """Something that goes wrong.

    Attributes:
        sentence: what goes wrong, in plain words.
        needs: the status from which it begins; empty: before "Invest now".
        faults: what is armed, as pairs of call and fault.
        steps: what then happens.
        verdict: computed at the end.
    """

    name: str
    title: LazyString
    sentence: LazyString
    needs: str
    faults: tuple[tuple[str, str], ...]
    steps: tuple[Step, ...]
    verdict: Callable[[Play], Verdict]

    def arm(self, play: Play) -> None:
        play.begin_act()
        for call, fault in self.faults:
            play.arm(call, fault)

    def judge(self, play: Play) -> None:
        play.verdict = self.verdict(play)

    def all_steps(self) -> tuple[Step, ...]:
        """From the sentence to the verdict."""
        return (
            Step(f"{self.name}: arm", "show", _l("Let it go wrong"), self.arm, words=self.sentence),
            *self.steps,
            Step(f"{self.name}: verdict", "show", _l("What came of it?"), self.judge, words=_l("Let us look at it.")),
        )

    def script(self) -> Script:
        """The act by itself, with a new person."""
        enter = Step(
            f"{self.name}: enter",
            "show",
            _l("A new person takes the stage"),
            lambda play: prepare(play, self.needs),
            words=_l("Robin is new here. All data are samples."),
        )
        return Script(self.name, self.title, self.sentence, (enter, *self.all_steps()))


def click_once(play: Play) -> None:
    play.noted["before"] = len(evidence(play).at_cashlink(play.user()))
    with suppress(Lost):
        play.noted["redirected"] = person(play).invest()


def click_twice(play: Play) -> None:
    play.noted["before"] = len(evidence(play).at_cashlink(play.user()))
    play.noted["answers"] = person(play).double_click()


def review_shuffled(play: Play) -> None:
    press("review")(play)
    play.may_wait(lambda: len(evidence(play).arrivals(play.cashlink_id())) == 4)


def ask_instead(play: Play) -> None:
    play.ask_now()
    play.may_wait(lambda: play.status() == statuses.ACCEPTED)


def pay_and_lie(play: Play) -> None:
    press("pay")(play)
    play.may_wait(lambda: statuses.DELIVERED in told_by_webhook(play.cashlink_id()))


def wait_for_truth(play: Play) -> None:
    play.may_wait(lambda: play.status() == statuses.PAID)


LOST = Act(
    "lost",
    _l("The answer gets lost"),
    _l("Cashlink creates the investment, but the answer gets lost."),
    "",
    (("create_investment", "after:lost"),),
    (
        Step(
            "lost: invest",
            "investor",
            _l("Press “Invest now”"),
            click_once,
            words=_l("Robin presses “Invest now”. The portal does not know whether it worked, so it asks again."),
        ),
    ),
    verdicts.judge_lost,
)
TWICE = Act(
    "twice",
    _l("An impatient double click"),
    _l("Cashlink takes two seconds, and the investor clicks twice."),
    "",
    (("create_investment", "late"),),
    (
        Step(
            "twice: invest",
            "investor",
            _l("Press “Invest now” twice"),
            click_twice,
            words=_l("Robin wants more, and presses “Invest now” twice, because nothing seems to happen."),
        ),
    ),
    verdicts.judge_twice,
)
SHUFFLED = Act(
    "shuffled",
    _l("Webhooks in disorder"),
    _l("One webhook overtakes another, and is sent three times."),
    statuses.KYC_PENDING,
    (("delivery", "reorder"), ("delivery", "duplicate")),
    (
        Step(
            "shuffled: identify",
            "investor",
            _l("Confirm identity"),
            show_identity,
            words=_l("Robin confirms the identity. The webhook about it stays on the way."),
        ),
        Step(
            "shuffled: review",
            "issuer",
            _l("Review passed"),
            review_shuffled,
            words=_l("The review is passed. This news is faster, and comes three times. The old one follows."),
        ),
    ),
    verdicts.judge_shuffled,
)
DROPPED = Act(
    "dropped",
    _l("A webhook never comes"),
    _l("The issuer accepts, but the webhook about it never comes."),
    statuses.WAITING_FOR_ACCEPTANCE,
    (("delivery", "drop"),),
    (
        Step(
            "dropped: accept",
            "issuer",
            _l("Accept"),
            press("accept"),
            words=_l("The issuer accepts. Look at the left: nothing happens, because nobody told the portal."),
        ),
        Step(
            "dropped: ask",
            "show",
            _l("Let the portal ask now"),
            ask_instead,
            words=_l("Twice a minute the portal asks by itself. We do not wait for that, we let it ask now."),
        ),
    ),
    verdicts.judge_dropped,
)
LIED = Act(
    "lied",
    _l("A webhook that lies"),
    _l("The money has arrived, but one more webhook claims that all is completed."),
    statuses.ACCEPTED,
    (("delivery", "wrong_status"),),
    (
        Step(
            "lied: pay",
            "issuer",
            _l("Mark as paid"),
            pay_and_lie,
            words=_l("The issuer has the money. A second webhook says that the securities are there. They are not."),
        ),
        Step(
            "lied: wait",
            "show",
            _l("Wait for the truth"),
            wait_for_truth,
            words=_l("The portal believes no webhook alone. It asks Cashlink, and corrects itself."),
        ),
    ),
    verdicts.judge_lied,
)
ACTS = (LOST, TWICE, SHUFFLED, DROPPED, LIED)
