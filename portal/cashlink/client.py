"""The client: one session, one `request`, headers in one place, errors translated in one place, a method per call.

    client = Client(url, client_id, client_secret)
    with deadline.within(8):
        investor_id = client.create_investor(payloads.encode(data), key)

Knows nothing of Flask or a database. Safe to share between threads.
"""

from __future__ import annotations

import json
import math
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote, urlsplit

from . import deadline
from .errors import Denied, InProgress, NotFound, Parked, Refused, Unknown, flatten
from .observation import Exchange, Observer, masked

if TYPE_CHECKING:
    from .transport import Transport

SCOPE = "investors:write investors:read investments:write investments:read documents:write"

CALL_DEADLINE = 8.0  # seconds, where the caller sets none
MAX_RETRY_AFTER = 900.0  # seconds
TOKEN_LIFETIME = 300.0  # seconds, where `expires_in` is missing or absurd
MAX_TOKEN_LIFETIME = 3600.0  # seconds
TOKEN_LEEWAY = 10.0  # seconds before its end in which a token is no longer used


class Answer(NamedTuple):
    """A 2xx. `answered_at` is Cashlink's clock at the start of the call, or None without a usable Date header."""

    data: dict[str, Any]
    answered_at: datetime | None


class CreatedInvestment(NamedTuple):
    id: str
    start_url: str


class FetchedInvestment(NamedTuple):
    """An investment as the API tells it now. `status` is None before the signature [assumed]."""

    status: str | None
    units: int | None
    start_url: str | None
    answered_at: datetime | None


class Client:
    """Access to the API of one account.

    Args:
        url: base of the API, without the slash at the end.
        proxy, ca_file: for companies that need them; the machine's own proxy variables and netrc are not trusted.
        observer: is told of each exchange, masked.
    """

    def __init__(
        self,
        url: str,
        client_id: str,
        client_secret: str,
        *,
        scope: str = SCOPE,
        proxy: str = "",
        ca_file: str = "",
        observer: Observer | None = None,
    ) -> None:
        self.url = url
        self.observer = observer
        self._credentials = {
            "grant_type": "client_credentials",
            "scope": scope,
            "client_id": client_id,
            "client_secret": client_secret,
        }
        self._route = {"proxy": proxy, "ca_file": ca_file}
        self._token_lock = threading.Lock()
        self._token = ""
        self._token_ends = -math.inf
        # How many requests in a row had no usable answer: a loop can tell thereby that Cashlink is away.
        self.unanswered = 0

    @cached_property
    def _transport(self) -> Transport:
        # With the first call: requests and what it brings would be a tenth of a cold start.
        from .transport import Transport

        return Transport(**self._route)

    # The calls of the three steps.

    def create_document(self, body: bytes, content_type: str, key: str) -> str:
        """Upload a document, e.g. the protocol of an identification; its id goes into other requests."""
        return _text(self._call("POST", "/v2/documents/", body, key, content_type).data, "id")

    def create_investor(self, body: bytes, key: str) -> str:
        """Create the investor (`payloads.InvestorData`). The API knows no uniqueness: keep the id with the account.

        Raises:
            Refused, Unknown, Parked: see `errors`. So do all calls.
        """
        return _text(self._call("POST", "/v2/investors/", body, key).data, "id")

    def create_identification(self, investor_id: str, body: bytes, key: str) -> str:
        """Tell of an identification that took place before (`payloads.IdentificationData`)."""
        return _text(self._call("POST", f"/v2/investors/{_id(investor_id)}/identifications/", body, key).data, "id")

    def update_communication(self, investor_id: str, body: bytes, key: str) -> None:
        """Add the email address, with which Cashlink fills in its welcome screen."""
        self._call("PATCH", f"/v2/investors/{_id(investor_id)}/", body, key)

    def create_investment(self, body: bytes, key: str) -> CreatedInvestment:
        """Start a web-based subscription (`payloads.SubscriptionData`); the investor goes on at `start_url`."""
        data = self._call("POST", "/v2/investments/", body, key).data
        return CreatedInvestment(_text(data, "id"), _text(data, "start_url"))

    # What is asked to catch up.

    def fetch_investor(self, investor_id: str) -> dict[str, Any]:
        return self._call("GET", f"/v2/investors/{_id(investor_id)}/").data

    def fetch_investment(self, investment_id: str) -> FetchedInvestment:
        answer = self._call("GET", f"/v2/investments/{_id(investment_id)}/")
        status, units, start_url = (answer.data.get(name) for name in ("status", "units", "start_url"))
        if status is not None and not (isinstance(status, str) and 0 < len(status) <= 64):
            raise Unknown("unreadable-status")
        return FetchedInvestment(
            status=status,
            units=units if isinstance(units, int) and not isinstance(units, bool) and 0 <= units < 2**31 else None,
            start_url=start_url if isinstance(start_url, str) and start_url else None,
            answered_at=answer.answered_at,
        )

    def fetch_funding_information(self, url: str) -> list[Any]:
        """The products with their funding; this API takes no token.

        Source: https://docs.cashlink.de, more-information/platform-information-api.
        """
        with deadline.within(CALL_DEADLINE):
            products = self._send("GET", url, {}, None).data.get("products")
        if not isinstance(products, list):
            raise Unknown("unreadable-answer")
        return products

    # How a call is made.

    def _call(
        self, method: str, path: str, body: bytes | None = None, key: str | None = None, content_type: str = ""
    ) -> Answer:
        """One call with a token; after a 401 one new token and the same call once more, with the same key."""
        headers = {"Content-Type": content_type or "application/json"} if body is not None else {}
        if key:
            headers["X-Idempotency-Key"] = key
        with deadline.within(CALL_DEADLINE):
            token = self._valid_token()
            try:
                return self._send(method, self.url + path, headers | {"Authorization": f"Bearer {token}"}, body)
            except Denied as error:
                if error.reason != "http-401":
                    raise
                token = self._valid_token(instead_of=token)
                return self._send(method, self.url + path, headers | {"Authorization": f"Bearer {token}"}, body)

    def _valid_token(self, instead_of: str | None = None) -> str:
        """The token in use, or a new one. Of several threads with an old token only one asks for a new one."""
        if not self._token_lock.acquire(timeout=max(min(deadline.left(), CALL_DEADLINE), 0)):
            raise Unknown("token-timeout")
        try:
            if self._token == instead_of or time.monotonic() >= self._token_ends:
                self._fetch_token()
            return self._token
        finally:
            self._token_lock.release()

    def _fetch_token(self) -> None:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        body = "&".join(f"{name}={quote(value, safe='')}" for name, value in self._credentials.items())
        try:
            data = self._send("POST", f"{self.url}/oauth/token", headers, body.encode()).data
        except (Refused, Parked, Denied) as error:
            raise Denied(f"token-{error.reason}") from error
        lifetime = data.get("expires_in")
        if isinstance(lifetime, bool) or not isinstance(lifetime, int | float) or not 0 < lifetime < math.inf:
            lifetime = TOKEN_LIFETIME
        self._token = _text(data, "access_token")
        lifetime = min(lifetime, MAX_TOKEN_LIFETIME)
        self._token_ends = time.monotonic() + lifetime - min(TOKEN_LEEWAY, lifetime / 2)

    def _send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        """Send one request and translate what comes back; the only place that does."""
        started = time.monotonic()
        status: int | None = None
        content = b""
        error: str | None = None
        try:
            status, answer_headers, content = self._transport.exchange(method, url, headers, body)
            data = _data(status, content, answer_headers)
            self.unanswered = 0
            return Answer(data, _answered_at(answer_headers, time.monotonic() - started))
        except OSError as cause:
            error = "timeout" if isinstance(cause, TimeoutError) else "no-answer"
            self.unanswered += 1
            raise Unknown(error) from None
        except (Refused, Unknown, Parked) as verdict:
            error = verdict.reason
            answered = isinstance(verdict, Refused | Parked | Denied | InProgress)
            self.unanswered = 0 if answered else self.unanswered + 1
            raise
        finally:
            if self.observer:
                self.observer(
                    Exchange(
                        method=method,
                        path=urlsplit(url).path,
                        status=status,
                        milliseconds=(time.monotonic() - started) * 1000,
                        idempotency_key=headers.get("X-Idempotency-Key"),
                        request=masked(body),
                        answer=masked(content),
                        error=error,
                    )
                )


