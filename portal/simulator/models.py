"""The simulator's tables. Instants are UTC with microseconds, money is whole cents."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import JSON, DateTime, Dialect, ForeignKey, Index, Text, TypeDecorator, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Instant(TypeDecorator[datetime]):
    """SQLite keeps no time zone: stored as UTC without one, read back with it."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.astimezone(UTC).replace(tzinfo=None) if value else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.replace(tzinfo=UTC) if value else None


class AnyText(TypeDecorator[str]):
    """Text that may hold bytes which are no UTF-8, as surrogates: such a text is stored as its bytes."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> Any:
        if value is None or value.isascii():
            return value
        raw = value.encode("utf-8", "surrogateescape")
        return value if raw.decode("utf-8", "replace") == value else raw

    def process_result_value(self, value: Any, dialect: Dialect) -> str | None:
        return value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else value


class Base(DeclarativeBase):
    """Base of all tables."""


Base.registry.update_type_annotation_map({datetime: Instant, dict[str, Any]: JSON})


db = SQLAlchemy(model_class=Base)


def new_id() -> str:
    return str(uuid4())


class Campaign(Base):
    __tablename__ = "campaign"

    id: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int]
    name: Mapped[str]
    type: Mapped[str]
    issuer: Mapped[str]
    nominal: Mapped[int]
    minimum: Mapped[int]
    maximum: Mapped[int]
    volume: Mapped[int]
    # Declared, not computed: what others are said to have subscribed before the simulator was started.
    base_sum: Mapped[int]
    base_count: Mapped[int]
    payment_days: Mapped[int]
    opens_on: Mapped[date]
    closes_on: Mapped[date]
    seeded_at: Mapped[datetime]
    # Texts in both languages, documents and the latest of the declared subscriptions: see campaigns.toml.
    content: Mapped[dict[str, Any]]


class Investor(Base):
    __tablename__ = "investor"

    number: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(unique=True, default=new_id)
    created_at: Mapped[datetime]
    data: Mapped[dict[str, Any]]
    communication: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    identifications: Mapped[list["Identification"]] = relationship(back_populates="investor")

    @property
    def name(self) -> str:
        person = self.data["natural_person"]
        return f"{person['forename']} {person['surname']}"


class Document(Base):
    """An upload. Its content is not kept: nothing here needs it, and it may be somebody's identity document."""

    __tablename__ = "document"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    created_at: Mapped[datetime]
    name: Mapped[str]
    content_type: Mapped[str]
    size: Mapped[int]
    sha256: Mapped[str]


class Identification(Base):
    __tablename__ = "identification"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    created_at: Mapped[datetime]
    investor_id: Mapped[str] = mapped_column(ForeignKey("investor.id"), index=True)
    document_id: Mapped[str] = mapped_column(ForeignKey("document.id"))
    data: Mapped[dict[str, Any]]
    investor: Mapped[Investor] = relationship(back_populates="identifications")


class Wallet(Base):
    __tablename__ = "wallet"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    created_at: Mapped[datetime]
    investor_id: Mapped[str] = mapped_column(ForeignKey("investor.id"), index=True)
    address: Mapped[str]


class Investment(Base):
    __tablename__ = "investment"

    number: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(unique=True, default=new_id)
    created_at: Mapped[datetime]
    campaign_id: Mapped[str] = mapped_column(ForeignKey("campaign.id"))
    investor_id: Mapped[str] = mapped_column(ForeignKey("investor.id"))
    # How far the investor has come on the hosted pages: the name of the first step that is still to be done.
    step: Mapped[str]
    # None until the signature (or the end before it); afterwards one of the documented codes.
    status: Mapped[str | None]
    units: Mapped[int | None]
    signed_at: Mapped[datetime | None]
    # Set by the acceptance.
    pay_until: Mapped[datetime | None]
    # Set by the signature.
    withdraw_until: Mapped[datetime | None]
    # How the identification stands: one of the Studio's states (statuses.py), None before the signature.
    kyc: Mapped[str | None]
    # What the investor has answered about knowledge and experience.
    answers: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    # Signed elsewhere and told by the API: there are no hosted pages for it.
    imported: Mapped[bool] = mapped_column(default=False)

    campaign: Mapped[Campaign] = relationship(lazy="joined")
    investor: Mapped[Investor] = relationship(lazy="joined")
    changes: Mapped[list["StatusChange"]] = relationship(order_by="StatusChange.id", back_populates="investment")

    __table_args__ = (Index("investment_by_campaign", "campaign_id", "status"),)

    @property
    def amount(self) -> int | None:
        return None if self.units is None else self.units * self.campaign.nominal

    @property
    def reference(self) -> str:
        return f"SIM-{self.number:06d}"


