"""The settings to change for the real API: no code, a table."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from ...cashlink.observation import MASK
from ...config import Settings

MEANINGS = {
    "CASHLINK_API_URL": _l("the base of the API, from your contact at Cashlink"),
    "CASHLINK_CLIENT_ID": _l("your client id, from your contact at Cashlink"),
    "CASHLINK_CLIENT_SECRET": _l("its secret"),
    "CASHLINK_START_URL_HOSTS": _l("the hosts to which Cashlink’s start_url leads"),
    "CASHLINK_INFO_URL": _l("the address of the funding information"),
    "CASHLINK_WEBHOOK_TOKENS": _l("a random token of 32 characters, which you give to Cashlink for its webhooks"),
    "CASHLINK_CAMPAIGNS": _l("for each of your campaign pages the id of the campaign at Cashlink"),
    "CASHLINK_COMPANY": _l("name and address of the recipient of investor data, as the consent states it"),
    "PORTAL_PUBLIC_URL": _l("your portal’s own address, with https"),
    "PORTAL_SECRET_KEY": _l("a random text of 32 characters or more"),
}


@dataclass(frozen=True)
class Change:
    """A variable with its value here, masked where it is secret, and what belongs there."""

    name: str
    here: str
    meaning: LazyString


def changes(settings: Settings) -> list[Change]:
    here = {
        "CASHLINK_API_URL": settings.api_url,
        "CASHLINK_CLIENT_ID": settings.client_id,
        "CASHLINK_START_URL_HOSTS": ", ".join(settings.start_url_hosts),
        "CASHLINK_INFO_URL": settings.info_url,
        "CASHLINK_CAMPAIGNS": ", ".join(f"{mapping.slug}=…" for mapping in settings.campaigns),
        "CASHLINK_COMPANY": settings.company,
        "PORTAL_PUBLIC_URL": settings.public_url,
    }
    return [Change(name, here.get(name, MASK), meaning) for name, meaning in MEANINGS.items()]
