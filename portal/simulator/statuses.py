"""The status machine in one table, with the words for it. Knows neither database nor pages.

The codes are Cashlink's [doc: cashlink-api/investments]; None stands for "not signed yet", for which no code is
documented. Which code follows which is told by the documentation in words only; the table is our reading of them.
"""

from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from .assumptions import GIVEN_UP_BEFORE_SIGNING

ENDED = frozenset({"ABORTION", "REJECTION", "CANCELLATION", "PAYMENT_MISSING"})
BEFORE_ACCEPTANCE = ("KYC_PENDING", "KYC_INSUFFICIENT", "REVIEW_PENDING", "WAITING_FOR_ACCEPTANCE")
IDENTIFICATION_OPEN = frozenset({"KYC_PENDING", "KYC_INSUFFICIENT"})

# Why something is cancelled, where there is a choice; the first one is the default.
CANCEL_REASONS: dict[str, tuple[str, ...]] = {"ACCEPTED": ("payment_missing", "withdrawal")}

# (status, action, reason) -> new status. The order of the actions is the order of the Studio's buttons.
TRANSITIONS: dict[tuple[str | None, str, str | None], str] = {
    ("KYC_PENDING", "identify", None): "REVIEW_PENDING",
    ("KYC_INSUFFICIENT", "identify", None): "REVIEW_PENDING",
    ("REVIEW_PENDING", "review", None): "WAITING_FOR_ACCEPTANCE",
    ("WAITING_FOR_ACCEPTANCE", "accept", None): "ACCEPTED",
    ("ACCEPTED", "pay", None): "PAID",
    ("PAID", "deliver", None): "DELIVERED",
    ("KYC_PENDING", "insufficient", None): "KYC_INSUFFICIENT",
    ("REVIEW_PENDING", "insufficient", None): "KYC_INSUFFICIENT",
    **{(status, "reject", None): "REJECTION" for status in BEFORE_ACCEPTANCE},
    **{(status, "cancel", None): "ABORTION" for status in BEFORE_ACCEPTANCE},
    ("ACCEPTED", "cancel", "payment_missing"): "PAYMENT_MISSING",
    ("ACCEPTED", "cancel", "withdrawal"): "CANCELLATION",
    ("PAID", "cancel", None): "CANCELLATION",
    ("DELIVERED", "cancel", None): "CANCELLATION",
    # What only the investor can do, on the hosted pages.
    (None, "give_up", None): GIVEN_UP_BEFORE_SIGNING,
}

STUDIO_ACTIONS: dict[str, LazyString] = {
    "identify": _l("Identity confirmed"),
    "review": _l("Review passed"),
    "accept": _l("Accept"),
    "pay": _l("Mark as paid"),
    "deliver": _l("Credit securities"),
    "insufficient": _l("Incomplete"),
    "reject": _l("Decline"),
    "cancel": _l("Cancel subscription"),
}

REASON_LABELS: dict[str, LazyString] = {
    "payment_missing": _l("No payment arrived in time"),
    "withdrawal": _l("The investor has withdrawn from the contract"),
}

STATUS_LABELS: dict[str | None, LazyString] = {
    None: _l("Not signed yet"),
    "KYC_PENDING": _l("Identity check open"),
    "KYC_INSUFFICIENT": _l("Identity check incomplete"),
    "REVIEW_PENDING": _l("In review"),
    "WAITING_FOR_ACCEPTANCE": _l("Waiting for acceptance"),
    "ACCEPTED": _l("Accepted – payment due"),
    "PAID": _l("Payment received"),
    "DELIVERED": _l("Completed"),
    "REJECTION": _l("Declined by the issuer"),
    "ABORTION": _l("Ended before acceptance"),
    "CANCELLATION": _l("Cancelled"),
    "PAYMENT_MISSING": _l("Cancelled: payment missing"),
}

# The colour of the tag; the words beside it say the same.
TONES: dict[str | None, str] = {
    "KYC_PENDING": "warn",
    "KYC_INSUFFICIENT": "bad",
    "REVIEW_PENDING": "info",
    "WAITING_FOR_ACCEPTANCE": "warn",
    "ACCEPTED": "warn",
    "PAID": "info",
    "DELIVERED": "ok",
    **dict.fromkeys(ENDED, "bad"),
}


def possible_actions(status: str | None) -> list[str]:
    """The Studio's actions that lead on from this status, in the order of the buttons."""
    found = {action for source, action, _ in TRANSITIONS if source == status}
    return [action for action in STUDIO_ACTIONS if action in found]


def next_status(status: str | None, action: str, reason: str | None = None) -> str | None:
    """Where the action leads to, or None when it is impossible from here."""
    if action == "cancel":
        reasons = CANCEL_REASONS.get(status or "")
        reason = (reason or reasons[0]) if reasons else None
    else:
        reason = None
    return TRANSITIONS.get((status, action, reason))
