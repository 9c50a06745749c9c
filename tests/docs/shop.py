"""The application of the tutorial, taken from the page as it stands there, and run as a reader would run it."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import requests

from ..world import wait_until

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/tutorial.md").read_text()
CAMPAIGN_ID = "5b1d0c5e-7c1a-4e0b-9a51-0d5f3f1a2b01"
TOKEN = "token-of-the-shop-of-the-tutorial"
# A bold file name, and the block that follows it.
FILE = re.compile(r"^\*\*`([\w.]+)`\*\*[^\n]*\n\n```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# The block that is typed into `flask shell`.
SHELL = re.compile(r"`flask shell`:\n\n```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def files() -> dict[str, str]:
    """The page's files; what belongs to the end of one is appended."""
    found: dict[str, str] = {}
    for name, code in FILE.findall(PAGE):
        found[name] = f"{found[name]}\n\n{code}" if name in found else code
    return found


def write(folder: Path) -> None:
    folder.mkdir()
    for name, code in files().items():
        (folder / name).write_text(code)
    shutil.copytree(ROOT / "portal/cashlink", folder / "cashlink", ignore=shutil.ignore_patterns("__pycache__"))


class Shop:
    """The application's two processes, `flask run` and `flask loop`, with the user of the page."""

    def __init__(self, folder: Path, port: int, simulator_url: str) -> None:
        self.folder = folder
        self.url = f"http://localhost:{port}"
        self.environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("FLASK_", "PYTHON"))},
            "FLASK_APP": "app",
            "SECRET_KEY": "key-of-the-shop-of-the-tutorial",
            "DATABASE_URL": f"sqlite:///{folder / 'shop.sqlite3'}",
            "CASHLINK_API_URL": f"{simulator_url}/api/external",
            "CASHLINK_CLIENT_ID": "demo-client",
            "CASHLINK_CLIENT_SECRET": "demo-secret",
            "CASHLINK_CAMPAIGN_ID": CAMPAIGN_ID,
            "CASHLINK_START_URL_PREFIX": f"{simulator_url}/",
            "CASHLINK_WEBHOOK_TOKEN": TOKEN,
        }
        self.log = folder / "log"
        (shell,) = SHELL.findall(PAGE)
        self.flask("shell", typed=shell.replace("\n\n", "\n") + "\n")
        with self.log.open("w") as log:
            command = [sys.executable, "-m", "flask"]
            self._processes = [
                subprocess.Popen([*command, *arguments], cwd=folder, env=self.environ, stdout=log, stderr=log)
                for arguments in (["run", "--port", str(port)], ["loop"])
            ]
        wait_until(self._answers, 30, "the tutorial's application", known=self.log.read_text)

    def _answers(self) -> bool:
        try:
            return requests.get(f"{self.url}/login", timeout=5).ok
        except requests.ConnectionError:
            return False

    def flask(self, *arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        """Run a command of the application to its end."""
        return subprocess.run(
            [sys.executable, "-m", "flask", *arguments],
            cwd=self.folder,
            env=self.environ,
            input=typed,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def sql(self, statement: str, *values: object) -> list[sqlite3.Row]:
        """A look into the application's database, or a hand in it."""
        with closing(sqlite3.connect(self.folder / "shop.sqlite3", timeout=10)) as connection:
            connection.row_factory = sqlite3.Row
            rows = connection.execute(statement, values).fetchall()
            connection.commit()
        return rows

    def add_user(self, email: str) -> None:
        """Another user, with the data of the page's and with consent."""
        (first,) = self.sql("SELECT * FROM user WHERE id = 1")
        row = {**dict(first), "id": None, "email": email, "consented_at": "2026-01-01 00:00:00"}
        self.sql(f"INSERT INTO user ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", *row.values())

    def kill_web_process(self) -> None:
        self._processes[0].kill()

    def close(self) -> None:
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            process.wait(10)
