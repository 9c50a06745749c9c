"""Two performances, as plain steps: the presenter's one key, a script to print, and tests, from the same definition."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from . import acts, verdicts
from .stage import moves
from .stage.play import Play, Script, Step, prepare


def begin(play: Play) -> None:
    """A new person makes an account; from here on counts the verdict."""
    play.begin_act()
    play.enter_new().register()


def told(step: Step, words: LazyString) -> Step:
    """A step of a subscription with what the presenter says to it."""
    return replace(step, words=words)


def final(name: str, judge: Callable[[Play], object]) -> Step:
    return Step(
        f"{name}: verdict",
        "show",
        _l("What is the truth?"),
        judge,
        words=_l("At last we compare: what the portal knows, with what stands in the books of Cashlink."),
    )


def judge_everything(play: Play) -> None:
    play.verdict = verdicts.judge_everything(play)


HAPPY_PATH = Script(
    "happy-path",
    _l("The happy path in three minutes"),
    _l("From an empty account to securities in the register."),
    (
        Step(
            "register",
            "investor",
            _l("Create an account"),
            begin,
            words=_l("Robin has found a campaign and makes an account. So far nobody but the portal knows of it."),
        ),
        Step(
            "enter data",
            "investor",
            _l("Enter investor data"),
            lambda play: moves.player(play).enter_data(),
            words=_l(
                "Robin enters the data that the law demands: name, address, tax, bank account. Once, for all "
                "campaigns. They stay with the portal for now."
            ),
        ),
        Step(
            "consent",
            "investor",
            _l("Agree that they are passed on"),
            lambda play: moves.player(play).consent(),
            words=_l(
                "Robin agrees. Now the first step of the integration runs: two calls, and Cashlink knows the investor. "
                "You see them below, with the time that they took."
            ),
        ),
        told(
            moves.INVEST,
            _l(
                "“Invest now” is the second step, and it is one single call. The answer is an address, and Robin is "
                "there already: at Cashlink."
            ),
        ),
        told(
            moves.SIGN,
            _l(
                "There Robin reads the documents and signs. The portal has nothing to do with it, and learns of it by "
                "a webhook: the third step. The first of the six dots is done."
            ),
        ),
        told(
            moves.IDENTIFY,
            _l("Robin shows an identity document, also at Cashlink. The next webhook, the next dot."),
        ),
        told(
            moves.REVIEW,
            _l("A licensed institution reviews the subscription. On the right you see who has to act, and what for."),
        ),
        told(
            moves.ACCEPT,
            _l(
                "Now the issuer accepts. Watch the way of this one click: out of the Studio, as a webhook, into the "
                "receiver, onto the page."
            ),
        ),
        told(moves.PAY, _l("Robin has transferred the money, and the issuer sees it on the account.")),
        told(
            moves.DELIVER,
            _l("The securities are entered in the register. That was all: three functions, and a page that tells."),
        ),
        final("happy-path", judge_everything),
    ),
)
EVERYTHING_GOES_WRONG = Script(
    "everything-goes-wrong",
    _l("Everything goes wrong and nothing is lost"),
    _l("Five accidents in one subscription, and a look into the books after each."),
    (
        Step(
            "enter",
            "show",
            _l("A new person takes the stage"),
            prepare,
            words=_l("This is Robin again, with all data passed on. From here on everything goes wrong."),
        ),
        *acts.LOST.all_steps(),
        told(moves.SIGN, _l("Robin signs, as if nothing had happened. For Robin nothing has.")),
        *acts.SHUFFLED.all_steps(),
        *acts.DROPPED.all_steps(),
        *acts.LIED.all_steps(),
        told(moves.DELIVER, _l("Now the securities really are credited.")),
        *acts.TWICE.all_steps(),
        final("everything-goes-wrong", judge_everything),
    ),
)
PERFORMANCES = (HAPPY_PATH, EVERYTHING_GOES_WRONG)
SCRIPTS = {script.name: script for script in (*PERFORMANCES, *(act.script() for act in acts.ACTS))}
