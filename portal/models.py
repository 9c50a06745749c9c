"""The tables. Unique constraints carry the idempotency: what must not exist twice cannot exist twice.

Whatever is to be created at Cashlink has an `Intent` row, committed before the call. What Cashlink says about an
investment is appended as a `StatusChange`; the current status is read from there and stored nowhere.
"""

# Without `from __future__ import annotations`: SQLAlchemy would evaluate each column's text at each start.
import uuid
from datetime import date, datetime
from typing import Any

from flask_login import UserMixin
from sqlalchemy import JSON, BigInteger, Date, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .database import Instant, Model, now, partial_index


def new_key() -> str:
    """A unique random key.

    Source: https://docs.cashlink.de, cashlink-api/getting-started, "idempotency".
    """
    return str(uuid.uuid4())


class User(UserMixin, Model):
    """A login of this portal. What Cashlink gets to know of the person is an `Investor`."""

    __tablename__ = "user"
    __table_args__ = (
        partial_index("ix_user_deletion", "deletion_asked_at", where="deletion_asked_at IS NOT NULL"),
        partial_index("ix_user_unconfirmed", "created_at", where="email_confirmed_at IS NULL"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    # Normalised (NFKC, lower case): one person, one account, however the address is typed.
    email: Mapped[str] = mapped_column(String(254), unique=True)
    password_hash: Mapped[str] = mapped_column(String(255))
    email_confirmed_at: Mapped[datetime | None] = mapped_column(Instant)
    language: Mapped[str | None] = mapped_column(String(2))
    created_at: Mapped[datetime] = mapped_column(Instant, default=now)
    # Nobody can sign in any more, and the loop deletes the row once no call is open.
    deletion_asked_at: Mapped[datetime | None] = mapped_column(Instant)

    investor: Mapped["Investor | None"] = relationship(back_populates="user")

    # Set at sign-in and by the loader; Flask-Login keeps this in the cookie instead of the user's number.
    session_token: str | None = None
    __allow_unmapped__ = True

    def get_id(self) -> str:
        return self.session_token or ""


class UserSession(Model):
    """A signed-in browser. A row on the server, so that signing out also ends a copied cookie."""

    __tablename__ = "user_session"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(Instant, default=now)
    seen_at: Mapped[datetime] = mapped_column(Instant, default=now)
    # "Firefox, Windows": by it a person recognises the browser. No version and no address is kept.
    browser: Mapped[str | None] = mapped_column(String(60))

    user: Mapped[User] = relationship()


class EmailToken(Model):
    """A link that was mailed: random, kept as a hash, valid once."""

    __tablename__ = "email_token"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    purpose: Mapped[str] = mapped_column(String(20))
    email: Mapped[str] = mapped_column(String(254))
    expires_at: Mapped[datetime] = mapped_column(Instant)
    used_at: Mapped[datetime | None] = mapped_column(Instant)


class Attempt(Model):
    """A try at something that is limited: a failed sign-in, a mail to an address. All processes share the count.

    The key is a keyed hash: neither email nor IP addresses stand here.
    """

    __tablename__ = "attempt"
    __table_args__ = (Index("ix_attempt_key_hash_at", "key_hash", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    key_hash: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(Instant, default=now)


class Mail(Model):
    """A message in the queue. It is written with the change that causes it and sent after the commit."""

    __tablename__ = "mail"
    __table_args__ = (partial_index("ix_mail_due", "next_try_at", where="sent_at IS NULL"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    recipient: Mapped[str] = mapped_column(String(254))
    subject: Mapped[str] = mapped_column(String(200))
    body_text: Mapped[str | None] = mapped_column(Text)
    body_html: Mapped[str | None] = mapped_column(Text)
    language: Mapped[str] = mapped_column(String(2))
    created_at: Mapped[datetime] = mapped_column(Instant, default=now)
    sent_at: Mapped[datetime | None] = mapped_column(Instant)
    next_try_at: Mapped[datetime] = mapped_column(Instant, default=now)
    attempts: Mapped[int] = mapped_column(default=0)


class Investor(Model):
    """The investor data of one account: the answers until they are passed on, afterwards only what greets the person.

    `answers` holds one object per step of the form ("person", "address", …), by the API's field names. It is dropped
    once Cashlink has confirmed the import.
    """

    __tablename__ = "investor"
    __table_args__ = (
        partial_index("ix_investor_importing", "consented_at", where="imported_at IS NULL"),
        partial_index("ix_investor_email_changed", "email_changed_at", where="email_changed_at IS NOT NULL"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), unique=True)
    cashlink_id: Mapped[str | None] = mapped_column(String(64), unique=True)
    forename: Mapped[str | None] = mapped_column(String(100))
    surname: Mapped[str | None] = mapped_column(String(100))
    answers: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    # The protocol of an identification that took place before; passed on as a document, then dropped.
    protocol: Mapped[bytes | None] = mapped_column(LargeBinary)
    protocol_name: Mapped[str | None] = mapped_column(String(200))
    # Of the newest consent, and of its withdrawal; what was agreed to stands in `Consent`.
    consented_at: Mapped[datetime | None] = mapped_column(Instant)
    consent_withdrawn_at: Mapped[datetime | None] = mapped_column(Instant)
    imported_at: Mapped[datetime | None] = mapped_column(Instant)
    # Since when the account has another address than the one that Cashlink was told; empty once the call has its row.
    email_changed_at: Mapped[datetime | None] = mapped_column(Instant)

    user: Mapped[User] = relationship(back_populates="investor")


class Consent(Model):
    """What a person has agreed to, as it was read: the receipt. Kept as long as the account, withdrawn or not."""

    __tablename__ = "consent"

    id: Mapped[int] = mapped_column(primary_key=True)
    investor_id: Mapped[int] = mapped_column(ForeignKey("investor.id", ondelete="CASCADE"), index=True)
    given_at: Mapped[datetime] = mapped_column(Instant)
    text: Mapped[str] = mapped_column(Text)
    recipient: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(String(2))
    withdrawn_at: Mapped[datetime | None] = mapped_column(Instant)


class Investment(Model):
    """One subscription: asked for by "Invest now", continued at Cashlink. Its status stands in `StatusChange`."""

    __tablename__ = "investment"
    __table_args__ = (
        # "Invest now" posts the number that the page showed: a double click, a second tab and Back are the same row.
        UniqueConstraint("user_id", "campaign", "number"),
        partial_index("ix_investment_due", "next_poll_at", where="final_at IS NULL"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"), index=True)
    campaign: Mapped[str] = mapped_column(String(80))
    number: Mapped[int]
    cashlink_id: Mapped[str | None] = mapped_column(String(64), unique=True)
    start_url: Mapped[str | None] = mapped_column(Text)
    units: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(Instant, default=now)
    # An operator has decided that this one ends here (`portal sync --release`), so that a new one may begin.
    released_at: Mapped[datetime | None] = mapped_column(Instant)
    # The status that the person was mailed about last.
    told_status: Mapped[str | None] = mapped_column(String(64))
    # For the loop only, never shown: when to ask Cashlink again, and since when never again.
    next_poll_at: Mapped[datetime] = mapped_column(Instant, default=now)
    final_at: Mapped[datetime | None] = mapped_column(Instant)

    user: Mapped[User | None] = relationship()


class Intent(Model):
    """One thing to be created or changed at Cashlink: key and frozen request body, committed before the call.

    `result` is empty while the answer is unknown. "done": a 2xx with all fields. "refused": a definite no, the data
    may be edited, the next try is a new row with a new key. "parked": a person must look, `portal sync --list`.
    "stopped": the consent is withdrawn; a new one makes the row due again, with the same key and the same bytes.
    """

    __tablename__ = "intent"
    __table_args__ = (
        UniqueConstraint("investor_id", "kind", "revision"),
        UniqueConstraint("investment_id", "kind", "revision"),
        partial_index("ix_intent_due", "next_try_at", where="result IS NULL"),
        partial_index("ix_intent_parked", "created_at", where="result = 'parked'"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    investor_id: Mapped[int | None] = mapped_column(ForeignKey("investor.id", ondelete="CASCADE"))
    investment_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("investment.id", ondelete="CASCADE"))
    revision: Mapped[int] = mapped_column(default=1)
    idempotency_key: Mapped[str] = mapped_column(String(36), unique=True, default=new_key)
    # The bytes as they are sent, so that a repeat is the same request; dropped with the personal data in them.
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
    content_type: Mapped[str] = mapped_column(String(120), default="application/json")
    created_at: Mapped[datetime] = mapped_column(Instant, default=now)
    attempts: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime] = mapped_column(Instant, default=now)
    result: Mapped[str | None] = mapped_column(String(10))
    closed_at: Mapped[datetime | None] = mapped_column(Instant, index=True)
    # Why it is still open, refused or parked: a code of the client's error tree, never Cashlink's text with data in it.
    reason: Mapped[str | None] = mapped_column(String(60))
    field_errors: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    created_id: Mapped[str | None] = mapped_column(String(64))

    investor: Mapped[Investor | None] = relationship()
    investment: Mapped[Investment | None] = relationship()


class StatusChange(Model):
    """What Cashlink said about an investment. Append-only, and without a foreign key: news may overtake our own commit.

    The order of the unique constraint answers "the newest" by the same index.
    """

    __tablename__ = "status_change"
    __table_args__ = (
        UniqueConstraint("investment_id", "changed_at", "status"),
        partial_index("ix_status_change_unchecked", "id", where="checked_at IS NULL"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    # The id at Cashlink, as the webhook calls it.
    investment_id: Mapped[str] = mapped_column(String(64))
    changed_at: Mapped[datetime] = mapped_column(Instant)
    status: Mapped[str] = mapped_column(String(64))
    # Learnt by asking, not by a webhook: the instant is then that of the answer.
    polled: Mapped[bool] = mapped_column(default=False)
    received_at: Mapped[datetime] = mapped_column(Instant, default=now)
    # Set once the loop has asked the API whether this is so.
    checked_at: Mapped[datetime | None] = mapped_column(Instant)


class Withdrawal(Model):
    """A declaration to withdraw from a contract. It stays when the account is deleted: it is evidence of it.

    The id comes from the form that is confirmed, so that a double click is one declaration.
    """

    # Production: delete it once nobody can draw rights from it any more; counsel names the period.
    __tablename__ = "withdrawal"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"), index=True)
    name: Mapped[str] = mapped_column(String(100))
    contract: Mapped[str] = mapped_column(String(200))
    email: Mapped[str] = mapped_column(String(254))
    language: Mapped[str] = mapped_column(String(2))
    declared_at: Mapped[datetime] = mapped_column(Instant, default=now)


class UnreadableWebhook(Model):
    """An authenticated body that could not be understood: kept apart for the operator, once per content, capped."""

    __tablename__ = "unreadable_webhook"

    body_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    body: Mapped[bytes] = mapped_column(LargeBinary)
    reason: Mapped[str] = mapped_column(String(60))
    received_at: Mapped[datetime] = mapped_column(Instant, default=now)


class FundingInformation(Model):
    """The last answer of the funding information API, shared by all processes: one row."""

    __tablename__ = "funding_information"

    id: Mapped[int] = mapped_column(primary_key=True)
    products: Mapped[list[Any]] = mapped_column(JSON)
    answered_at: Mapped[datetime] = mapped_column(Instant)
    next_fetch_at: Mapped[datetime] = mapped_column(Instant)


class FundingDay(Model):
    """What Cashlink said last on a day about the funding of a campaign, since its answer knows no past."""

    __tablename__ = "funding_day"

    campaign: Mapped[str] = mapped_column(String(80), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    cents: Mapped[int] = mapped_column(BigInteger)
    subscriptions: Mapped[int]


class Mark(Model):
    """Facts about this database itself, e.g. that the demo has seeded it."""

    __tablename__ = "mark"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[str] = mapped_column(String(200))
