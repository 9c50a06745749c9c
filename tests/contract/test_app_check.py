"""`portal check --app`: our portal keeps all rules, each planted bug breaks its own, and a small application in another
language is brought from failing to passing by what the page says."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from xml.etree import ElementTree

import pytest
import requests
from click.testing import CliRunner, Result

from portal.cli import main
from portal.contract.app.knocks import Target
from portal.contract.app.run import check_app
from portal.contract.rules import rules

from ..simulator.running import BOND, CREDENTIALS, Receiver, RunningSimulator
from ..world import World, free_port, wait_until
from .own_portal import check

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
NODE = shutil.which("node")
TOKEN = "token-of-the-small-application"
needs_node = pytest.mark.skipif(NODE is None, reason="node is not installed")

# What each mistake of the small application breaks.
MISTAKES = {
    "no-key": {"app-key", "app-same-key", "app-outage", "app-new-token", "app-no-redirect", "app-one-investor"}
    | {"app-one-investment"},
    "new-key": {"app-same-key", "app-no-redirect", "app-one-investor", "app-one-investment"},
    "new-body": {"app-same-key", "app-no-redirect"},
    "give-up": {"app-outage"},
    "old-token": {"app-new-token"},
    "two-clicks": {"app-one-investment"},
    "follow": {"app-no-redirect"},
    "any-host": {"app-start-url"},
    "busy": {"app-webhook"},
    "conflict": {"app-webhook-repeats"},
    "closed": {"app-webhook-unknown"},
    "open": {"app-webhook-token"},
    "trusting": {"app-webhook-hostile"},
    "silent": {"app-asks"},
}


def test_our_own_portal_keeps_every_rule(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    # The jitter at its shortest.
    monkeypatch.setattr("portal.intents.random.uniform", lambda shortest, longest: shortest)
    report = check(world, patience=30)
    assert {v.rule.id: v.finding.seen.en for v in report.verdicts if v.finding.state != "ok"} == {}
    assert len(report.verdicts) == len(rules("app"))
    assert report.exit_code == 0


def test_webhooks_are_tried_with_a_token_of_the_applications_own_endpoint(tmp_path: Path) -> None:
    client = {"CASHLINK_WEBHOOK_CLIENT_ID": "cashlink", "CASHLINK_WEBHOOK_CLIENT_SECRET": "secret-of-16-letters"}
    with World(tmp_path, background=False, CASHLINK_WEBHOOK_TOKENS="", **client) as world:
        target = Target(f"{world.url}/webhooks/cashlink", "", f"{world.url}/oauth/token", *client.values())
        report = check_app(target, world.simulator_url, lambda plan: None, plans=())
        states = {verdict.rule.id: verdict.finding.state for verdict in report.verdicts}
    webhooks = {name: state for name, state in states.items() if name.startswith("app-webhook")}
    assert len(webhooks) == 5
    assert set(webhooks.values()) == {"ok"}
    assert {state for name, state in states.items() if name not in webhooks} == {"unknown"}, "nobody has subscribed"


def test_by_hand_each_round_says_what_to_do(simulator: RunningSimulator, receiver: Receiver) -> None:
    arguments = ["check", "--app", receiver.url, "--control", simulator.url, "--patience", "0.1", "--language", "de"]
    result = CliRunner().invoke(main, [*arguments, "--round", "calm", "--round", "redirect"], input="\n\n")
    assert "Runde calm: Zeichnen Sie mit einer neuen Person" in result.output
    assert "Runde redirect" in result.output
    assert "Drücken Sie die Eingabetaste" in result.output
    # This one lets everybody in.
    assert result.exit_code == 1
    assert "Ein Webhook ohne das richtige Token wird mit 401 beantwortet: ein falsches Token: 204" in result.output
    assert simulator.control("GET", "faults") == []


def test_what_cannot_be_tried_is_said_at_once(simulator: RunningSimulator) -> None:
    arguments = ["check", "--app", "http://localhost:9/webhook"]
    nowhere = CliRunner().invoke(main, [*arguments, "--control", "http://localhost:9"])
    assert nowhere.exit_code == 1
    assert "Start one: portal simulator" in nowhere.output
    wrong = CliRunner().invoke(main, [*arguments, "--control", simulator.url, "--round", "third"])
    assert wrong.exit_code == 2
    assert "No such round: third" in wrong.output
    neither = CliRunner().invoke(main, ["check"])
    assert neither.exit_code == 2


@contextmanager
def small_application(folder: Path, simulator: RunningSimulator, wrong: str = "") -> Iterator[str]:
    """The application of node/app.mjs with these mistakes; its address."""
    port = free_port()
    environ = {
        **os.environ,
        "API_URL": f"{simulator.url}/api/external",
        "CLIENT_ID": CREDENTIALS["client_id"],
        "CLIENT_SECRET": CREDENTIALS["client_secret"],
        "CAMPAIGN_ID": BOND,
        "WEBHOOK_TOKEN": TOKEN,
        "START_URL_HOSTS": simulator.url.removeprefix("http://"),
        "STATE_FILE": str(folder / "state.json"),
        "PORT": str(port),
        "WRONG": wrong,
    }
    process = subprocess.Popen([NODE or "node", str(HERE / "node" / "app.mjs")], env=environ, stderr=subprocess.DEVNULL)
    try:
        url = f"http://127.0.0.1:{port}"
        wait_until(lambda: answers(url), 20, "an answer of the small application")
        yield url
    finally:
        process.kill()
        process.wait(10)


def answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=2).status_code == 404
    except requests.RequestException:
        return False


def self_check(folder: Path, simulator: RunningSimulator, wrong: str = "", patience: float = 10) -> Result:
    with small_application(folder, simulator, wrong) as url:
        script = f"{sys.executable} {HERE / 'node' / 'subscribe.py'} {url}"
        arguments = ["check", "--app", f"{url}/webhook", "--control", simulator.url, "--webhook-token", TOKEN]
        arguments += ["--script", script, "--patience", str(patience), "--language", "en"]
        for kind in ("html", "json", "junit"):
            arguments += [f"--{kind}", str(folder / f"report.{kind}")]
        return CliRunner().invoke(main, arguments)


def failures(folder: Path) -> set[str]:
    report = json.loads((folder / "report.json").read_text())
    return {row["id"] for row in report["rules"] if row["state"] == "failed"}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Answers each webhook with 204."""
    running = Receiver()
    yield running
    running.close()


