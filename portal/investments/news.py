"""A mail for each change of status, in the words of the page. Cashlink has been asked before whether it is so: nothing
is signed, and a wrong webhook must not write to anybody.
"""

from __future__ import annotations

from .. import mail
from ..models import Investment, StatusChange
from . import texts
from .facts import campaign_facts


def tell(investment: Investment, change: StatusChange | None) -> None:
    """Queue the mail, once for each status; the caller commits."""
    user = investment.user
    if user is None or change is None or change.status == investment.told_status:
        return
    investment.told_status = change.status
    language = user.language or "de"
    with mail.speaking(language):
        row = texts.TEXTS.get(change.status, texts.UNKNOWN)
        facts = campaign_facts(investment.campaign)
        holding = facts.holding(investment.units)
        mail.queue(
            user,
            "status",
            language,
            campaign=facts.name,
            label=str(row.label),
            banner=texts.say(row.banner, holding),
            text=texts.say(row.text, holding),
            do=str(row.do),
            next=texts.say(row.next, holding),
            link=mail.link("investments.progress", investment_id=str(investment.id)),
        )
