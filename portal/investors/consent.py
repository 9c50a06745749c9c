"""What is passed on to Cashlink, to whom and why, and the words in which a person agrees.

Source: https://docs.cashlink.de, investor-import-api: get the explicit approval before transferring personal data.
"""

from __future__ import annotations

from ..config import settings
from ..language import LANGUAGES, language
from ..language import gettext as _
from ..mail import speaking


def consent_text(chosen: str | None = None) -> str:
    """The sentence that is agreed to and kept with its instant.

    Args:
        chosen: the language in which it was read; that of the request for anything unknown.
    """
    # Production: have counsel confirm the wording, and consent as the basis at all.
    with speaking(_known(chosen)):
        words: str = _(
            "I agree that %(portal)s passes my name, date and place of birth, citizenship, address, phone, email, "
            "identification data, my statements on public offices and on acting for myself, and my tax and bank "
            "details to %(cashlink)s so that Cashlink can prepare my subscription and identify me. I can withdraw this "
            "consent at any time for the future. Then I cannot subscribe through %(portal)s.",
            portal=settings().brand,
            cashlink=settings().company,
        )
    return words


def agreed(chosen: str | None) -> tuple[str, str]:
    """The sentence and its language, as `integration.import_investor` takes them."""
    return consent_text(chosen), _known(chosen)


def _known(chosen: str | None) -> str:
    return chosen if chosen in LANGUAGES else language()


def passed_on(with_identification: bool) -> list[str]:
    """All that is transferred, item by item."""
    items = [*investor_data(), _("email address, and whether it is confirmed")]
    if with_identification:
        items.append(_("data of your identity document and identification, with the protocol"))
    return items


def investor_data() -> list[str]:
    """What the first call carries."""
    return [
        _("name and form of address"),
        _("date and place of birth, citizenship"),
        _("address and phone number"),
        _("tax id and whether there is a non-assessment certificate"),
        _("account holder, IBAN, BIC and bank"),
        _("your statements: acting on your own behalf, prominent public office"),
        _("time of your consent"),
    ]
