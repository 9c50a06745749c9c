"""What the investor reads after signing, by status: heading, what has happened, what comes next."""

from typing import NamedTuple

from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString


class Text(NamedTuple):
    heading: LazyString
    text: LazyString


NOTHING_LEFT = _l("No contract was concluded and you owe nothing. There is nothing left to do here.")

TEXTS: dict[str, Text] = {
    "KYC_PENDING": Text(
        _l("You have signed"),
        _l("Your subscription is signed. We now need to know for certain who you are."),
    ),
    "KYC_INSUFFICIENT": Text(
        _l("Your identity check is incomplete"),
        _l("Your details do not match your identity document. Correct them and try again. Do not transfer any money."),
    ),
    "REVIEW_PENDING": Text(
        _l("Signed and identified: thank you"),
        _l("Your subscription is being reviewed. Afterwards the issuer decides. You need not do anything now."),
    ),
    "WAITING_FOR_ACCEPTANCE": Text(
        _l("The issuer is deciding"),
        _l("All checks are complete. You find the payment details here once the issuer has accepted."),
    ),
    "ACCEPTED": Text(
        _l("Accepted: please transfer the money"),
        _l("Transfer exactly this amount with exactly this reference. We never send bank details by email."),
    ),
    "PAID": Text(
        _l("Your payment has arrived"),
        _l("Your securities are being credited. You need not do anything now."),
    ),
    "DELIVERED": Text(
        _l("Your securities have been credited"),
        _l("Your subscription is complete. Keep the documents for your records."),
    ),
    "REJECTION": Text(_l("The issuer has declined your subscription"), NOTHING_LEFT),
    "ABORTION": Text(_l("This subscription has ended"), NOTHING_LEFT),
    "CANCELLATION": Text(
        _l("The contract was cancelled"),
        _l("You hold no units from this subscription. The issuer pays back money that has arrived already."),
    ),
    "PAYMENT_MISSING": Text(
        _l("Cancelled because no payment arrived in time"),
        _l("The payment deadline has passed. Please do not transfer any money now."),
    ),
}
