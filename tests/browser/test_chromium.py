"""Without any Chromium the browser tests fail and name the remedy; they are left out only where that is asked for."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from . import chromium

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("extra", "code", "told"),
    [({}, 1, chromium.MISSING), ({"NO_BROWSER": "1"}, 0, chromium.LEFT_OUT)],
    ids=["missing", "left out"],
)
def test_without_a_chromium(tmp_path: Path, extra: dict[str, str], code: int, told: str) -> None:
    bare = {"PATH": str(tmp_path), "PLAYWRIGHT_BROWSERS_PATH": str(tmp_path), "HOME": str(tmp_path), **extra}
    test = "tests/browser/test_details.py::test_a_double_click_on_invest_now_is_one_investment"
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--basetemp", str(tmp_path / "own"), test]
    kept = {name: value for name, value in os.environ.items() if name in ("SYSTEMROOT", "TMPDIR")}
    run = subprocess.run(command, cwd=ROOT, env={**kept, **bare}, capture_output=True, text=True, timeout=60)
    assert (run.returncode, told in run.stdout) == (code, True), run.stdout


def test_the_remedy_is_a_target_of_the_makefile() -> None:
    target = chromium.MISSING.rpartition(": make ")[2]
    assert f"\n{target}: " in (ROOT / "Makefile").read_text()


def test_the_systems_chromium_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fetched = tmp_path / "fetched"
    fetched.touch()
    monkeypatch.setenv("PATH", str(tmp_path))
    assert chromium.find(str(fetched)) == str(fetched)
    assert chromium.find(str(tmp_path / "missing")) is None
    system = tmp_path / "google-chrome"
    system.touch(mode=0o755)
    assert chromium.find(str(fetched)) == str(system)
