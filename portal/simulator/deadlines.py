"""The clock that moves forward without waiting: all stored deadlines come nearer by the time that is skipped.

So a restart in between changes nothing. The instants of what has happened stay as they are, campaigns as well.
"""

from sqlalchemy import func, update

from .models import AccessToken, Delivery, Investment, StartLink, StoredAnswer, db
from .runtime import runtime

# Of a stored answer the age counts.
DEADLINES = (
    (AccessToken, AccessToken.expires_at),
    (StartLink, StartLink.expires_at),
    (StoredAnswer, StoredAnswer.created_at),
    (Delivery, Delivery.next_try_at),
    (Investment, Investment.pay_until),
    (Investment, Investment.withdraw_until),
)
FURTHEST_SECONDS = 366 * 24 * 3600

# As instants are stored; SQLite counts in milliseconds.
STORED_FORM = "%Y-%m-%d %H:%M:%f000"


def forward(seconds: int) -> None:
    """Skip so many seconds, and commit."""
    for table, deadline in DEADLINES:
        nearer = func.strftime(STORED_FORM, deadline, f"-{seconds} seconds")
        db.session.execute(update(table).where(deadline.is_not(None)).values({deadline: nearer}))
    db.session.commit()
    runtime().clock.forwarded_seconds += seconds
    runtime().wake_sender.set()
