"""Settings: read completely, refused with variable and remedy, and told truly by the README."""

from __future__ import annotations

import random
import re
import secrets
from pathlib import Path

import pytest

from portal.config import DEMO_VALUES, VARIABLES, ConfigurationError, Settings, demo_settings_used, is_guessable

README = Path(__file__).resolve().parents[1] / "README.md"


def test_the_settings_of_the_tests_are_complete(environ: dict[str, str]) -> None:
    settings = Settings.from_environment(environ)
    assert settings.campaigns[0].product_name == "Wärmeanleihe Hollerbrück"
    assert settings.database_url.startswith("sqlite:///")


def test_all_problems_are_named_at_once() -> None:
    with pytest.raises(ConfigurationError) as caught:
        Settings.from_environment({})
    required = [variable.name for variable in VARIABLES if variable.default is None]
    assert [line.partition(":")[0] for line in str(caught.value).splitlines()] == [*required, "CASHLINK_WEBHOOK_TOKENS"]


@pytest.mark.parametrize(
    ("name", "value", "hint"),
    [
        ("CASHLINK_API_URL", "demo.cashlink.de", "scheme"),
        ("CASHLINK_API_URL", "http://demo.cashlink.de/api", "https"),
        ("CASHLINK_API_URL", "https://host:99999999/x", "address"),
        ("CASHLINK_START_URL_HOSTS", "https://demo.cashlink.de", "host names"),
        ("CASHLINK_START_URL_HOSTS", "*.cashlink.de", "wildcards"),
        ("CASHLINK_WEBHOOK_TOKENS", "short", "16 characters"),
        ("CASHLINK_WEBHOOK_TOKENS", ",".join(["a" * 20, "b" * 20, "c" * 20]), "two tokens"),
        ("CASHLINK_CAMPAIGNS", "slug=not-a-uuid=Name", "UUID"),
        ("CASHLINK_CA_FILE", "/does/not/exist.pem", "not there"),
        ("PORTAL_SECRET_KEY", "short", "32 characters"),
        ("PORTAL_SECRET_KEY", "ab" * 20, "can be guessed"),
        ("PORTAL_SECRET_KEY", "change-me-" * 4, "can be guessed"),
        ("PORTAL_SECRET_KEY", "letmein-letmein-letmein-letmein-1", "can be guessed"),
        ("PORTAL_SECRET_KEY", "abcdefghijklmnopqrstuvwxyz0123456789", "can be guessed"),
        ("PORTAL_SECRET_KEY", "111112222233333444445555566666777778888", "can be guessed"),
        ("PORTAL_SECRET_KEY", "secret-of-the-tests", "too short"),
        ("CASHLINK_WEBHOOK_TOKENS", "1234567890123456", "can be guessed"),
        ("CASHLINK_WEBHOOK_CLIENT_SECRET", "short", "too short"),
        ("CASHLINK_WEBHOOK_CLIENT_SECRET", "0" * 40, "can be guessed"),
        ("PORTAL_PUBLIC_URL", "http://portal.example.org", "Use https"),
        ("PORTAL_PUBLIC_URL", "https://portal.example.org/invest", "has a path"),
        ("PORTAL_PUBLIC_URL", "https://portal.example.org?page=1", "has a path"),
        ("PORTAL_PUBLIC_URL", "https://someone@portal.example.org", "has a path"),
        ("PORTAL_MAIL_URL", "mail.example.org", "mail server"),
        ("PORTAL_MAIL_URL", "https://mail.example.org", "mail server"),
        ("PORTAL_SECRET_KEY", "insecure-but-with-many-more-characters-7", "can be guessed"),
        ("CASHLINK_CLIENT_SECRET", "secret", "issued"),
        ("CASHLINK_CLIENT_SECRET", "please-change-me", "issued"),
        ("CASHLINK_CLIENT_SECRET", "Password", "issued"),
        ("PORTAL_DATABASE_URL", "nonsense", "address of a database"),
        ("PORTAL_DATABASE_URL", "sqlite:///", "address of a database"),
        ("PORTAL_DATABASE_URL", "postgres+psycopg://user:secret-of-the-tests@db/portal", "address of a database"),
        ("PORTAL_DATABASE_URL", "postgresql+psycopg://user:secret-of-the-tests@db:no/portal", "address of a database"),
        ("PORTAL_DATABASE_URL", "postgresql+psycopg://user:9@secret-of-the-tests@db/portal", "%40 for @"),
        ("PORTAL_DATABASE_URL", "postgresql+psycopg://user:9/secret-of-the-tests@db/portal", "%2F for /"),
        ("PORTAL_PROXIES", "yes", "number"),
        ("PORTAL_STREAMS", "many", "number"),
        ("PORTAL_BRAND_DIR", "/does/not/exist", "neither brand.css nor logo.svg"),
    ],
)
def test_a_wrong_value_is_named_with_its_remedy(environ: dict[str, str], name: str, value: str, hint: str) -> None:
    with pytest.raises(ConfigurationError, match=hint) as caught:
        Settings.from_environment({**environ, name: value})
    assert str(caught.value).startswith(f"{name}: ")
    assert "secret-of-the-tests" not in str(caught.value)


