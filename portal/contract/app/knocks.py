"""Webhooks that the check sends itself: usual ones, odd ones, hostile ones. Sent as Cashlink would send them."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import requests

from ..engine import NotTried
from ..http import new_session, send
from ..texts import Text
from .record import Knock

LIMIT_SECONDS = 5.0
TIMEOUT = (3.05, 10)


@dataclass(frozen=True)
class Target:
    """Where the application receives webhooks, and by what it knows the sender: a token, or its token endpoint."""

    url: str
    token: str = ""
    token_url: str = ""
    client_id: str = ""
    client_secret: str = ""

    @classmethod
    def of_environment(cls, url: str, token: str, oauth: Mapping[str, str] | None) -> Target:
        """With the token; or, given the settings SIMULATOR_WEBHOOK_*, with the application's token endpoint."""
        if oauth is None:
            return cls(url, token)
        names = ("TOKEN_URL", "CLIENT_ID", "CLIENT_SECRET")
        return cls(url, "", *(oauth.get(f"SIMULATOR_WEBHOOK_{name}", "") for name in names))


class Knocker:
    """Sends webhooks to one application."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self._session = new_session()
        self._token = target.token

    def close(self) -> None:
        self._session.close()

    def token(self) -> str:
        if not self._token and self.target.token_url:
            auth = (self.target.client_id, self.target.client_secret)
            data = {"grant_type": "client_credentials"}
            answer = send(self._session, "POST", self.target.token_url, data=data, auth=auth)
            self._token = answer.text("access_token")
            if not self._token:
                seen = f"no token for webhooks ({answer.status})", f"kein Token für Webhooks ({answer.status})"
                raise NotTried(Text(*seen))
        return self._token

    def knock(self, kind: str, body: bytes, authorization: bytes | None = None) -> Knock:
        """Send one; no answer is an answer too. An empty authorization sends none."""
        given = f"Bearer {self.token()}".encode() if authorization is None else authorization
        headers: dict[str, Any] = {"Content-Type": "application/json"}
        if given:
            headers["Authorization"] = given
        started = time.monotonic()
        try:
            status: int | None = send(
                self._session, "POST", self.target.url, headers=headers, data=body, timeout=TIMEOUT
            ).status
        except requests.RequestException:
            status = None
        return Knock(kind, status, time.monotonic() - started)


def knocks(knocker: Knocker, investment_id: str) -> Iterator[Knock]:
    """All that is tried, but the last word about an investment."""
    now = datetime.now(UTC)
    usual = body(investment_id, "KYC_PENDING", now)
    yield knocker.knock("usual", usual)
    for _ in range(3):
        yield knocker.knock("duplicate", usual)
    yield knocker.knock("old", body(investment_id, "KYC_INSUFFICIENT", now - timedelta(days=1)))
    yield knocker.knock("unknown status", body(investment_id, "MOON_PENDING", now - timedelta(hours=1)))
    yield knocker.knock("unknown investment", body(str(uuid.uuid4()), "KYC_PENDING", now))
    yield knocker.knock("unknown kind", b'{"registry_statement_id": "4711", "created_at": "2026-01-01T00:00:00Z"}')
    for wrong in (b"", b"Bearer not-the-token", b"Bearer", b"Basic Og==", "Bearer ä".encode()):
        yield knocker.knock("wrong token", usual, wrong)
    for hostile in hostile_bodies(investment_id, now):
        yield knocker.knock("hostile", hostile)


def body(investment_id: str, status: str, at: datetime) -> bytes:
    return json.dumps({"investment_id": investment_id, "status": status, "changed_at": instant(at)}).encode()


def instant(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def hostile_bodies(investment_id: str, now: datetime) -> list[bytes]:
    """What a sender with a bug, or with a stolen token, might send."""

    def like(**values: Any) -> bytes:
        usual = {"investment_id": investment_id, "status": "DELIVERED", "changed_at": instant(now - timedelta(days=2))}
        return json.dumps(usual | values).encode()

    return [
        b"",
        b"{",
        b"null",
        b"[]",
        b"\xff\xfe{\x80}",
        b"[" * 20_000 + b"]" * 20_000,
        like(status=2**80),
        like(status=None),
        like(status="\ud800"),
        like(status="ACCEPTED\0"),
        like(status="A" * 60_000),
        like(status="A" * 200_000),
        like(investment_id=[investment_id], changed_at=0),
        like(changed_at="tomorrow"),
        like(changed_at="99999-01-01T00:00:00Z"),
        b'{"investment_id": NaN, "status": Infinity, "changed_at": -0}',
    ]
