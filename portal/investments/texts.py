"""What the pages say about each status: one table, in words that a person reads, never a code.

Knows no database and no request. The sentences are looked up in the language of whoever asks for them.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Literal, NamedTuple, TypeAlias

from flask_babel import LazyString

from ..cashlink import statuses
from ..history import STARTED
from ..language import NO_BREAK_SPACE, day, gettext, money, ngettext, number
from ..language import lazy_gettext as _l

# do: your turn. wait: somebody else's. ok: finished. bad: a problem, or an end before the goal.
Tone = Literal["do", "wait", "ok", "bad"]
# Where the button leads.
Target = Literal["cashlink", "portfolio", "campaign", "campaigns", "investor"]


class Holding(NamedTuple):
    """What the sentences may mention, as far as it is known.

    Attributes:
        units: as Cashlink has told.
        amount: units × nominal of the campaign [assumed]; Cashlink tells the units only.
        first_interest: when interest is due for the first time, where it is fixed and that day is still to come.
    """

    units: int | None = None
    amount: Decimal | None = None
    first_interest: date | None = None


Sentence: TypeAlias = LazyString | Callable[[Holding], str]


class Texts(NamedTuple):
    """One row of the table.

    Attributes:
        step: the step under way, from 0; 6 when all are done.
        do: "What you do now".
        next: "What comes next".
        target: where the button leads; without an address at Cashlink there is no button to it.
        your_turn: without you nothing goes on.
        ended: it ended before the goal.
        contact: `do` says "contact us", so the way to do so stands beside it.
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
    contact: bool = False


def say(sentence: Sentence, holding: Holding) -> str:
    """A sentence of the table in the language of the request."""
    return str(sentence(holding) if callable(sentence) else sentence)


def units_in_words(units: int) -> str:
    """`50 units`, kept on one line."""
    text = ngettext("%(units)s unit", "%(units)s units", units, units=number(units))
    return text.replace(" ", NO_BREAK_SPACE)


def turn_in_words(texts: Texts) -> str:
    """Whose turn it is, for ears."""
    if texts.your_turn:
        return gettext("It is your turn.")
    if texts.ended or texts.tone == "ok":
        return gettext("There is nothing left to do.")
    return gettext("There is nothing for you to do at the moment.")


def _please_transfer(holding: Holding) -> str:
    if holding.amount is None:
        return gettext("Accepted: please transfer the amount due")
    return gettext("Accepted: please transfer %(amount)s", amount=money(holding.amount))


def _payment_has_arrived(holding: Holding) -> str:
    if holding.amount is None:
        return gettext("Your payment has arrived. Your securities are now being credited.")
    return gettext("Your %(amount)s has arrived. Your securities are now being credited.", amount=money(holding.amount))


def _units_will_be_credited(holding: Holding) -> str:
    if holding.units is None:
        return gettext("Your units are entered in the register and credited to you.")
    return ngettext(
        "Your %(units)s is entered in the register and credited to you.",
        "Your %(units)s are entered in the register and credited to you.",
        holding.units,
        units=units_in_words(holding.units),
    )


def _units_are_credited(holding: Holding) -> str:
    if holding.units is None:
        return gettext("Done: your units have been credited to you")
    return ngettext(
        "Done: %(units)s has been credited to you",
        "Done: %(units)s have been credited to you",
        holding.units,
        units=units_in_words(holding.units),
    )


def _payments(holding: Holding) -> str:
    if holding.first_interest is None:
        return gettext("Payments follow the terms of the campaign.")
    return gettext("First interest payment on %(day)s.", day=day(holding.first_interest))


NOTHING_LEFT = _l("There is nothing left to do here.")
OTHER_CAMPAIGNS = _l("See other campaigns")
BACK_TO_CAMPAIGN = _l("Back to the campaign")

