"""The simulator's settings: variable, default, one-line meaning. A wrong value is refused at the start.

SETTINGS is the one table: the README's table is tested against it, and Settings is filled from it.
"""

import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit


class Setting(NamedTuple):
    name: str
    default: str
    meaning: str


SETTINGS = (
    Setting(
        "SIMULATOR_DATABASE_PATH",
        "instance/simulator.sqlite3",
        "the simulator's SQLite file; with PORTAL_DATA_DIR set, simulator.sqlite3 in that folder; `portal demo` has "
        "demo-simulator.sqlite3 there",
    ),
    Setting("SIMULATOR_PUBLIC_URL", "http://localhost:8001", "where browsers reach the simulator; start_url begins so"),
    Setting("SIMULATOR_CLIENT_ID", "demo-client", "the client id that the token endpoint knows"),
    Setting("SIMULATOR_CLIENT_SECRET", "demo-secret", "the client secret that the token endpoint knows"),
    Setting("SIMULATOR_WEBHOOK_URL", "http://localhost:8000/webhooks/cashlink", "where webhooks are sent to"),
    Setting("SIMULATOR_WEBHOOK_TOKEN", "demo-webhook-token", "the bearer token that webhooks carry"),
    Setting(
        "SIMULATOR_WEBHOOK_TOKEN_URL",
        "http://localhost:8000/oauth/token",
        "where a token for the webhooks is fetched, when they are to be sent with OAuth",
    ),
    Setting("SIMULATOR_WEBHOOK_CLIENT_ID", "demo-webhook-client", "the client id with which that token is fetched"),
    Setting("SIMULATOR_WEBHOOK_CLIENT_SECRET", "demo-webhook-secret", "its secret"),
    Setting("SIMULATOR_RETURN_URL", "http://localhost:8000/investments", "the portal's page that hosted pages link to"),
    Setting("SIMULATOR_PARTNER_NAME", "Feldmark", "the portal's name on the hosted pages"),
    Setting("SIMULATOR_SECRET_KEY", "", "signs the cookie simulator_session; empty: derived from the client secret"),
    Setting("SIMULATOR_STRICT", "1", "1: unknown fields and implausible values in requests are refused; 0: taken"),
)

DEFAULTS = {setting.name: setting.default for setting in SETTINGS}


@dataclass(frozen=True)
class Settings:
    """What SETTINGS says, checked; the comments there are the meaning of each field."""

    database_path: Path = Path(DEFAULTS["SIMULATOR_DATABASE_PATH"])
    public_url: str = DEFAULTS["SIMULATOR_PUBLIC_URL"]
    client_id: str = DEFAULTS["SIMULATOR_CLIENT_ID"]
    client_secret: str = DEFAULTS["SIMULATOR_CLIENT_SECRET"]
    webhook_url: str = DEFAULTS["SIMULATOR_WEBHOOK_URL"]
    webhook_token: str = DEFAULTS["SIMULATOR_WEBHOOK_TOKEN"]
    webhook_token_url: str = DEFAULTS["SIMULATOR_WEBHOOK_TOKEN_URL"]
    webhook_client_id: str = DEFAULTS["SIMULATOR_WEBHOOK_CLIENT_ID"]
    webhook_client_secret: str = DEFAULTS["SIMULATOR_WEBHOOK_CLIENT_SECRET"]
    return_url: str = DEFAULTS["SIMULATOR_RETURN_URL"]
    partner_name: str = DEFAULTS["SIMULATOR_PARTNER_NAME"]
    secret_key: str = DEFAULTS["SIMULATOR_SECRET_KEY"]
    strict: bool = True

    @property
    def over_https(self) -> bool:
        return self.public_url.startswith("https:")

    def cookie_name(self, name: str) -> str:
        """Over TLS with the prefix that keeps other hosts from setting it."""
        return f"__Host-{name}" if self.over_https else name

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> "Settings":
        """Read the variables; raise ValueError with variable and remedy when one is unusable."""
        values = {name: environ.get(name, "").strip() or default for name, default in DEFAULTS.items()}
        if environ.get("PORTAL_DATA_DIR") and not environ.get("SIMULATOR_DATABASE_PATH"):
            values["SIMULATOR_DATABASE_PATH"] = os.path.join(environ["PORTAL_DATA_DIR"], "simulator.sqlite3")
        return cls(
            database_path=Path(values["SIMULATOR_DATABASE_PATH"]),
            public_url=_read(values, "SIMULATOR_PUBLIC_URL", _origin),
            client_id=_read(values, "SIMULATOR_CLIENT_ID", _visible),
            client_secret=_read(values, "SIMULATOR_CLIENT_SECRET", _visible),
            webhook_url=_read(values, "SIMULATOR_WEBHOOK_URL", _url),
            webhook_token=_read(values, "SIMULATOR_WEBHOOK_TOKEN", _visible),
            webhook_token_url=_read(values, "SIMULATOR_WEBHOOK_TOKEN_URL", _url),
            webhook_client_id=_read(values, "SIMULATOR_WEBHOOK_CLIENT_ID", _visible),
            webhook_client_secret=_read(values, "SIMULATOR_WEBHOOK_CLIENT_SECRET", _visible),
            return_url=_read(values, "SIMULATOR_RETURN_URL", _url),
            partner_name=values["SIMULATOR_PARTNER_NAME"],
            secret_key=values["SIMULATOR_SECRET_KEY"],
            strict=_read(values, "SIMULATOR_STRICT", _switch) == "1",
        )

    @property
    def return_origin(self) -> str:
        parts = urlsplit(self.return_url)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def cookie_key(self) -> str:
        """The key that signs the session cookie: the same after a restart, so that open pages stay usable."""
        return self.secret_key or hashlib.sha256(f"simulator_session {self.client_secret}".encode()).hexdigest()


def _read(values: Mapping[str, str], name: str, check: Callable[[str], str]) -> str:
    try:
        return check(values[name])
    except ValueError as error:
        raise ValueError(f"{name} {error}. Set it to a value like {DEFAULTS[name]}") from None


def _url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.fragment:
        raise ValueError("must be an http or https address without user name and fragment")
    if not value.isascii() or any(character.isspace() or character in "\"'<>;," for character in value):
        raise ValueError("must be an address of plain characters")
    return value


def _origin(value: str) -> str:
    value = _url(value).rstrip("/")
    if urlsplit(value).path or urlsplit(value).query:
        raise ValueError("must be an address without a path")
    return value


def _visible(value: str) -> str:
    if not all(33 <= ord(character) <= 126 for character in value):
        raise ValueError("must consist of visible ASCII characters without spaces")
    return value


def _switch(value: str) -> str:
    if value not in ("0", "1"):
        raise ValueError("must be 0 or 1")
    return value
