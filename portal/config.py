"""Every setting of the portal: its variable, its default, what it means. A wrong or half configuration stops the start.

Knows nothing of Flask: a command line, a test or another program can read the settings as well.
"""

from __future__ import annotations

import ipaddress
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple, cast
from urllib.parse import urlsplit

from flask import current_app


class ConfigurationError(Exception):
    """One or more settings cannot be used; the text names each variable and its remedy, a line each."""


class CampaignMapping(NamedTuple):
    """Which campaign at Cashlink stands behind one of our campaign files."""

    slug: str
    campaign_id: str
    product_name: str


class Variable(NamedTuple):
    """A row of the table in the README."""

    name: str
    default: str | None
    meaning: str


VARIABLES = (
    Variable("CASHLINK_API_URL", None, "base of the API, e.g. `https://demo.cashlink.de/api/external`"),
    Variable("CASHLINK_CLIENT_ID", None, "client id from your contact person at Cashlink"),
    Variable("CASHLINK_CLIENT_SECRET", None, "its secret"),
    Variable(
        "CASHLINK_START_URL_HOSTS", None, "hosts to which an investor may be redirected, e.g. `demo.cashlink.de`; comma"
    ),
    Variable(
        "CASHLINK_INFO_URL", "", "funding information, e.g. `https://…/api/external-info/`; empty: no funding is shown"
    ),
    Variable(
        "CASHLINK_WEBHOOK_TOKENS",
        "",
        "bearer tokens that webhooks may carry; two at most, comma: old and new. These or the next two are needed",
    ),
    Variable(
        "CASHLINK_WEBHOOK_CLIENT_ID",
        "",
        "client id with which Cashlink fetches a token for its webhooks at /oauth/token",
    ),
    Variable("CASHLINK_WEBHOOK_CLIENT_SECRET", "", "its secret; 16 characters at least"),
    Variable(
        "CASHLINK_CAMPAIGNS", None, "`slug=campaign id=product name`, comma: which campaign file is which campaign"
    ),
    Variable(
        "CASHLINK_COMPANY", None, "name and address of the recipient of investor data, as the consent text states it"
    ),
    Variable("CASHLINK_PROXY", "", "a proxy for calls to Cashlink; the machine's own proxy variables are not used"),
    Variable("CASHLINK_CA_FILE", "", "a PEM file of further certificate authorities, for such a proxy"),
    Variable("PORTAL_DATABASE_URL", "", "`sqlite:///…` or `postgresql+psycopg://…`; empty: SQLite in the data folder"),
    Variable("PORTAL_SECRET_KEY", None, "signs cookies and links; 32 characters at least"),
    Variable("PORTAL_SECRET_KEY_BEFORE", "", "the key before, while it is changed: what it has signed stays valid"),
    Variable("PORTAL_PUBLIC_URL", None, "the portal's address as people see it; https in production"),
    Variable(
        "PORTAL_PROXIES",
        "0",
        "how many reverse proxies stand in front, each adding to X-Forwarded-For; 0: none is believed",
    ),
    Variable("PORTAL_MAIL_URL", "", "`smtp://user:password@host:587?from=name@example.org`, or `smtps://…`"),
    Variable(
        "PORTAL_OPERATOR_EMAIL",
        "",
        "who is mailed each withdrawal from a contract; empty: nobody, see `portal sync --list`",
    ),
    Variable("PORTAL_DATA_DIR", "instance", "folder for SQLite files"),
    Variable("PORTAL_BRAND", "Feldmark", "the name on every page, in mails and documents"),
    Variable(
        "PORTAL_BRAND_DIR",
        "",
        "folder with `brand.css`, `logo.svg` and `fonts/*.woff2`, each if it differs; empty: the portal's own look",
    ),
    Variable("PORTAL_STREAMS", "1000", "open event streams that one process holds before pages poll instead"),
    Variable(
        "PORTAL_METRICS_TOKEN",
        "",
        "bearer token with which Prometheus reads /metrics; 16 characters at least; empty: nothing is counted",
    ),
)