TEXTS = {
    STARTED: Texts(
        step=0,
        tone="do",
        label=_l("Not signed yet"),
        banner=_l("Finish your subscription at Cashlink"),
        text=_l("You have started, but not signed. Nothing is binding yet and nothing has been paid."),
        do=_l("Continue at Cashlink and sign the documents there."),
        button=_l("Continue at Cashlink"),
        target="cashlink",
        next=_l("Cashlink confirms your identity."),
        your_turn=True,
    ),
    statuses.KYC_PENDING: Texts(
        step=1,
        tone="do",
        label=_l("Identity check open"),
        banner=_l("Confirm your identity"),
        text=_l("Your subscription is signed. Cashlink now needs to know for certain who you are."),
        do=_l(
            "Have your identity card or passport ready; it takes about 10 minutes. "
            "Already done? Then there is nothing left for you to do."
        ),
        button=_l("Confirm identity at Cashlink"),
        target="cashlink",
        next=_l("A licensed institution reviews your subscription."),
        your_turn=True,
    ),
    statuses.KYC_INSUFFICIENT: Texts(
        step=1,
        tone="bad",
        label=_l("Identity check incomplete"),
        banner=_l("Your identity check is incomplete"),
        text=_l(
            "Data is missing or does not match your identity document. Your subscription is on hold. "
            "Please do not transfer any money for now."
        ),
        do=_l(
            "Compare your name, date of birth and address with your identity document, then open Cashlink. "
            "If you cannot find the mistake, contact us."
        ),
        button=_l("Open Cashlink"),
        target="cashlink",
        next=_l("Cashlink checks your details again."),
        your_turn=True,
        contact=True,
    ),
    statuses.REVIEW_PENDING: Texts(
        step=2,
        tone="wait",
        label=_l("In review"),
        banner=_l("Your subscription is being reviewed"),
        text=_l(
            "Your identity is confirmed. A licensed institution is now checking your subscription "
            "against the legal requirements."
        ),
        do=_l("Nothing. You will see it here when the status changes."),
        next=_l("The issuer decides whether to accept."),
    ),
    statuses.WAITING_FOR_ACCEPTANCE: Texts(
        step=3,
        tone="wait",
        label=_l("Waiting for the issuer"),
        banner=_l("The issuer is deciding on your subscription"),
        text=_l("All checks are complete. The issuer can now accept or decline your offer."),
        do=_l("Nothing. Please do not transfer any money yet."),
        next=_l("Once accepted, you receive the payment details."),
    ),
    statuses.ACCEPTED: Texts(
        step=4,
        tone="do",
        label=_l("Accepted – payment due"),
        banner=_please_transfer,
        text=_l(
            "The issuer accepted your subscription. You will find the bank details only after signing in at Cashlink, "
            "never in an email."
        ),
        do=_l("Open the payment details and transfer the exact amount with the exact payment reference."),
        button=_l("Show payment details at Cashlink"),
        target="cashlink",
        next=_l("The issuer confirms that your money has arrived."),
        your_turn=True,
    ),
    statuses.PAID: Texts(
        step=5,
        tone="wait",
        label=_l("Payment received"),
        banner=_l("Payment received"),
        text=_payment_has_arrived,
        do=_l("Nothing. You will see it here as soon as they are there."),
        next=_units_will_be_credited,
    ),
    statuses.DELIVERED: Texts(
        step=6,
        tone="ok",
        label=_l("Completed"),
        banner=_units_are_credited,
        text=_l("Your digital securities have been credited."),
        do=_l("Nothing. You will find the payments to come and the documents in your portfolio."),
        button=_l("Go to portfolio"),
        target="portfolio",
        next=_payments,
    ),
    statuses.REJECTION: Texts(
        step=3,
        tone="bad",
        label=_l("Declined by the issuer"),
        banner=_l("The issuer has declined your subscription"),
        text=_l("No contract was concluded and you owe nothing. The issuer does not have to give reasons."),
        do=_l("Nothing. If you have already transferred money, contact us."),
        button=OTHER_CAMPAIGNS,
        target="campaigns",
        next=NOTHING_LEFT,
        ended=True,
        contact=True,
    ),
    statuses.CANCELLATION: Texts(
        step=4,
        tone="bad",
        label=_l("Cancelled"),
        banner=_l("The contract has been cancelled"),
        text=_l("You do not hold any units from this subscription."),
        do=_l("Nothing. Money you have already transferred is paid back by the issuer."),
        button=OTHER_CAMPAIGNS,
        target="campaigns",
        next=NOTHING_LEFT,
        ended=True,
    ),
    statuses.ABORTION: Texts(
        step=1,
        tone="bad",
        label=_l("Ended before acceptance"),
        banner=_l("This subscription ended before it was accepted"),
        text=_l("No contract was concluded and you owe nothing."),
        do=_l("Nothing. You can start again while the campaign is open."),
        button=BACK_TO_CAMPAIGN,
        target="campaign",
        next=NOTHING_LEFT,
        ended=True,
    ),
    statuses.PAYMENT_MISSING: Texts(
        step=4,
        tone="bad",
        label=_l("Cancelled: payment missing"),
        banner=_l("Cancelled because no payment arrived in time"),
        text=_l("The payment deadline has passed. You do not hold any units."),
        do=_l(
            "Do not transfer money any more. If you have already transferred it, contact us and give your reference."
        ),
        button=BACK_TO_CAMPAIGN,
        target="campaign",
        next=NOTHING_LEFT,
        ended=True,
        contact=True,
    ),
}