def _data(status: int, content: bytes, headers: Mapping[str, str]) -> dict[str, Any]:
    """The one place that classifies answers: the data of a 2xx, or the error that says what to do."""
    data = _json_object(content)
    if 200 <= status < 300:
        if data is None:
            raise Unknown("unreadable-answer")
        return data
    reason = f"http-{status}"
    if status in (401, 403):
        raise Denied(reason)
    if status == 404:
        raise NotFound(reason)
    if status == 409:
        raise InProgress(reason, _retry_after(headers))
    if status == 429 or status in (408, 425) or not 400 <= status < 500:
        raise Unknown(reason, _retry_after(headers))
    if data is not None and status in (400, 413, 415, 422):
        field_errors = {name: messages for name, messages in flatten(data).items() if name != "detail"}
        # A 422 that names no field speaks of the key itself ("used with another body"): a bug of ours, no retry helps.
        if status != 422 or field_errors:
            raise Refused(reason, field_errors)
    if data is None and status == 400:
        raise Unknown(reason)
    raise Parked(reason)


def _json_object(content: bytes) -> dict[str, Any] | None:
    try:
        data = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None


def _text(data: Mapping[str, Any], name: str) -> str:
    """A required text of a 2xx; without it the answer is not a success."""
    value = data.get(name)
    if isinstance(value, str) and value:
        return value
    raise Unknown(f"missing-{name.replace('_', '-')}")


def _id(value: str) -> str:
    return quote(value, safe="")


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds, from a number or a date; None for garbage."""
    value = headers.get("Retry-After", "").strip()
    if value.isdigit() and value.isascii():
        return min(float(value[:12]), MAX_RETRY_AFTER)
    moment = _http_date(value)
    if moment is None:
        return None
    return min(max((moment - datetime.now(UTC)).total_seconds(), 0.0), MAX_RETRY_AFTER)


def _answered_at(headers: Mapping[str, str], duration: float) -> datetime | None:
    """Cashlink's clock when the call began: what the answer tells was so at that moment at the latest.

    Args:
        duration: of the call, in seconds.
    """
    moment = _http_date(headers.get("Date", ""))
    return moment and (moment - timedelta(seconds=duration)).replace(microsecond=0)


def _http_date(value: str) -> datetime | None:
    parse: Callable[[str], datetime] = parsedate_to_datetime
    try:
        moment = parse(value)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