DEMO_VALUES = {
    "CASHLINK_CLIENT_ID": "demo-client",
    "CASHLINK_CLIENT_SECRET": "demo-secret",
    "CASHLINK_WEBHOOK_TOKENS": "demo-webhook-token",
    "CASHLINK_WEBHOOK_CLIENT_ID": "demo-webhook-client",
    "CASHLINK_WEBHOOK_CLIENT_SECRET": "demo-webhook-secret",
    "PORTAL_SECRET_KEY": "demo-secret-key-that-protects-nothing-at-all",
}


@dataclass(frozen=True)
class Settings:
    api_url: str
    client_id: str
    client_secret: str = field(repr=False)
    start_url_hosts: tuple[str, ...]
    info_url: str
    webhook_tokens: tuple[str, ...] = field(repr=False)
    webhook_client_id: str
    webhook_client_secret: str = field(repr=False)
    campaigns: tuple[CampaignMapping, ...]
    company: str
    secret_key: str = field(repr=False)
    secret_key_before: str = field(repr=False)
    public_url: str
    database_url: str = field(repr=False)
    mail_url: str = field(repr=False, default="")
    operator_email: str = ""
    data_dir: Path = Path("instance")
    brand: str = "Feldmark"
    brand_dir: Path | None = None
    streams: int = 1000
    proxies: int = 0
    metrics_token: str = field(repr=False, default="")
    proxy: str = field(repr=False, default="")
    ca_file: str = ""

    @property
    def over_https(self) -> bool:
        """The scheme of the public address decides whether cookies are Secure (works for a demo in a LAN, too)."""
        return self.public_url.startswith("https://")

    def campaign(self, slug: str) -> CampaignMapping | None:
        return next((mapping for mapping in self.campaigns if mapping.slug == slug), None)

    def campaign_by_id(self, campaign_id: str) -> CampaignMapping | None:
        return next((mapping for mapping in self.campaigns if mapping.campaign_id == campaign_id), None)

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Settings:
        """Read and check all settings.

        Raises:
            ConfigurationError: all problems at once.
        """
        settings, problems = cls.read(environ)
        if problems:
            raise ConfigurationError("\n".join(problems))
        return settings

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> tuple[Settings, list[str]]:
        """What can be read, and what is wrong with the rest: a line each, which begins with the variable's name."""
        reader = _Reader(environ)
        data_dir = Path(reader.text("PORTAL_DATA_DIR"))
        settings = cls(
            api_url=reader.url("CASHLINK_API_URL").rstrip("/"),
            client_id=reader.text("CASHLINK_CLIENT_ID"),
            client_secret=reader.issued_secret("CASHLINK_CLIENT_SECRET"),
            start_url_hosts=reader.hosts("CASHLINK_START_URL_HOSTS"),
            info_url=reader.url("CASHLINK_INFO_URL"),
            webhook_tokens=reader.tokens("CASHLINK_WEBHOOK_TOKENS"),
            webhook_client_id=reader.text("CASHLINK_WEBHOOK_CLIENT_ID"),
            webhook_client_secret=reader.secret("CASHLINK_WEBHOOK_CLIENT_SECRET", 16),
            campaigns=reader.campaigns("CASHLINK_CAMPAIGNS"),
            company=reader.text("CASHLINK_COMPANY"),
            secret_key=reader.secret("PORTAL_SECRET_KEY", 32),
            secret_key_before=reader.secret("PORTAL_SECRET_KEY_BEFORE", 32),
            public_url=reader.origin("PORTAL_PUBLIC_URL"),
            database_url=reader.database("PORTAL_DATABASE_URL")
            or f"sqlite:///{(data_dir / 'portal.sqlite3').resolve()}",
            mail_url=reader.mail_server("PORTAL_MAIL_URL"),
            operator_email=reader.email("PORTAL_OPERATOR_EMAIL"),
            data_dir=data_dir,
            brand=reader.text("PORTAL_BRAND"),
            brand_dir=reader.brand_folder("PORTAL_BRAND_DIR"),
            streams=reader.number("PORTAL_STREAMS"),
            proxies=reader.number("PORTAL_PROXIES"),
            metrics_token=reader.token("PORTAL_METRICS_TOKEN"),
            proxy=reader.url("CASHLINK_PROXY"),
            ca_file=reader.file("CASHLINK_CA_FILE"),
        )
        reader.check_webhook_authentication(settings)
        reader.check_secrets_differ(settings)
        return settings, reader.problems


