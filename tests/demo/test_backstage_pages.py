"""The pages of Backstage: panel, page, one call in full, commands to copy, the comparison, the button for the loop."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from bs4 import BeautifulSoup

from ..acts import Acts
from ..people import add_user
from ..settings import BOND, WEBHOOK_TOKEN
from ..visitor import words
from ..world import World, wait_until

pytest.importorskip("portal.demo.backstage", reason="the demo has been deleted")

from portal.demo.backstage import source
from portal.demo.backstage.copying import as_curl, as_python
from portal.demo.backstage.record import LOOP, Entry

from .test_backstage_record import invest, recorder_of, signed_in

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def acts(tmp_path: Path) -> Iterator[Acts]:
    """Alice has consented; the loop does not run by itself."""
    with World(tmp_path, demo=True, background=False) as running:
        add_user(running.app, "alice")
        acts = Acts(running)
        acts.import_investor(1)
        recorder_of(running).clear()
        yield acts


@pytest.fixture
def browser(acts: Acts) -> requests.Session:
    browser = signed_in(acts.world, "alice")
    browser.cookies.set("portal_language", "en")
    return browser


def page(acts: Acts, browser: requests.Session, path: str) -> BeautifulSoup:
    answer = browser.get(acts.world.url + path)
    assert answer.status_code == 200
    return BeautifulSoup(answer.text, "html.parser")


def entry_of(acts: Acts, method: str, path: str) -> Entry:
    return next(
        entry
        for entry in recorder_of(acts.world).entries()
        if entry.method == method and re.fullmatch(path, entry.path)
    )


def row(acts: Acts, browser: requests.Session) -> list[str]:
    """The one line of the comparison: portal, API, webhook, and the verdict."""
    (body,) = page(acts, browser, "/backstage").select(".bs-compare tbody")
    verdict = body.select_one(".bs-verdict")
    assert verdict is not None
    return [re.sub(r" (?=\w+_|\d\d:)|_ ", lambda m: m[0].strip(), words(cell)) for cell in body.select("td")] + [
        words(verdict)
    ]


def test_what_happened_is_grouped_by_its_cause_newest_first(acts: Acts, browser: requests.Session) -> None:
    acts.sign(invest(acts.world, browser))
    wait_until(lambda: acts.status(acts.state()["investments"][0]["id"]), what="the webhook")
    acts.run_loop()
    groups = page(acts, browser, "/backstage").select(".bs-group")
    causes = [words(group.select(".bs-cause strong")[0]) for group in groups]
    assert causes == [
        "The loop looks after what is open",
        "Cashlink has news",
        "A person presses “Invest now”",
    ]
    assert "POST /campaigns/…/invest" in words(groups[-1])
    assert "Portal asks Cashlink to create the investment 201 POST /v2/investments/" in words(groups[-1])
    assert "Cashlink tells the portal: KYC_PENDING 204" in words(groups[1])


def test_the_panel_stands_beside_campaign_and_progress_only(acts: Acts, browser: requests.Session) -> None:
    invest(acts.world, browser)
    places = page(acts, browser, "/investments").select('main a[href^="/investments/"]')
    progress = str(places[0]["href"])
    for path, there in ((f"/campaigns/{BOND}", True), (progress, True), ("/", False), ("/account", False)):
        soup = page(acts, browser, path)
        assert bool(soup.select("#backstage")) is there, path
        assert bool(soup.select('link[href*="backstage.css"]')) is there, path
    panel = page(acts, browser, progress).select_one("#backstage")
    assert panel is not None
    assert not panel.has_attr("open")
    assert "Portal asks Cashlink to create the investment" in words(panel)
    browser.cookies.set("backstage", "open")
    panel = page(acts, browser, progress).select_one("#backstage")
    assert panel is not None
    assert panel.has_attr("open")


def test_a_call_in_full_shows_bodies_step_and_the_lines_of_the_source(acts: Acts, browser: requests.Session) -> None:
    invest(acts.world, browser)
    entry = entry_of(acts, "POST", "/v2/investments/")
    soup = page(acts, browser, f"/backstage/{entry.id}")
    text = words(soup.main or soup)
    assert "Step 2 of 3" in text
    assert "integration. start_subscription()" in text
    assert f"X-Idempotency-Key {entry.idempotency_key}" in text
    assert '"start_url": "•••"' in soup.select(f"#bs-{entry.id}-answer")[0].text
    (place,) = soup.select(".bs-place[open]")
    assert words(place.select("summary")[0]) == f"_create_investment() portal/integration.py:{entry.line}"
    (meant,) = place.select(".bs-source__line--meant")
    assert meant.text.strip() == f"{entry.line}        return client().create_investment(body, key)"
    shown = [line.text.rstrip("\n").lstrip("0123456789") for line in place.select(".bs-source__line")]
    lines = (ROOT / "portal" / "integration.py").read_text().splitlines()
    assert shown == lines[entry.line - 8 : entry.line + 7]
    assert browser.get(f"{acts.world.url}/backstage/{entry.id + 1000}").status_code == 404


@pytest.mark.parametrize("file", ["setup_venv.py", "portal/../README.md", "/etc/passwd", "portal/demo/cast.toml", ""])
def test_only_source_of_the_portal_is_shown(file: str) -> None:
    assert source.excerpt(source.Place(file, 1, "f")) == []
    assert source.excerpt(source.Place("portal/integration.py", 1, "f"))


def test_the_fragment_is_sent_only_when_something_has_changed(acts: Acts, browser: requests.Session) -> None:
    url = f"{acts.world.url}/backstage/live"
    first = browser.get(url)
    again = browser.get(url, headers={"If-None-Match": first.headers["ETag"]})
    assert (first.status_code, again.status_code, again.text) == (200, 304, "")
    invest(acts.world, browser)
    changed = browser.get(url, headers={"If-None-Match": first.headers["ETag"]})
    assert changed.status_code == 200
    assert "Portal asks Cashlink to create the investment" in changed.text


def test_portal_api_and_webhook_are_compared(acts: Acts, browser: requests.Session) -> None:
    invest(acts.world, browser)
    assert row(acts, browser) == ["STARTED", "not asked since the start", "none yet", "not known yet"]
    investment = acts.state()["investments"][0]["id"]
    # The webhook is lost: the API knows more than the portal, until the loop has asked.
    acts.arm("delivery", "drop", times=None)
    acts.sign(entry_start_url(acts))
    headers = {"Authorization": f"Bearer {WEBHOOK_TOKEN}"}
    wrong = {"investment_id": investment, "status": "PAID", "changed_at": "2026-01-01T10:00:00Z"}
    assert requests.post(f"{acts.world.url}/webhooks/cashlink", json=wrong, headers=headers).status_code == 204
    assert row(acts, browser)[0::2] == ["PAID", "PAID"]
    acts.loop_until(lambda: acts.status(investment) == "KYC_PENDING", "the loop asks")
    shown = row(acts, browser)
    assert shown[0] == "KYC_PENDING"
    assert shown[1].startswith("KYC_PENDING")
    assert shown[2:] == ["PAID", "differ"]


def entry_start_url(acts: Acts) -> str:
    from portal.database import db
    from portal.models import Investment

    with acts.world.app.app_context():
        return str(db.session.query(Investment).one().start_url)


def test_the_button_runs_what_portal_sync_runs(acts: Acts, browser: requests.Session) -> None:
    invest(acts.world, browser)
    # The webhook makes the investment due.
    acts.sign(entry_start_url(acts))
    wait_until(lambda: acts.state()["counts"]["deliveries_waiting"] == 0, what="the webhook")
    soup = page(acts, browser, "/backstage")
    data = {"csrf_token": soup.select("[name=csrf_token]")[0]["value"], "next": f"/campaigns/{BOND}"}
    answer = browser.post(f"{acts.world.url}/backstage/sync", data=data, allow_redirects=False)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/campaigns/{BOND}")
    assert "rows were due" in page(acts, browser, f"/campaigns/{BOND}").text
    asked = entry_of(acts, "GET", "/v2/investments/.*")
    assert asked.caused_by == "POST /backstage/sync"
    data["next"] = "//evil.example"
    answer = browser.post(f"{acts.world.url}/backstage/sync", data=data, allow_redirects=False)
    assert answer.headers["Location"] == "/backstage"


def test_it_is_there_in_german(acts: Acts, browser: requests.Session) -> None:
    invest(acts.world, browser)
    text = requests.get(f"{acts.world.url}/backstage", headers={"Accept-Language": "de"}).text
    assert "Das Portal lässt Cashlink die Zeichnung anlegen" in text
    assert "Eine Person drückt „Jetzt investieren“" in text


# The commands are run, against the simulator.


def environment(acts: Acts) -> dict[str, str]:
    client = acts.world.app.extensions["cashlink"]
    return {
        **os.environ,
        **acts.world.environ,
        "CASHLINK_TOKEN": client._valid_token(),
        "PORTAL_PUBLIC_URL": acts.world.url,
        "CASHLINK_WEBHOOK_TOKENS": WEBHOOK_TOKEN,
    }


def run(acts: Acts, command: list[str]) -> str:
    answer = subprocess.run(command, env=environment(acts), capture_output=True, text=True, check=False, timeout=30)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


def test_each_command_does_what_was_recorded(acts: Acts, browser: requests.Session) -> None:
    """Sent again under the recorded key, the call creates nothing a second time."""
    acts.sign(invest(acts.world, browser))
    investment = acts.state()["investments"][0]["id"]
    wait_until(lambda: acts.status(investment), what="the webhook")
    acts.run_loop()
    for method, path, answer in (
        ("POST", "/v2/investments/", investment),
        ("GET", f"/v2/investments/{investment}/", investment),
        ("GET", "/api/external-info/", "products"),
        ("POST", "/oauth/token", "access_token"),
    ):
        entry = next(found for found in _entries(acts) if (found.method, found.path) == (method, path))
        assert answer in run(acts, [sys.executable, "-c", as_python(entry)])
        assert answer in run(acts, ["sh", "-c", as_curl(entry)])
    assert len(acts.state()["investments"]) == 1
    webhook = next(entry for entry in _entries(acts) if entry.kind == "webhook")
    assert run(acts, [sys.executable, "-c", as_python(webhook)]).startswith("204")
    assert run(acts, ["sh", "-c", as_curl(webhook)]) == ""


def _entries(acts: Acts) -> list[Entry]:
    """Those of the click, of the loop and of the webhook; and a token, which was fetched before all of them."""
    acts.world.app.extensions["cashlink"]._token_ends = 0
    acts.run_loop()
    return recorder_of(acts.world).entries()


def test_what_was_masked_becomes_a_placeholder(acts: Acts, browser: requests.Session) -> None:
    add_user(acts.world.app, "bob", identified=True)
    acts.import_investor(2)
    entry = entry_of(acts, "POST", "/v2/investors/")
    for command in (as_curl(entry), as_python(entry)):
        assert re.search('"iban": ?"<iban>"', command)
        assert "•" not in command
        assert "CASHLINK_TOKEN" in command
    document = entry_of(acts, "POST", "/v2/documents/")
    assert '--form "file=@protocol.pdf;type=application/pdf"' in as_curl(document)
    compile(as_python(document), "document", "exec")
    assert entry.caused_by != LOOP
