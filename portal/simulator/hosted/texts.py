"""What the investor is asked before signing, and reads after it: heading, what has happened, what comes next."""

from typing import NamedTuple

from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from ..models import Investment
from ..statuses import IDENTIFICATION_OPEN, KYC_REJECTED, MANUAL_REVIEW


class Text(NamedTuple):
    heading: LazyString
    text: LazyString


class Choice(NamedTuple):
    value: str
    label: LazyString


class Question(NamedTuple):
    """About knowledge and experience; any choice but the first raises the doubt."""

    name: str
    label: LazyString
    choices: tuple[Choice, ...]
    doubt: LazyString


QUESTIONS = (
    Question(
        "experience",
        _l("How often have you bought bonds or other securities?"),
        (
            Choice("often", _l("Several times")),
            Choice("once", _l("Once or twice")),
            Choice("never", _l("Never")),
        ),
        _l("You have little experience with securities."),
    ),
    Question(
        "knowledge",
        _l("What happens to your money if the issuer becomes insolvent?"),
        (
            Choice("loss", _l("I can lose all of it")),
            Choice("insured", _l("A deposit guarantee pays it back")),
            Choice("unknown", _l("I do not know")),
        ),
        _l("No deposit guarantee protects this investment. You can lose all of your money."),
    ),
    Question(
        "horizon",
        _l("How long can you do without the money?"),
        (
            Choice("term", _l("Until the end of the term")),
            Choice("earlier", _l("I may need it earlier")),
        ),
        _l("The money is tied up until the end of the term. You may not find a buyer before that."),
    ),
)

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

# While the identification is out of the investor's hands, by its state.
KYC_TEXTS: dict[str, Text] = {
    MANUAL_REVIEW: Text(
        _l("Your identification is being checked"),
        _l("A person looks at your data. You need not do anything now, and must not transfer any money."),
    ),
    KYC_REJECTED: Text(
        _l("Your identification has failed"),
        _l("Your identity could not be confirmed, so there will be no contract. Do not transfer any money."),
    ),
}


def text_for(investment: Investment) -> Text:
    if investment.status in IDENTIFICATION_OPEN and investment.kyc in KYC_TEXTS:
        return KYC_TEXTS[investment.kyc or ""]
    return TEXTS[investment.status or ""]
