"""Email addresses: one person, one account, however the address is typed."""

from __future__ import annotations

import unicodedata

from sqlalchemy import select

from ..database import db
from ..models import User

LONGEST = 254


def normalise(typed: str | None) -> str | None:
    """An address without spaces around it, in NFKC and lower case; None if it is none.

    Whether it exists is shown by the confirmation, not by asking DNS.
    """
    from email_validator import EmailNotValidError, validate_email

    typed = (typed or "").strip()
    # First the length: to normalise takes time in its square where the characters are marks that combine.
    if len(typed) > LONGEST:
        return None
    plain = unicodedata.normalize("NFKC", typed).strip().lower()
    try:
        address: str = validate_email(plain, check_deliverability=False).normalized
    except EmailNotValidError:
        return None
    return address if len(address) <= LONGEST else None


def find_user(address: str | None) -> User | None:
    return db.session.scalars(select(User).where(User.email == address)).first() if address else None
