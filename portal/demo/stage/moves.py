"""What a subscription needs next, by its status: the investor's steps and the issuer's buttons, as a table."""

from __future__ import annotations

from collections.abc import Callable

from flask_babel import lazy_gettext as _l

from ... import history
from ...cashlink import statuses
from ..control import simulator_url
from ..walk import Studio
from .play import Play, Step, Stuck
from .player import Player


def player(play: Play) -> Player:
    """Whoever is on stage."""
    if play.player is None:
        raise Stuck("nobody is on stage")
    return play.player


def press(action: str) -> Callable[[Play], None]:
    """The issuer presses a button of the Studio."""

    def do(play: Play) -> None:
        Studio(simulator_url()).act(play.cashlink_id(), action)

    return do


def invest(play: Play) -> None:
    play.noted["redirected"] = player(play).invest()


def sign(play: Play) -> None:
    player(play).sign(play.start_url())


def show_identity(play: Play) -> None:
    player(play).show_identity(play.start_url())


INVEST = Step("invest", "investor", _l("Press “Invest now”"), invest, leads_to=history.STARTED)
SIGN = Step("sign", "investor", _l("Sign at Cashlink"), sign, leads_to=statuses.KYC_PENDING)
IDENTIFY = Step("identify", "investor", _l("Confirm identity"), show_identity, leads_to=statuses.REVIEW_PENDING)
REVIEW = Step("review", "issuer", _l("Review passed"), press("review"), leads_to=statuses.WAITING_FOR_ACCEPTANCE)
ACCEPT = Step("accept", "issuer", _l("Accept"), press("accept"), leads_to=statuses.ACCEPTED)
PAY = Step("pay", "issuer", _l("Mark as paid"), press("pay"), leads_to=statuses.PAID)
DELIVER = Step("deliver", "issuer", _l("Credit securities"), press("deliver"), leads_to=statuses.DELIVERED)

MOVES = {
    "": INVEST,
    history.STARTED: SIGN,
    statuses.KYC_PENDING: IDENTIFY,
    statuses.KYC_INSUFFICIENT: IDENTIFY,
    statuses.REVIEW_PENDING: REVIEW,
    statuses.WAITING_FOR_ACCEPTANCE: ACCEPT,
    statuses.ACCEPTED: PAY,
    statuses.PAID: DELIVER,
}


def move_from(status: str) -> Step | None:
    """The step that leads on; None at the end."""
    return MOVES.get(status)
