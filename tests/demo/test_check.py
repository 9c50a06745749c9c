"""`portal demo --check`: a running demo is found ready, and each thing that is not as it should be is named."""

from __future__ import annotations

import os
import socket
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner, Result

from portal.cli import main

from ..world import free_port
from .presenting import running_demo

pytest.importorskip("portal.demo", reason="the demo has been deleted")
pytestmark = pytest.mark.slow


def check(folder: Path, port: int, simulator_port: int, *more: str, **environ: str) -> Result:
    arguments = ["demo", "--check", "--port", str(port), "--simulator-port", str(simulator_port), *more]
    return CliRunner().invoke(
        main, arguments, env={**os.environ, "LC_ALL": "C", "PORTAL_DATA_DIR": str(folder), **environ}
    )


def bad(result: Result) -> list[str]:
    """The points that are not well."""
    return [line.split()[1].rstrip(":") for line in result.output.splitlines() if line.startswith("  FAILED")]


def keep_old_seed(folder: Path) -> None:
    """As a demo of some years ago has left it there."""
    (folder / "seed").mkdir(parents=True)
    with closing(sqlite3.connect(folder / "seed" / "portal.sqlite3")) as connection:
        connection.execute("CREATE TABLE mark (name, value)")
        connection.execute("INSERT INTO mark VALUES ('seeded_by_demo', '2020-02-29T10:00:00+00:00')")
        connection.commit()


def test_a_demo_can_be_presented_while_it_runs_and_afterwards(tmp_path: Path) -> None:
    with running_demo(tmp_path) as demo:
        ports = [urlsplit(url).port or 0 for url in (demo.settings.public_url, demo.simulator_url)]
        running = check(tmp_path, *ports)
        assert (bad(running), running.exit_code) == ([], 0), running.output
        assert "the demo is running" in running.output
        assert "German and English are spoken" in running.output
        # As during the very first start, which takes some seconds.
        (tmp_path / "seed").rename(tmp_path / "not yet")
        begun = check(tmp_path, *ports)
        (tmp_path / "not yet").rename(tmp_path / "seed")
        assert bad(begun) == ["seed"]
        assert "Wait some seconds" in begun.output
        again = CliRunner().invoke(main, ["demo", "--port", str(ports[0])], env={"PORTAL_DATA_DIR": str(tmp_path)})
        assert f"The demo is running already: http://localhost:{ports[0]}" in again.output
    afterwards = check(tmp_path, free_port(), free_port())
    assert (bad(afterwards), afterwards.exit_code) == ([], 0), afterwards.output
    with closing(sqlite3.connect(tmp_path / "demo-simulator.sqlite3")) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("DELETE FROM investment")
        connection.commit()
    emptied = check(tmp_path, free_port(), free_port())
    assert bad(emptied) == ["seed"]
    assert "portal demo --reset" in emptied.output


def test_each_trouble_is_named_with_its_remedy(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        result = check(tmp_path, taken.getsockname()[1], free_port())
    assert (bad(result), result.exit_code) == (["ports", "seed"], 1)
    assert "choose another port with --port" in result.output
    (tmp_path / "portal.sqlite3").write_text("this is no database, whatever its name says" * 99)
    assert bad(check(tmp_path, free_port(), free_port())) == ["database", "seed"]
    away = check(tmp_path, free_port(), free_port(), PORTAL_PUBLIC_URL="http://192.0.2.1:8000")
    assert "offline" in bad(away)


def test_a_seed_of_another_day_is_told(tmp_path: Path) -> None:
    keep_old_seed(tmp_path)
    result = check(tmp_path, free_port(), free_port())
    assert bad(result) == ["seed"]
    assert "days old" in result.output
    german = check(tmp_path, free_port(), free_port(), LC_ALL="de_DE.UTF-8")
    assert "Tage alt" in german.output
    assert "Was zu tun ist: Führen Sie aus: portal demo" in german.output


def test_a_brand_is_looked_for_in_its_own_folder(tmp_path: Path) -> None:
    keep_old_seed(tmp_path / "brands" / "musterbank")
    assert "there is none yet" in check(tmp_path, free_port(), free_port()).output
    assert "days old" in check(tmp_path, free_port(), free_port(), "--brand", "Musterbank").output