# A code that is not in the table. The step is the one that was under way when it came.
UNKNOWN = Texts(
    step=0,
    tone="wait",
    label=_l("Being updated"),
    banner=_l("Your status is being updated"),
    text=_l("Cashlink has sent a status that we cannot show yet. We are looking into it."),
    do=_l("Nothing. If this message is still here tomorrow, contact us."),
    next=_l("We show the next step as soon as we know it."),
    contact=True,
)

# Before Cashlink has answered with an address where the person goes on.
NOT_ANSWERING = Texts(
    step=0,
    tone="wait",
    label=_l("Waiting for Cashlink"),
    banner=_l("We have not reached Cashlink yet"),
    text=_l(
        "Cashlink is not answering. Nothing is lost and nothing is binding. We keep trying and show the result here."
    ),
    do=_l("Nothing. You may leave this page; you will find it again in your portfolio."),
    next=_l("As soon as Cashlink answers, you continue there and sign."),
)
NOT_STARTED = Texts(
    step=0,
    tone="bad",
    label=_l("Not started"),
    banner=_l("This campaign is closed at Cashlink"),
    text=_l("Nothing was started. Nothing is binding and nothing has been paid."),
    do=_l("Nothing. You can look at other campaigns."),
    button=OTHER_CAMPAIGNS,
    target="campaigns",
    next=NOTHING_LEFT,
    ended=True,
)
NOT_AVAILABLE = Texts(
    step=0,
    tone="wait",
    label=_l("Not available"),
    banner=_l("This is not available at the moment"),
    text=_l("We are looking into it. Nothing is lost and nothing is binding."),
    do=_l("Nothing. You may leave this page; you will find it again in your portfolio."),
    next=_l("We show the result here."),
)
DATA_REFUSED = Texts(
    step=0,
    tone="do",
    label=_l("Check your details"),
    banner=_l("Please check your details"),
    text=_l("Cashlink cannot use your details as they are. Nothing is lost and nothing is binding."),
    do=_l("Correct what is marked there and pass it on again."),
    button=_l("Check your details"),
    target="investor",
    next=_l("After that you continue at Cashlink and sign."),
    your_turn=True,
)
CONSENT_WITHDRAWN = Texts(
    step=0,
    tone="bad",
    label=_l("Stopped"),
    banner=_l("Stopped: you have withdrawn your consent"),
    text=_l("We pass nothing on to Cashlink any more. Nothing is binding and nothing has been paid."),
    do=_l("Nothing, or agree again if you want to subscribe."),
    button=_l("Read the consent again"),
    target="investor",
    next=_l("If you agree again, you continue at Cashlink and sign."),
)
RELEASED = Texts(
    step=0,
    tone="bad",
    label=_l("Ended before signing"),
    banner=_l("This subscription ended before you signed"),
    text=_l("Nothing is binding and nothing has been paid."),
    do=_l("Nothing. You can start again while the campaign is open."),
    button=BACK_TO_CAMPAIGN,
    target="campaign",
    next=NOTHING_LEFT,
    ended=True,
)