def test_one_secret_opens_one_door(environ: dict[str, str]) -> None:
    environ["CASHLINK_WEBHOOK_TOKENS"] = environ["PORTAL_SECRET_KEY"]
    with pytest.raises(ConfigurationError, match="used twice"):
        Settings.from_environment(environ)


def test_random_secrets_are_taken(environ: dict[str, str]) -> None:
    for make in (secrets.token_hex, secrets.token_urlsafe):
        for size in (16, 32):
            assert not any(is_guessable(make(size)) for _ in range(200))
    # The shortest that a token may be; always the same ones, since one in a hundred thousand would be refused.
    digits = random.Random(1)
    assert not any(is_guessable("".join(digits.choices("0123456789abcdef", k=16))) for _ in range(2000))


def test_secrets_do_not_stand_in_the_representation(environ: dict[str, str]) -> None:
    told = repr(Settings.from_environment(environ))
    for name in ("CASHLINK_CLIENT_SECRET", "CASHLINK_WEBHOOK_TOKENS", "PORTAL_SECRET_KEY"):
        assert environ[name] not in told


def test_the_demos_settings_are_recognised(environ: dict[str, str]) -> None:
    assert demo_settings_used(environ) == []
    environ["CASHLINK_WEBHOOK_TOKENS"] = "a-good-token-of-mine,demo-webhook-token"
    assert demo_settings_used(environ) == ["CASHLINK_WEBHOOK_TOKENS"]


@pytest.mark.parametrize("name", ["PORTAL_SECRET_KEY_BEFORE", "PORTAL_METRICS_TOKEN", "PORTAL_SECRET_KEY"])
def test_what_the_demo_publishes_is_recognised_wherever_it_stands(environ: dict[str, str], name: str) -> None:
    for published in DEMO_VALUES.values():
        assert demo_settings_used({**environ, name: published}) == [name]


def test_the_readme_tells_each_setting_with_default_and_meaning() -> None:
    table = dict(re.findall(r"^\| `([A-Z_]+)` \| (.*) \|$", README.read_text(), re.MULTILINE))
    for variable in VARIABLES:
        default = "**required**" if variable.default is None else f"`{variable.default}`" if variable.default else "–"
        assert table[variable.name] == f"{default} | {variable.meaning}"


def test_the_readme_tells_the_simulators_settings_too() -> None:
    simulator = pytest.importorskip("portal.simulator.config", reason="the simulator has been deleted")
    table = dict(re.findall(r"^\| `([A-Z_]+)` \| (.*) \|$", README.read_text(), re.MULTILINE))
    for setting in simulator.SETTINGS:
        default = f"`{setting.default}`" if setting.default else "–"
        assert table[setting.name] == f"{default} | {setting.meaning}"
