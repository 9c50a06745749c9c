"""The suite can fail: bugs planted in a copy of the source are found by tests that were not written for them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(660)]

ROOT = Path(__file__).resolve().parents[2]
STEPS = "tests/steps/test_three_steps.py"
RECEIVER = "tests/webhooks/test_receiver.py"
CLIENT = "tests/cashlink/test_client.py"
TRANSPORT = "portal/cashlink/transport.py"
KILLS = "tests/faults/test_kill_points.py"


@dataclass(frozen=True)
class Bug:
    """A change of one file, and the tests that should notice."""

    name: str
    file: str
    right: str
    wrong: str
    tests: str
    short: bool = False
    also: tuple[str, str, str] | None = None


BUGS = (
    Bug(
        "a new key for each try",
        "portal/intents.py",
        '"attempts": Intent.attempts + 1, "reason": None}',
        '"attempts": Intent.attempts + 1, "reason": None, "idempotency_key": __import__("uuid").uuid4().hex}',
        KILLS,
        short=True,
    ),
    Bug(
        "the call before the commit",
        "portal/intents.py",
        "    db.session.commit()\n    return intent\n",
        "    return intent\n",
        KILLS,
        also=(
            "portal/integration.py",
            "    db.session.commit()\n    try:\n        answer = call()",
            "    try:\n        answer = call()",
        ),
    ),
    Bug(
        "the body is made anew for each try",
        "portal/integration.py",
        '    body, key = intent.body or b"", intent.idempotency_key\n',
        "    body, key = _body(intent.kind, intent.investor or intent.investment, intent.idempotency_key)[0],"
        " intent.idempotency_key\n    intent.body = body\n",
        STEPS,
    ),
    Bug(
        "no unique number per account and campaign",
        "portal/integration.py",
        "number=known.next_number,",
        "number=uuid.uuid4().int % 10**6,",
        STEPS,
    ),
    Bug(
        "204 before the commit",
        "portal/integration.py",
        "    with db.engine.begin() as connection:\n        connection.execute(insert_or_ignore(StatusChange), values)",
        "    with db.engine.connect() as connection:\n"
        "        connection.execute(insert_or_ignore(StatusChange), values)",
        RECEIVER,
        short=True,
    ),
    Bug(
        "the order of arrival decides",
        "portal/history.py",
        "return change.changed_at.desc(), rank.desc(), change.id.desc()",
        "return change.id.desc(), rank.desc()",
        RECEIVER,
    ),
    Bug(
        "no order among changes of one instant",
        "portal/history.py",
        "return change.changed_at.desc(), rank.desc(), change.id.desc()",
        "return change.changed_at.desc(), change.id.desc()",
        RECEIVER,
    ),
    Bug(
        "an investor that is not found is created anew",
        "portal/integration.py",
        "        client().fetch_investor(investor_id)\n",
        "",
        "tests/faults/test_fault_table.py",
    ),
    Bug(
        "no new token after a 401",
        "portal/cashlink/client.py",
        'if error.reason != "http-401":',
        "if True:",
        CLIENT,
        short=True,
    ),
    Bug("redirects are followed", TRANSPORT, "allow_redirects=False", "allow_redirects=True", CLIENT),
    Bug(
        "start_url on any host",
        "portal/navigation.py",
        'return (host if usual else f"{host}:{port}") in hosts',
        "return bool(host)",
        STEPS,
    ),
    Bug(
        "one read for the whole answer",
        TRANSPORT,
        "            while chunk := response.raw.read1(65536, decode_content=False):",
        "            for chunk in [response.raw.read1(65536, decode_content=False)]:",
        CLIENT,
    ),
    Bug("the machine's netrc is trusted", TRANSPORT, "trust_env = False", "trust_env = True", CLIENT),
    Bug(
        "nobody asks whether a status is true",
        "portal/sync.py",
        "        row.checked_at = instant\n    if rows:",
        "        row.checked_at = instant\n    if False:",
        "tests/faults/test_fault_table.py::test_a_wrong_final_status_is_corrected",
    ),
    Bug(
        "any bearer token opens the receiver",
        "portal/webhooks/routes.py",
        'return scheme.lower() == "bearer" and (any(matches) or is_issued(token.strip()))',
        'return scheme.lower() == "bearer" and bool(token.strip())',
        RECEIVER,
    ),
    Bug(
        "an unknown result counts as refused",
        "portal/intents.py",
        "            _keep(intent, error)",
        '            close(intent, "refused", reason=error.reason)',
        "tests/faults/test_fault_table.py",
    ),
)


def chosen(bugs: tuple[Bug, ...]) -> list[Bug]:
    long = "--long" in sys.argv
    return [bug for bug in bugs if long or bug.short]


def plant(bug: Bug, folder: Path) -> None:
    """A copy of the source with the bug."""
    for name in ("portal", "tests", "templates", "static", "pyproject.toml"):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / name)
    for name, right, wrong in filter(None, ((bug.file, bug.right, bug.wrong), bug.also)):
        file = folder / name
        text = file.read_text()
        assert text.count(right) == 1, "the planted bug no longer fits the code"
        file.write_text(text.replace(right, wrong))


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_each_bug_fits_the_code_of_today(bug: Bug) -> None:
    """The long form alone would notice too late."""
    for name, right, _wrong in filter(None, ((bug.file, bug.right, bug.wrong), bug.also)):
        assert (ROOT / name).read_text().count(right) == 1


@pytest.mark.parametrize("bug", chosen(BUGS), ids=lambda bug: bug.name)
def test_a_planted_bug_is_found(bug: Bug, tmp_path: Path) -> None:
    check_found(bug, tmp_path)


def check_found(bug: Bug, folder: Path) -> None:
    """Plant a bug in a copy of the source, and see its tests fail."""
    plant(bug, folder)
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-k", "not postgresql", bug.tests]
    result = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        timeout=600,
    )
    print("\n".join(result.stdout.splitlines()[-3:]))
    # 1: tests were run and failed. Anything else would be a broken copy.
    assert result.returncode == 1, result.stdout[-2000:]
    assert "failed" in result.stdout
