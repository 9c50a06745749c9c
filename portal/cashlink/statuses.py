"""The status codes of an investment, in the order in which they happen. The set is open: others arrive and are kept.

Source: https://docs.cashlink.de, cashlink-api/investments and distributor-api/concepts/investments; the four that end
an investment stand on an older page, distribution-api/concepts/investments.
"""

from __future__ import annotations

KYC_PENDING = "KYC_PENDING"
KYC_INSUFFICIENT = "KYC_INSUFFICIENT"
REVIEW_PENDING = "REVIEW_PENDING"
WAITING_FOR_ACCEPTANCE = "WAITING_FOR_ACCEPTANCE"
ACCEPTED = "ACCEPTED"
PAID = "PAID"
DELIVERED = "DELIVERED"
ABORTION = "ABORTION"
REJECTION = "REJECTION"
CANCELLATION = "CANCELLATION"
PAYMENT_MISSING = "PAYMENT_MISSING"

# Of two changes with the same instant the later one of this table counts.
ORDER = (
    KYC_PENDING,
    KYC_INSUFFICIENT,
    REVIEW_PENDING,
    WAITING_FOR_ACCEPTANCE,
    ACCEPTED,
    PAID,
    DELIVERED,
    ABORTION,
    REJECTION,
    CANCELLATION,
    PAYMENT_MISSING,
)
ENDED = frozenset({ABORTION, REJECTION, CANCELLATION, PAYMENT_MISSING})
# Nothing is expected to follow. A withdrawal after DELIVERED can, so final ones are still asked about now and then.
FINAL = ENDED | {DELIVERED}


def is_known(status: str) -> bool:
    return status in ORDER


def rank(status: str) -> int:
    """Position in `ORDER`, from 1; 0 for a code that is not in it."""
    return ORDER.index(status) + 1 if status in ORDER else 0