def demo_settings_used(environ: Mapping[str, str]) -> list[str]:
    """The variables that still hold what the demo publishes; `portal serve` refuses to start with any of them."""
    published = set(DEMO_VALUES.values())
    names = (*DEMO_VALUES, "PORTAL_SECRET_KEY_BEFORE", "PORTAL_METRICS_TOKEN")
    return [name for name in names if published & {part.strip() for part in environ.get(name, "").split(",")}]


class _Reader:
    """Reads one variable at a time and gathers what is wrong, so that the operator sees everything at once."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.problems: list[str] = []

    def _wrong(self, name: str, remedy: str) -> None:
        self.problems.append(f"{name}: {remedy}")

    def text(self, name: str) -> str:
        variable = next(variable for variable in VARIABLES if variable.name == name)
        value = self.environ.get(name, "").strip()
        if value:
            return value
        if variable.default is None:
            self._wrong(name, f"is not set. Set it to: {variable.meaning.replace('`', '')}")
        return variable.default or ""

    def url(self, name: str) -> str:
        value = self.text(name)
        if value:
            try:
                parts = urlsplit(value)
                good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
            except ValueError:
                good = False
            if not good:
                self._wrong(name, "is not an address. Write it with scheme and host, like https://host.example/path")
            elif parts.scheme == "http" and not is_local(parts.hostname or ""):
                self._wrong(name, "uses http to a public host. Use https, or keys and personal data travel in the open")
        return value

    def origin(self, name: str) -> str:
        value = self.url(name).rstrip("/")
        if set("/?#@") & set(value.partition("://")[2]):
            self._wrong(name, "has a path or more. Give the portal a host of its own, like https://invest.example.org")
        return value

    def database(self, name: str) -> str:
        """Checked before a driver sees it: of a password that is not quoted it would print a part, as host or port."""
        value = self.text(name)
        try:
            parts = urlsplit(value)
            unquoted = parts.netloc.count("@") > 1 or "@" in parts.path
            server = parts.scheme.partition("+")[0] == "postgresql" and parts.port != 0 and not unquoted
            good = not value or server or (parts.scheme == "sqlite" and len(parts.path) > 1)
        except ValueError:
            good = False
        if not good:
            self._wrong(
                name,
                "is not the address of a database. Write it like sqlite:////srv/portal.sqlite3 or "
                "postgresql+psycopg://user:password@host/name, with %40 for @ and %2F for / within the password",
            )
        return value

    def mail_server(self, name: str) -> str:
        value = self.text(name)
        try:
            parts = urlsplit(value)
            good = not value or (parts.scheme in ("smtp", "smtps") and bool(parts.hostname) and parts.port != 0)
        except ValueError:
            good = False
        if not good:
            self._wrong(name, "is not a mail server. Write it like smtps://user:password@mail.example.org")
        return value

    def hosts(self, name: str) -> tuple[str, ...]:
        found = tuple(part.strip().lower() for part in self.text(name).split(",") if part.strip())
        if any("/" in host or "*" in host or "@" in host for host in found):
            self._wrong(name, "takes host names (with a port where it is not the usual one), no addresses or wildcards")
        return found

    def tokens(self, name: str) -> tuple[str, ...]:
        found = tuple(part.strip() for part in self.text(name).split(",") if part.strip())
        if len(found) > 2:
            self._wrong(name, "takes two tokens at most: the one in use and its successor")
        self._check_tokens(name, found)
        return found

    def token(self, name: str) -> str:
        value = self.text(name)
        self._check_tokens(name, (value,) if value else ())
        return value

    def _check_tokens(self, name: str, found: tuple[str, ...]) -> None:
        if any(len(token) < 16 for token in found):
            self._wrong(name, "has a token below 16 characters. Make a random one of 32")
        elif any(is_guessable(token) for token in found):
            self._wrong(name, "has a token that can be guessed. Make a random one of 32 characters")

    def secret(self, name: str, shortest: int) -> str:
        value = self.text(name)
        if value and len(value) < shortest:
            self._wrong(name, f"is too short. Make a random one of {max(shortest, 32)} characters or more")
        elif value and is_guessable(value):
            self._wrong(
                name, "can be guessed. Make a random one: python3 -c 'import secrets; print(secrets.token_hex(32))'"
            )
        return value

    def issued_secret(self, name: str) -> str:
        """One that Cashlink has made: random, of whatever length; only what nobody was ever given is refused."""
        value = self.text(name)
        if value and (len(value) < 8 or value.lower() == "password" or is_placeholder(value)):
            self._wrong(name, "is not one that Cashlink has issued. Set the one of your account")
        return value

    def check_secrets_differ(self, settings: Settings) -> None:
        """One that leaks must not open another door."""
        found = (settings.secret_key, *settings.webhook_tokens, settings.webhook_client_secret, settings.client_secret)
        further = (settings.secret_key_before, settings.metrics_token)
        given = [secret for secret in (*found, *further) if secret]
        if len(set(given)) < len(given):
            self._wrong("PORTAL_SECRET_KEY", "or another secret is used twice. Make a random one for each")

    def check_webhook_authentication(self, settings: Settings) -> None:
        """Cashlink registers either a bearer token or OAuth client credentials [doc]; one of them must be there."""
        client, secret = settings.webhook_client_id, settings.webhook_client_secret
        if bool(client) != bool(secret):
            self._wrong("CASHLINK_WEBHOOK_CLIENT_SECRET", "goes with CASHLINK_WEBHOOK_CLIENT_ID. Set both, or neither")
        if not settings.webhook_tokens and not client:
            self._wrong("CASHLINK_WEBHOOK_TOKENS", "is not set. Set it to a random token of 32 characters")

    def number(self, name: str) -> int:
        value = self.text(name)
        if not value.isdigit():
            self._wrong(name, "takes a whole number")
            return 0
        return int(value)

    def email(self, name: str) -> str:
        value = self.text(name)
        if value and not re.fullmatch(r"[^@\s]+@[^@\s]+", value):
            self._wrong(name, "is not an email address. Write it like office@example.org")
        return value

    def file(self, name: str) -> str:
        value = self.text(name)
        if value and not Path(value).is_file():
            self._wrong(name, "names a file that is not there. Correct the path or leave it empty")
        return value

    def brand_folder(self, name: str) -> Path | None:
        value = self.text(name)
        if not value:
            return None
        folder = Path(value).resolve()
        if not any((folder / file).exists() for file in ("brand.css", "logo.svg", "fonts")):
            self._wrong(
                name, "names a folder with neither brand.css nor logo.svg nor fonts. Correct it or leave it empty"
            )
        return folder

    def campaigns(self, name: str) -> tuple[CampaignMapping, ...]:
        mappings = []
        for part in self.text(name).split(","):
            if not part.strip():
                continue
            slug, _, rest = part.strip().partition("=")
            campaign_id, _, product_name = rest.partition("=")
            try:
                uuid.UUID(campaign_id)
            except ValueError:
                self._wrong(name, f"has no campaign id (a UUID) behind {slug!r}. Write slug=campaign id=product name")
                continue
            mappings.append(CampaignMapping(slug.strip(), campaign_id.strip(), product_name.strip()))
        return tuple(mappings)


def is_guessable(secret: str) -> bool:
    """Whether a secret that is long enough is nevertheless no random one: few characters, one piece over and over, or
    a run along the alphabet."""
    if is_placeholder(secret):
        return True
    repeats = any(_recurs(secret, period) for period in range(1, len(secret) // 2 + 1))
    neighbours = sum(ord(b) - ord(a) in (0, 1, -1) for a, b in pairwise(secret))
    return repeats or len(set(secret)) < min(8, len(secret) / 4) or neighbours > len(secret) * 2 / 3


def _recurs(secret: str, period: int) -> bool:
    """Whether more than two thirds of it come again so many characters later: of random ones of 16 or more none do."""
    same = sum(first == second for first, second in zip(secret, secret[period:], strict=False))
    return same > (len(secret) - period) * 2 / 3


def is_placeholder(secret: str) -> bool:
    """Whether it is what stands in samples until somebody puts a secret there."""
    return any(word in secret.lower() for word in ("change-me", "changeme", "change_me", "insecure", "your-secret"))


def is_local(host: str) -> bool:
    """Loopback and private hosts, where http is allowed: the simulator, a demo in a LAN."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return False


def settings() -> Settings:
    """The settings of the running application."""
    return cast(Settings, current_app.extensions["settings"])