class StartLink(Base):
    """The secret part of a start_url. Kept as it is, for the stored answer of the POST holds it too."""

    __tablename__ = "start_link"

    token: Mapped[str] = mapped_column(primary_key=True)
    investment_id: Mapped[str] = mapped_column(ForeignKey("investment.id"), index=True)
    expires_at: Mapped[datetime]
    # While a link opens once only: the browser that opened it.
    opened_by: Mapped[str | None]


class StatusChange(Base):
    __tablename__ = "status_change"

    id: Mapped[int] = mapped_column(primary_key=True)
    investment_id: Mapped[str] = mapped_column(ForeignKey("investment.id"), index=True)
    status: Mapped[str]
    changed_at: Mapped[datetime]
    # The issuer's or the investor's, for the Studio only: no document shows that a webhook tells of it.
    reason: Mapped[str | None]
    investment: Mapped[Investment] = relationship(back_populates="changes")


class Delivery(Base):
    """A webhook in the queue. It names no foreign key and keeps its body, so that any body can be sent."""

    __tablename__ = "delivery"

    id: Mapped[int] = mapped_column(primary_key=True)
    investment_id: Mapped[str] = mapped_column(index=True)
    body: Mapped[str] = mapped_column(AnyText)
    created_at: Mapped[datetime]
    # None once it was delivered.
    next_try_at: Mapped[datetime | None]
    # Waits for another one instead of an instant.
    held: Mapped[bool] = mapped_column(default=False)
    # The fault that has made it what it is.
    fault: Mapped[str | None]
    # How often it failed since it was last put into the queue; decides the next pause.
    failures: Mapped[int] = mapped_column(default=0)
    attempts: Mapped[list["Attempt"]] = relationship(order_by="Attempt.id", back_populates="delivery")

    __table_args__ = (Index("delivery_waiting", "next_try_at", sqlite_where=text("next_try_at IS NOT NULL")),)


class Attempt(Base):
    __tablename__ = "attempt"

    id: Mapped[int] = mapped_column(primary_key=True)
    delivery_id: Mapped[int] = mapped_column(ForeignKey("delivery.id"), index=True)
    at: Mapped[datetime]
    answer: Mapped[int | None]
    error: Mapped[str | None]
    duration_ms: Mapped[int]
    next_try_at: Mapped[datetime | None]
    delivery: Mapped[Delivery] = relationship(back_populates="attempts")


class AccessToken(Base):
    __tablename__ = "access_token"

    token_hash: Mapped[str] = mapped_column(primary_key=True)
    scope: Mapped[str]
    expires_at: Mapped[datetime]


class StoredAnswer(Base):
    """The answer to an idempotency key; without a status, the request that claimed the key is still running."""

    __tablename__ = "stored_answer"

    key: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[str]
    created_at: Mapped[datetime]
    status: Mapped[int | None]
    body: Mapped[bytes | None]


class ApiCall(Base):
    """One line of the API's log: no bodies, no secrets. The digest tells whether two bodies were the same."""

    __tablename__ = "api_call"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    method: Mapped[str]
    path: Mapped[str]
    # 0 when a fault has left the caller without an answer.
    status: Mapped[int]
    duration_ms: Mapped[int]
    idempotency_key: Mapped[str | None]
    body_digest: Mapped[str | None]
    replayed: Mapped[bool]
    object_id: Mapped[str | None]
    fault: Mapped[str | None]
