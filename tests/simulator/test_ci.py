"""The simulator alone in a partner's CI: the job of docs/integrate.md runs as it stands there."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from portal.simulator import control

from ..world import free_port

pytestmark = pytest.mark.slow

PAGE = (Path(__file__).resolve().parents[2] / "docs/integrate.md").read_text()


def test_each_request_of_the_control_api_exists() -> None:
    source = Path(control.__file__).read_text()
    there = {(method.upper(), path) for method, path in re.findall(r'@bp\.(get|post)\("([^"]+)"\)', source)}
    told = {(method, path) for method, path in re.findall(r"^\| `(GET|POST) /_control(/\S+)`", PAGE, re.MULTILINE)}
    assert told
    assert told - there == set()


def test_the_ci_job_runs_as_it_stands_there(tmp_path: Path) -> None:
    """Without a setting of the portal; the partner's tests are two requests by curl."""
    (job,) = re.findall(r"^```sh\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    ask_token = (
        'curl --silent --fail --data "grant_type=client_credentials&client_id=ci&client_secret=secret-of-the-ci" '
        '"$CASHLINK_API_URL/oauth/token" > token.json'
    )
    environ = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("CASHLINK_", "PORTAL_"))},
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "SIMULATOR_PORT": str(free_port()),
        "TMPDIR": str(tmp_path),
        "YOUR_TESTS": ask_token,
    }
    ran = subprocess.run(
        ["sh", "-c", job], cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=60, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert json.loads((tmp_path / "token.json").read_text())["access_token"]
    assert ran.stderr == ""
    assert '"path":"/api/external/oauth/token"' in ran.stdout
    assert ran.stdout.count("\n") - ran.stdout.count("}\n") <= 2  # its one line, and what /healthz says
