"""All that the portal holds about an account, as one file for the person.

Source: Regulation (EU) 2016/679, Art. 15 and 20.
"""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Any

from sqlalchemy import select

from .. import consents, history
from ..database import db
from ..models import EmailToken, Investment, Investor, Mail, User, UserSession, Withdrawal
from . import passed_on


def of(user: User) -> dict[str, Any]:
    """JSON values only; instants in UTC. Hashes of passwords and tokens are left out: they tell the person nothing."""
    sessions = db.session.scalars(select(UserSession).where(UserSession.user_id == user.id)).all()
    # Not one to an address that is still to become the account's: whether it came would tell whether that is known.
    own = (Mail.user_id == user.id, Mail.recipient == user.email)
    mails = db.session.scalars(select(Mail).where(*own).order_by(Mail.id)).all()
    links = db.session.scalars(select(EmailToken).where(EmailToken.user_id == user.id)).all()
    withdrawals = db.session.scalars(select(Withdrawal).where(Withdrawal.user_id == user.id)).all()
    return {
        "account": {
            "email": user.email,
            "email_confirmed_at": _instant(user.email_confirmed_at),
            "language": user.language,
            "created_at": _instant(user.created_at),
        },
        "investor": _investor(user.investor) if user.investor else None,
        "investments": [_investment(row) for row, _newest in history.investments_of(user)],
        "mails": [{"subject": mail.subject, "created_at": _instant(mail.created_at)} for mail in mails],
        "links": [{"email": row.email, "for": row.purpose, "valid_until": _instant(row.expires_at)} for row in links],
        "withdrawals": [_withdrawal(row) for row in withdrawals],
        "sessions": [
            {"browser": row.browser, "began_at": _instant(row.created_at), "seen_at": _instant(row.seen_at)}
            for row in sessions
        ],
    }


def _investor(investor: Investor) -> dict[str, Any]:
    return {
        "id_at_cashlink": investor.cashlink_id,
        "forename": investor.forename,
        "surname": investor.surname,
        "answers": investor.answers,
        "protocol": base64.b64encode(investor.protocol).decode() if investor.protocol else None,
        "consents": [
            {
                "given_at": _instant(consent.given_at),
                "text": consent.text,
                "recipient": consent.recipient,
                "withdrawn_at": _instant(consent.withdrawn_at),
            }
            for consent in consents.of(investor)
        ],
        "passed_on": [
            {"what": call.what, "items": call.items, "at": _instant(call.at), "state": call.state}
            for call in passed_on.read(investor.user)
        ],
        "passed_on_at": _instant(investor.imported_at),
    }


def _withdrawal(row: Withdrawal) -> dict[str, Any]:
    return {
        "name": row.name,
        "contract": row.contract,
        "email": row.email,
        "declared_at": _instant(row.declared_at),
    }


def _investment(row: Investment) -> dict[str, Any]:
    return {
        "campaign": row.campaign,
        "id_at_cashlink": row.cashlink_id,
        "units": row.units,
        "created_at": _instant(row.created_at),
        "changes": [
            {"status": change.status, "changed_at": _instant(change.changed_at), "asked_for": change.polled}
            for change in history.changes(row.cashlink_id)
        ],
    }


def _instant(value: datetime | None) -> str | None:
    return value.isoformat() if value else None