@pytest.fixture
def simulator(tmp_path: Path) -> Iterator[RunningSimulator]:
    running = RunningSimulator(tmp_path / "simulator.sqlite3")
    running.start_sender()
    yield running
    running.close()


@needs_node
def test_an_application_in_another_language_fails_every_rule_and_is_told_why(
    tmp_path: Path, simulator: RunningSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    # For the test's sake "too slow" is less here than the five seconds.
    monkeypatch.setattr("portal.contract.app.receiver.LIMIT_SECONDS", 0.3)
    monkeypatch.setenv("BUSY_MILLISECONDS", "400")
    result = self_check(tmp_path, simulator, "all", patience=0.5)
    assert result.exit_code == 1, result.output
    assert failures(tmp_path) == {rule.id for rule in rules("app")}, result.output
    page = (tmp_path / "report.html").read_text()
    assert "<script" not in page
    for rule in rules("app"):
        for text in (rule.sentence.en, rule.why.en, *rule.places()):
            assert text.split("“")[0].split("'")[0] in page
    suite = ElementTree.parse(tmp_path / "report.junit").getroot()
    assert suite.get("failures") == str(len(rules("app")))


@needs_node
def test_without_its_mistakes_it_passes(tmp_path: Path, simulator: RunningSimulator) -> None:
    result = self_check(tmp_path, simulator, patience=20)
    assert failures(tmp_path) == set(), result.output
    assert result.exit_code == 0, result.output
    suite = ElementTree.parse(tmp_path / "report.junit").getroot()
    assert (suite.get("failures"), suite.get("skipped")) == ("0", "0"), result.output
    assert "no certificate" in result.output


@needs_node
@pytest.mark.long
@pytest.mark.parametrize("mistake", MISTAKES)
def test_each_mistake_breaks_its_rule_and_no_unrelated_one(
    tmp_path: Path, simulator: RunningSimulator, mistake: str
) -> None:
    result = self_check(tmp_path, simulator, mistake, patience=4)
    assert failures(tmp_path), result.output
    assert failures(tmp_path) <= MISTAKES[mistake], result.output
