"""Lighthouse on the pages that everybody sees; the long form only, since it needs Node and minutes."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

import pytest
from playwright.sync_api import Browser

pytest.importorskip("portal.simulator", reason="the simulator has been deleted")
pytest.importorskip("portal.demo", reason="the demo has been deleted")

from ..places import Bare
from ..settings import BOND
from . import chromium

pytestmark = [pytest.mark.slow, pytest.mark.long, pytest.mark.timeout(1200)]

COMMAND = Path(__file__).parent / "npm" / "node_modules" / ".bin" / "lighthouse"
MISSING = "Lighthouse is not there. Fetch it with: make test-pages"
FLAGS = "--headless=new --no-sandbox --disable-gpu"
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
RUNS = 5
# As a phone on a slow line; the best of a busy machine is still less than what a free one shows, hence the median.
LEAST = {"performance": 98, "accessibility": 100, "best-practices": 100, "seo": 100}


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bare]:
    with Bare(tmp_path_factory.mktemp("bare") / "portal", BOND) as running:
        yield running


@pytest.mark.parametrize("path", ["/", f"/campaigns/{BOND}", "/register", "/login", "/how-it-works", "/help"])
def test_lighthouse(portal: Bare, browser: Browser, path: str, tmp_path: Path) -> None:
    assert COMMAND.exists(), MISSING
    # Playwright runs already, for other tests, and runs once only.
    executable = chromium.find(browser.browser_type.executable_path) or ""
    tried = (run(executable, portal.url + path, tmp_path / f"{number}.json") for number in range(2 * RUNS))
    runs = list(islice((one for one in tried if one), RUNS))
    assert len(runs) == RUNS, "Lighthouse gave up too often"
    scores = {name: sorted(round(100 * one["categories"][name]["score"]) for one in runs) for name in CATEGORIES}
    print(f"\n{path}: {scores}")
    assert all(one["audits"]["cumulative-layout-shift"]["displayValue"] == "0" for one in runs)
    assert [name for name in CATEGORIES if median(scores[name]) < LEAST[name]] == [], failed_audits(runs[0])


def run(executable: str, url: str, report: Path) -> dict[str, Any] | None:
    """One report; None where Lighthouse gave up, as it does now and then on a busy machine."""
    options = ["--quiet", f"--chrome-flags={FLAGS}", f"--only-categories={','.join(CATEGORIES)}"]
    command = [str(COMMAND), url, *options, "--output=json", f"--output-path={report}"]
    environment = {**os.environ, "CHROME_PATH": executable}
    done = subprocess.run(command, check=False, capture_output=True, timeout=180, env=environment)
    return dict(json.loads(report.read_text(encoding="utf-8"))) if done.returncode == 0 else None


def failed_audits(report: dict[str, Any]) -> list[str]:
    return [f"{name}: {audit['title']}" for name, audit in report["audits"].items() if audit["score"] not in (1, None)]
