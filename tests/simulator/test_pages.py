"""What holds for every page: both languages complete, strict headers, the strip, no secrets in the log."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import pytest
import requests
from babel.messages.pofile import read_po
from jinja2 import Environment

from portal.simulator import create_app
from portal.simulator.config import Settings

from .running import Robot, RunningSimulator
from .test_studio import act

pytestmark = pytest.mark.slow

PACKAGE = Path(__file__).parents[2] / "portal" / "simulator"
# The same word in both languages.
SAME = {"IBAN", "Name", "Person", "Status", "Studio", "Webhooks"}


UNSIGNED = ("welcome", "amount", "questions", "documents", "documents/1", "signature")


def every_page(simulator: RunningSimulator) -> list[str]:
    unsigned = simulator.invest()["start_url"]
    Robot(unsigned).walk(until="/signature")
    pages = [f"{unsigned}/{step}" for step in UNSIGNED]
    open_ = simulator.signed()
    pages += [open_["start_url"], open_["start_url"] + "/status", open_["start_url"] + "/withdrawal"]
    accepted = simulator.signed()
    act(simulator, accepted, "identify", "review", "accept")
    pages += [accepted["start_url"], f"{simulator.url}/subscribe/wrong"]
    studio = f"{simulator.url}/studio/"
    return [
        *pages,
        studio,
        f"{studio}investments/{accepted['id']}",
        f"{studio}webhooks",
        f"{studio}faults",
        f"{studio}nothing",
        f"{simulator.url}/reference/",
    ]


def test_german_catalogue_is_complete_and_compiled() -> None:
    folder = PACKAGE / "translations" / "de" / "LC_MESSAGES"
    with (folder / "messages.po").open("rb") as file:
        catalogue = read_po(file, locale="de")
    for message in catalogue:
        strings = message.string if isinstance(message.string, tuple) else (message.string,)
        assert all(strings) or not message.id, message.id
        assert message.id not in strings or message.id in SAME, message.id
        assert not message.fuzzy
    assert (folder / "messages.mo").stat().st_size > 1000


def test_every_message_of_the_templates_is_in_the_catalogue() -> None:
    with (PACKAGE / "translations" / "de" / "LC_MESSAGES" / "messages.po").open("rb") as file:
        known = {message.id if isinstance(message.id, str) else message.id[0] for message in read_po(file)}
    environment = Environment(extensions=["jinja2.ext.i18n"], autoescape=True)
    for template in PACKAGE.glob("templates/**/*.html"):
        for _, _, message in environment.extract_translations(template.read_text(encoding="utf-8")):  # type: ignore[attr-defined]
            assert (message if isinstance(message, str) else message[0]) in known, (template.name, message)


@pytest.mark.parametrize("language", ["de", "en"])
def test_pages_keep_the_policy_and_bear_the_strip(simulator: RunningSimulator, language: str) -> None:
    words = {"de": "Simulator – nicht von Cashlink betrieben", "en": "Simulator – not operated by Cashlink"}
    for url in every_page(simulator):
        robot = Robot(url, language)
        assert words[language] in robot.text, url
        assert robot.page.html is not None
        assert robot.page.html["lang"] == language
        for tag in robot.page.find_all(True):
            assert "style" not in tag.attrs, (url, tag)
            assert not [name for name in tag.attrs if name.startswith("on")], (url, tag)
        assert not [script for script in robot.page.find_all("script") if script.get_text().strip()]
        assert not robot.page.find_all("style")
        headers = robot.response.headers
        policy = headers["Content-Security-Policy"]
        assert "unsafe-inline" not in policy
        assert "form-action 'self' http://localhost:8000" in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["Cross-Origin-Opener-Policy"] == headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert headers["Permissions-Policy"] == "camera=(), geolocation=(), microphone=(), payment=()"
        assert "X-Frame-Options" not in headers
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"


def test_session_cookie_is_out_of_reach_for_scripts(simulator: RunningSimulator) -> None:
    cookie = requests.get(f"{simulator.url}/studio/webhooks", timeout=10).headers.get("Set-Cookie", "")
    assert cookie == ""
    simulator.signed()
    cookie = requests.get(f"{simulator.url}/studio/", timeout=10).headers["Set-Cookie"]
    assert cookie.startswith("simulator_session=")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_every_link_and_asset_of_a_page_answers(simulator: RunningSimulator) -> None:
    for url in every_page(simulator):
        robot = Robot(url)
        for tag in robot.page.find_all(["a", "link", "script"]):
            address = str(tag.get("href") or tag.get("src"))
            if address.startswith(("/", "?")):
                found = requests.get(requests.compat.urljoin(robot.url, address), timeout=10)  # type: ignore[attr-defined]
                assert found.status_code < 400 or url in found.url, (url, address)


def test_no_line_of_the_log_has_a_start_link_or_a_name(
    simulator: RunningSimulator, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        investment = simulator.signed()
        Robot(f"{simulator.url}/studio/")
    token = investment["start_url"].rsplit("/", 1)[1]
    assert "/subscribe/…" in caplog.text
    for secret in (token, "Beispiel", "alice@", "demo-secret"):
        assert secret not in caplog.text


def test_simulator_imports_nothing_of_the_portal() -> None:
    for module in PACKAGE.rglob("*.py"):
        for line in module.read_text(encoding="utf-8").splitlines():
            assert not re.match(r"\s*(from|import) portal\b", line), (module.name, line)


def test_start_page_leads_to_the_studio_and_health_is_told(simulator: RunningSimulator) -> None:
    assert Robot(simulator.url).heading == "Subscriptions"
    assert requests.get(f"{simulator.url}/healthz", timeout=10).text == "ok\n"


@pytest.mark.parametrize(("url", "prefix"), [("https://cashlink.example", "__Host-"), ("http://localhost:8001", "")])
def test_over_tls_no_other_host_can_set_a_cookie(tmp_path: Path, url: str, prefix: str) -> None:
    app = create_app(Settings(database_path=tmp_path / "simulator.sqlite3", public_url=url))
    client = app.test_client()
    cookie = client.get("/studio/?language=de", base_url=url).headers["Set-Cookie"]
    assert cookie.startswith(f"{prefix}simulator_language=de;")
    assert ("Secure" in cookie) is bool(prefix)
    assert 'lang="de"' in client.get("/studio/", base_url=url).text
    assert app.config["SESSION_COOKIE_NAME"] == f"{prefix}simulator_session"
