"""Schemathesis, a program that is not ours, looks for contradictions between the simulator and its description.

All of its checks are on, calls are chained by the ids of answers, and a failure fails. What it cannot know stands in
schemathesis/repair.py, each line with its reason.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from .running import BOND, RunningSimulator

FOLDER = Path(__file__).parent / "schemathesis"


def run(simulator: RunningSimulator, folder: Path, examples: int, seed: int, *options: str) -> str:
    """Its report, after a run without failures."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    upload = {"file": ("protocol.pdf", b"%PDF-1.7 sample", "application/pdf")}
    known = {
        "campaign_id": BOND,
        "investor_id": simulator.create_investor(),
        "document_id": simulator.call("POST", "/v2/documents/", files=upload).json()["id"],
    }
    token = simulator.token().json()["access_token"]
    done = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(FOLDER / "schemathesis.toml")),
            *("run", f"{simulator.url}/api/external/openapi.json", "--header", f"Authorization: Bearer {token}"),
            *("--checks", "all", "--max-examples", str(examples), "--seed", str(seed), "--no-color", *options),
        ],
        env={**os.environ, "PYTHONPATH": str(FOLDER), "SIMULATOR_KNOWN_IDS": json.dumps(known)},
        cwd=folder,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_simulator_keeps_to_its_description(simulator: RunningSimulator, tmp_path: Path) -> None:
    report = run(simulator, tmp_path, 2, 20261125)
    assert "Tested: 11" in report


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(1, 6))
def test_the_simulator_keeps_to_its_description_in_the_long_form(
    simulator: RunningSimulator, tmp_path: Path, seed: int
) -> None:
    run(simulator, tmp_path, 100, seed)
