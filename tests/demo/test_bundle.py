"""The bundle, as a salesperson gets it: no Python, no network, no rights, and the securities are credited."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ..world import wait_until

ROOT = Path(__file__).resolve().parents[2]
NOBODY = 65534
TOOLS = ("unshare", "sh", "ip", "setpriv", "env", "nsenter")
# In the network namespace of the bundle: the stage's one key, pressed until nothing is left.
PLAY = """
from tests.demo.presenting import Presenter
presenter = Presenter("http://localhost:8000")
presenter.begin("happy-path")
print(presenter.play_to_the_end()[-1:], presenter.dots)
"""

pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(
        platform.system() != "Linux" or not hasattr(os, "geteuid") or os.geteuid() != 0,
        reason="cutting the network and becoming another user needs root on Linux",
    ),
]


@pytest.fixture
def folder() -> Iterator[Path]:
    """The unpacked archive, in a folder that an ordinary user can reach but not write to."""
    subprocess.run([sys.executable, "-m", "bundle"], cwd=ROOT, check=True, timeout=1500)
    archive = next((ROOT / "dist").glob("cashlink-demo-*.tar.gz"))
    place = Path(tempfile.mkdtemp(prefix="bundle-"))
    place.chmod(0o755)
    with tarfile.open(archive) as packed:
        packed.extractall(place, filter="tar")
    yield place / "cashlink-demo"
    shutil.rmtree(place)


def test_the_bundle_reaches_delivered_without_python_network_and_rights(folder: Path, tmp_path: Path) -> None:
    home = Path(tempfile.mkdtemp(prefix="home-"))
    os.chown(home, NOBODY, NOBODY)
    tools = {name: shutil.which(name, path="/usr/bin:/bin:/usr/sbin:/sbin") for name in TOOLS}
    assert all(tools.values()), f"missing: {tools}"
    # No Python to be found, and no browser either.
    as_nobody = (
        f"{tools['ip']} link set lo up && exec {tools['setpriv']} --reuid={NOBODY} --regid={NOBODY} --clear-groups "
        f"{tools['env']} -i HOME={home} PATH=/nonexistent {folder}/start-demo"
    )
    with (tmp_path / "bundle.log").open("wb") as log:
        bundle = subprocess.Popen([tools["unshare"], "--net", tools["sh"], "-c", as_nobody], stdout=log, stderr=log)
    inside = [tools["nsenter"], f"--net=/proc/{bundle.pid}/ns/net", sys.executable, "-c"]

    log_file = tmp_path / "bundle.log"
    try:
        # It says so once the cast's stories are played.
        wait_until(lambda: "Ctrl-C ends both" in log_file.read_text(), 120, "the bundle", known=log_file.read_text)
        # The network really is cut, and the user has no rights.
        assert subprocess.run([*inside, "import socket; socket.create_connection(('192.0.2.1', 80), 2)"]).returncode
        assert f"\nUid:\t{NOBODY}\t" in Path(f"/proc/{bundle.pid}/status").read_text()
        played = subprocess.run([*inside, PLAY], cwd=ROOT, capture_output=True, text=True, timeout=300)
        assert played.stdout.startswith("['PASS "), played.stdout + played.stderr
        assert played.stdout.strip().endswith(str(["done"] * 6))
    finally:
        bundle.terminate()
        bundle.wait(20)
        shutil.rmtree(home)
