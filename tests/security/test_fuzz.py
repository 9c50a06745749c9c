"""Whatever is sent to whichever route by whomever, no answer is a 5xx: 1,500 requests, 100,000 in the long form."""

from __future__ import annotations

import random
import re
import sys
from collections import Counter
from contextlib import nullcontext
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient
from sqlalchemy import delete
from urllib3.filepost import encode_multipart_formdata
from werkzeug.routing import Rule

from portal.database import db
from portal.models import Attempt

from ..journey import TYPED
from ..people import ANSWERS, IDENTIFICATION, PASSWORD
from ..settings import BOND, WEBHOOK_TOKEN
from ..test_access import VISITORS, Place, csrf_token

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]

REQUESTS = 100_000 if "--long" in sys.argv else 1_500
# Between two restorations of the database; sessions end and accounts are deleted on the way.
ROUND = 250

ODD = (
    "", " ", "0", "-1", "1e400", "NaN", "null", "true", "9" * 400, "2" * 19, "\x00", "a\x00b", "\u202e", "\ud800",
    "🌾" * 60, "é" * 5000, "a" * 70_000, "'; DROP TABLE user; --", "{{ 7*7 }}", "${7*7}", "%(x)s", "%00", "%ff",
    "../../../etc/passwd",
    "<script>alert(1)</script>", "\r\nX-Injected: 1", "//evil.example", "http://evil.example/", "/\\evil.example",
    "0000-00-00", "9999-12-31", "31.02.2020", "2020-02-30T25:61", "DE00 0000", "+49" + "0" * 40, "[]", "{}", "[" * 3000,
    "²", "١٢٣", "alice@example.org", "bob@example.org", PASSWORD, BOND, WEBHOOK_TOKEN, "de", "en", "y", "costs.pdf",
)  # fmt: skip
FIELDS = (
    *{name for values in (*ANSWERS.values(), IDENTIFICATION) for name in values},
    "email", "password", "new_password", "terms", "next", "number", "units", "language", "consent", "consent_language",
    "identified", "protocol", "birth_day", "birth_month", "birth_year", "grant_type", "client_id", "client_secret",
    "form", "investment_id", "status", "changed_at",
)  # fmt: skip
HEADERS = (
    "Accept-Language", "Authorization", "If-None-Match", "If-Modified-Since", "Range", "Referer", "Origin", "Accept",
    "X-Forwarded-For", "X-Forwarded-Host", "X-HTTP-Method-Override", "Content-Encoding", "Transfer-Encoding", "Expect",
)  # fmt: skip
METHODS = ("GET", "POST", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE", "PATCH", "X")
# What a person would type, by the end of the path.
FORMS: dict[str, dict[str, str]] = {
    **TYPED,
    "register": {"email": "new@example.org", "password": "quiet harbour seven", "terms": "y"},
    "login": {"email": "alice@example.org", "password": PASSWORD},
    "password": {"password": PASSWORD, "new_password": "quiet harbour seven"},
    "forgotten": {"email": "alice@example.org"},
    "invest": {"number": "1"},
    "check": {"consent": "y", "consent_language": "de"},
    "language": {"language": "de"},
    "token": {"grant_type": "client_credentials", "client_id": "a", "client_secret": "b"},
}


class Fuzzer:
    """Makes requests by chance: a known route most of the time, filled with what is right, nearly right, or odd."""

    def __init__(self, place: Place, chance: random.Random) -> None:
        self.place, self.chance = place, chance
        self.rules = list(place.app.url_map.iter_rules())
        self.valid = [*place.names.values(), *ANSWERS, "identification", BOND, "costs.pdf", "portal.css"]
        self.statuses: Counter[int] = Counter()

    def text(self) -> str:
        kind = self.chance.random()
        if kind < 0.35:
            return self.chance.choice(self.valid)
        if kind < 0.8:
            return self.chance.choice(ODD)
        return "".join(chr(self.chance.randrange(0x250)) for _ in range(self.chance.randrange(30)))

    def place_to_go(self) -> tuple[str, str]:
        """Method and path."""
        rule: Rule = self.chance.choice(self.rules)
        known = sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
        method = self.chance.choice(known if self.chance.random() < 0.9 else METHODS)
        if self.chance.random() < 0.05:
            return method, "/" + self.text()
        return method, re.sub(r"<[^>]+>", lambda _: self.text(), rule.rule)

    def body(self, path: str, token: str) -> tuple[Any, str]:
        """Fields of the portal's forms with any values, in all encodings; or something else."""
        typed = FORMS.get(path.rpartition("/")[2], {}) if self.chance.random() < 0.8 else {}
        names = [*typed, *typed, *typed, *FIELDS] if self.chance.random() < 0.5 else [*typed] or FIELDS
        odd = {self.chance.choice(names): self.text() for _ in range(self.chance.choice((0, 0, 1, 2, 8)))}
        fields = list({**typed, **odd}.items())
        if self.chance.random() < 0.85:
            fields.append(("csrf_token", token))
        kind = self.chance.random()
        if kind < 0.6:
            return [(name, value.encode("utf-8", "replace")) for name, value in fields], "form"
        if kind < 0.8:
            file = (
                self.text()[:90].encode("ascii", "replace").decode(),
                self.chance.choice((b"%PDF-1.4", b"\x00" * 99)),
            )
            safe = [(name, value.encode("utf-8", "replace")) for name, value in fields]
            return encode_multipart_formdata([*safe, ("protocol", file)])
        kinds = (
            "application/json",
            "text/plain",
            "application/xml",
            "multipart/form-data",
            "application/x-www-form-urlencoded",
        )
        return self.text().encode("utf-8", "replace"), self.chance.choice(kinds)

    def send(self, client: FlaskClient, token: str) -> tuple[int, str]:
        headers = {}
        for name in self.chance.sample(HEADERS, self.chance.randrange(3)):
            headers[name] = (
                self.text().encode("latin-1", "replace").decode("latin-1").replace("\r", "").replace("\n", "")
            )
        if self.chance.random() < 0.1:
            headers["Authorization"] = f"Bearer {WEBHOOK_TOKEN}"
        method, path = self.place_to_go()
        query = {self.chance.choice(("next", "form", "from", "v")): self.text()} if self.chance.random() < 0.3 else {}
        data, kind = self.body(path, token)
        sent: dict[str, Any] = {"data": _fields(data)} if kind == "form" else {"data": data, "content_type": kind}
        query = {name: value.encode("utf-8", "replace").decode() for name, value in query.items()}
        # Encoded, or the test client would take what follows two slashes for a host.
        address = quote(path.encode("utf-8", "replace"), safe="/%" if path.count("//") == 0 else "%")
        response = client.open(address, method=method, query_string=query, headers=headers, **sent)
        status = response.status_code
        # Streams would go on for ever.
        response.close()
        self.statuses[status] += 1
        return status, f"{method} {address!r} {query} {headers} {str(sent)[:300]}"


def _fields(pairs: list[tuple[str, bytes]]) -> dict[str, list[bytes]]:
    found: dict[str, list[bytes]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found


@pytest.fixture
def place(tmp_path: Path, fast_hashes: None) -> Place:
    return Place(tmp_path, demo=False)


def test_no_request_makes_it_fail(
    place: Place, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    seed = request.config.getoption("seed") or random.SystemRandom().randrange(10**9)
    fuzzer = Fuzzer(place, random.Random(seed))
    failures: list[str] = []
    sent = 0
    while sent < REQUESTS:
        place.restore()
        visitors = [(client, csrf_token(client)) for client in map(place.visitor, VISITORS)]
        for _ in range(min(ROUND, REQUESTS - sent)):
            status, told = fuzzer.send(*fuzzer.chance.choice(visitors))
            sent += 1
            if status >= 500:
                failures.append(f"{status}: {told}")
        with place.app.app_context():
            db.session.execute(delete(Attempt))
            db.session.commit()
    with capsys.disabled() if "--long" in sys.argv else nullcontext():
        print(f"\n{sent} requests, seed {seed}: {dict(sorted(fuzzer.statuses.items()))}")
    assert failures == [], f"seed {seed}: {len(failures)} of {sent}"
    # It came past the first doors: pages, redirects after forms, forms that came back, refusals of all kinds.
    assert {200, 303, 400, 404, 405, 422} <= set(fuzzer.statuses)
