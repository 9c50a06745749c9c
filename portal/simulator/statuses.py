"""The status machine in one table, with the words for it. Knows neither database nor pages.

The codes are Cashlink's [doc: cashlink-api/investments]; None stands for "not signed yet", for which no code is
documented. Which code follows which is told by the documentation in words only; the table is our reading of them.
"""

from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from .assumptions import AFTER_FAILED_KYC, GIVEN_UP_BEFORE_SIGNING

ENDED = frozenset({"ABORTION", "REJECTION", "CANCELLATION", "PAYMENT_MISSING"})
BEFORE_ACCEPTANCE = ("KYC_PENDING", "KYC_INSUFFICIENT", "REVIEW_PENDING", "WAITING_FOR_ACCEPTANCE")
IDENTIFICATION_OPEN = frozenset({"KYC_PENDING", "KYC_INSUFFICIENT"})

# The states of an identification, as the Studio shows them [doc: cashlink-studio].
IDENT_STARTED, UNDER_REVIEW, MANUAL_REVIEW = "IDENT_STARTED", "UNDER_REVIEW", "MANUAL_REVIEW_REQUIRED"
KYC_REJECTED, KYC_SUCCESS = "REJECTED", "SUCCESS"
# Where an action leaves the identification; the others leave it as it is [assumed].
KYC_AFTER = {"identify": UNDER_REVIEW, "insufficient": IDENT_STARTED, "review": KYC_SUCCESS}
# A rejected identification ends on the issuer's word [doc: cashlink-studio/cancellations].
NOT_AFTER_KYC_REJECTION = frozenset({"identify", "insufficient", "review", "accept"})

# Why something is declined or cancelled, by status; the first one is the default.
REJECT_REASONS = ("no_reason", "compliance", "oversubscribed")
CANCEL_REASONS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(BEFORE_ACCEPTANCE, ("failed_kyc", "withdrawal")),
    "ACCEPTED": ("payment_missing", "withdrawal"),
    "PAID": ("withdrawal",),
    "DELIVERED": ("withdrawal",),
}

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
    **{(status, "reject", reason): "REJECTION" for status in BEFORE_ACCEPTANCE for reason in REJECT_REASONS},
    **{(status, "cancel", "failed_kyc"): AFTER_FAILED_KYC for status in BEFORE_ACCEPTANCE},
    ("ACCEPTED", "cancel", "payment_missing"): "PAYMENT_MISSING",
    **{(status, "cancel", "withdrawal"): "CANCELLATION" for status in CANCEL_REASONS},
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
    "failed_kyc": _l("The identity check has failed"),
    "no_reason": _l("Without a reason"),
    "compliance": _l("The compliance check speaks against it"),
    "oversubscribed": _l("More was subscribed than is available"),
}

KYC_LABELS: dict[str, LazyString] = {
    IDENT_STARTED: _l("Identification started"),
    UNDER_REVIEW: _l("Under review"),
    MANUAL_REVIEW: _l("Manual review required"),
    KYC_REJECTED: _l("Rejected"),
    KYC_SUCCESS: _l("Success"),
}
KYC_TONES = {MANUAL_REVIEW: "warn", KYC_REJECTED: "bad", KYC_SUCCESS: "ok"}

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


def possible_actions(status: str | None, kyc: str | None = None) -> list[str]:
    """The Studio's actions that lead on from this status, in the order of the buttons."""
    found = {action for source, action, _ in TRANSITIONS if source == status}
    if kyc == KYC_REJECTED:
        found -= NOT_AFTER_KYC_REJECTION
    return [action for action in STUDIO_ACTIONS if action in found]


def possible_kyc(status: str | None, kyc: str | None) -> list[str]:
    """To which states the compliance officer can set the identification by hand."""
    wanted = (MANUAL_REVIEW, KYC_REJECTED) if status in BEFORE_ACCEPTANCE and kyc != KYC_REJECTED else ()
    return [state for state in wanted if state != kyc]


def reasons_for(status: str | None, action: str) -> tuple[str, ...]:
    """What may be the reason of an action; the first is the default."""
    if action == "cancel":
        return CANCEL_REASONS.get(status or "", ())
    return REJECT_REASONS if action == "reject" else ()


def next_status(status: str | None, action: str, reason: str | None = None) -> str | None:
    """Where the action leads to, or None when it is impossible from here."""
    reasons = reasons_for(status, action)
    return TRANSITIONS.get((status, action, (reason or reasons[0]) if reasons else None))
