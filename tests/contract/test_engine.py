"""The engine that tries checks: all of them, whatever becomes of one, and no secret gets out."""

from __future__ import annotations

import pytest
import requests

from portal.contract import Check, Finding, NotTried, Text, as_data, exit_code, failed, line, ok, run, unknown
from portal.contract.texts import same


def check(name: str, finding: Finding | Exception, *needs: str) -> Check:
    def look() -> Finding:
        if isinstance(finding, Exception):
            raise finding
        return finding

    return Check(name, same(name), look, needs)


def states(*checks: Check) -> dict[str, str]:
    return {result.check.id: result.finding.state for result in run(checks)}


def test_all_are_tried_whatever_becomes_of_one() -> None:
    found = states(
        check("a", failed(same("broken"))),
        check("b", ok(same("fine"))),
        check("c", requests.ConnectionError("https://user:secret@example.org")),
        check("d", KeyError("IBAN")),
        check("e", NotTried(same("no campaign"))),
    )
    assert found == {"a": "failed", "b": "ok", "c": "failed", "d": "failed", "e": "unknown"}


def test_what_needs_a_failed_check_is_not_tried() -> None:
    found = states(
        check("token", failed(same("401"))),
        check("scopes", ok(same("all")), "token"),
        check("campaign", ok(same("there")), "scopes"),
    )
    assert found == {"token": "failed", "scopes": "unknown", "campaign": "unknown"}


def test_the_text_of_an_exception_is_not_told() -> None:
    (result,) = run([check("a", requests.ConnectionError("https://user:secret@example.org"))])
    assert "secret" not in line(result, "en") + line(result, "de")
    assert "ConnectionError" in line(result, "en")


@pytest.mark.parametrize(("finding", "code"), [(ok(same("x")), 0), (unknown(same("x")), 0), (failed(same("x")), 1)])
def test_only_a_failure_gives_another_exit_code(finding: Finding, code: int) -> None:
    assert exit_code(run([check("a", ok(same("fine"))), check("b", finding)])) == code


def test_remedy_and_whom_to_ask_stand_below_the_line_in_both_languages() -> None:
    finding = failed(same("401"), Text("Set the secret.", "Setzen Sie das Passwort."), Text("Cashlink", "Cashlink"))
    results = run([check("token", finding)])
    assert line(results[0], "en").splitlines()[1].strip() == "What to do: Set the secret."
    assert line(results[0], "de").splitlines()[1].strip() == "Was zu tun ist: Setzen Sie das Passwort."
    assert as_data(results, "de")[0] == {
        "id": "token",
        "title": "token",
        "state": "failed",
        "seen": "401",
        "remedy": "Setzen Sie das Passwort.",
        "ask": "Cashlink",
    }
