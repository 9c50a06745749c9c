"""`portal check --api`: reads only unless told otherwise, reports differences without secrets, and keeps the days."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from portal.cli import main
from portal.contract.api.run import SUBJECT, check_api, record
from portal.contract.engine import Finding
from portal.contract.report import Report, Verdict
from portal.contract.rules import VERIFIED_FILE, rules, verified
from portal.contract.texts import same

from ..simulator.running import CREDENTIALS
from .lying import BOND, Contracted, running


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Contracted]:
    with running(tmp_path_factory.mktemp("api-check")) as contracted:
        yield contracted


@pytest.fixture
def contracted(shared: Contracted) -> Contracted:
    shared.behave()
    return shared


def run(contracted: Contracted, folder: Path, *arguments: str, **environ: str) -> Result:
    access = contracted.access
    settings = {
        "CASHLINK_API_URL": access.url,
        "CASHLINK_CLIENT_ID": access.client_id,
        "CASHLINK_CLIENT_SECRET": access.client_secret,
        "CASHLINK_INFO_URL": access.info_url,
        "CASHLINK_CAMPAIGNS": f"bond={BOND}=A bond",
        "CASHLINK_START_URL_HOSTS": access.host,
        "LANG": "C",
    }
    files = ["--json", str(folder / "report.json"), "--markdown", str(folder / "report.md")]
    return CliRunner().invoke(main, ["check", "--api", *files, *arguments], env={**settings, **environ})


def states(folder: Path) -> dict[str, str]:
    return {row["id"]: row["state"] for row in json.loads((folder / "report.json").read_text())["rules"]}


def test_without_write_nothing_is_created(contracted: Contracted, tmp_path: Path) -> None:
    result = run(contracted, tmp_path)
    assert result.exit_code == 0, result.output
    counts = contracted.simulator.control("GET", "state")["counts"]
    assert set(counts.values()) == {0}
    posts = [call for call in contracted.simulator.control("GET", "requests")["requests"] if call["method"] != "GET"]
    assert {call["path"] for call in posts} == {"/api/external/oauth/token"}
    found = states(tmp_path)
    # The list is empty, so no status could be seen.
    assert {rule.id for rule in rules("api") if rule.needs == "read" and found[rule.id] != "ok"} == {"status-codes"}
    assert {found[rule.id] for rule in rules("api") if rule.needs != "read"} == {"unknown"}
    assert "Nothing was created." in (tmp_path / "report.md").read_text()


def test_with_write_test_data_bear_a_name_and_the_report_no_secret(contracted: Contracted, tmp_path: Path) -> None:
    contracted.simulator.control("POST", "modes", {"key_other_body": "422"})
    result = run(contracted, tmp_path, "--write", "--language", "de")
    assert result.exit_code == 1
    found = states(tmp_path)
    assert [name for name, state in found.items() if state == "failed"] == ["key-other-body"], result.output
    not_tried = {name for name, state in found.items() if state == "unknown"}
    # Whether two requests with one key meet is a matter of luck without the simulator's help.
    not_tried -= {"key-in-parallel"}
    assert not_tried == {rule.id for rule in rules("api") if rule.needs == "control"} | {"status-codes"}
    report = (tmp_path / "report.md").read_text()
    assert "ihre Personen heißen SELFCHECK" in report
    assert "nicht eingehalten" in report
    state = contracted.simulator.control("GET", "state")
    kinds = ("investors", "investments", "documents", "identifications")
    assert f"{sum(state['counts'][kind] for kind in kinds)} Objekte wurden angelegt" in report
    ids = [row["id"] for kind in ("investors", "investments") for row in state[kind]]
    assert ids
    for text in (report, (tmp_path / "report.json").read_text(), result.output):
        for secret in (*ids, *CREDENTIALS.values(), "/subscribe/", "selfcheck@example.org", "Bearer ey"):
            assert secret not in text


def test_what_is_missing_is_named(contracted: Contracted, tmp_path: Path) -> None:
    result = run(contracted, tmp_path, CASHLINK_CLIENT_SECRET="")
    assert result.exit_code == 2
    assert "CASHLINK_CLIENT_SECRET: not set" in result.output


def test_a_wrong_secret_is_told_with_remedy_and_whom_to_ask(contracted: Contracted, tmp_path: Path) -> None:
    result = run(contracted, tmp_path, CASHLINK_CLIENT_SECRET="not-this-one")
    assert result.exit_code == 1
    assert "Compare client id, client secret and scopes" in result.output
    assert "Whom to ask: your contact person at Cashlink" in result.output
    assert states(tmp_path)["list-pages"] == "unknown", "what needs a token is not tried without one"
    assert "not-this-one" not in result.output


def test_a_simulator_proves_nothing_about_cashlink(contracted: Contracted, tmp_path: Path) -> None:
    before = VERIFIED_FILE.read_text()
    result = run(contracted, tmp_path, "--record")
    assert result.exit_code == 2
    assert VERIFIED_FILE.read_text() == before


def test_the_day_of_each_rule_that_was_kept_is_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept, differs, *_ = rules("api")
    verdicts = [Verdict(kept, Finding("ok", same("x")), 0), Verdict(differs, Finding("failed", same("x")), 0)]
    file = tmp_path / "verified.toml"
    file.write_text(VERIFIED_FILE.read_text())
    record(Report(SUBJECT, "demo.example", date(2026, 11, 25), verdicts), file)
    assert verified(file)[kept.id] == date(2026, 11, 25)
    assert differs.id not in verified(file)
    assert file.read_text().startswith(VERIFIED_FILE.read_text().partition("[verified]")[0])
    monkeypatch.setattr("portal.contract.rules.verified", lambda: verified(file))
    assert kept.state().de == "geprüft am 2026-11-25"
    assert differs.state().en in ("documented", "assumed")


def test_an_api_that_does_not_answer_is_a_difference_and_no_crash() -> None:
    from portal.contract.api.client import Access

    report = check_api(Access("http://localhost:9/api/external", "id", "secret"))
    assert report.exit_code == 1
    assert not any(re.search("secret", verdict.finding.seen.en) for verdict in report.verdicts)
