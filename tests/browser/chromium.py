"""Finds a Chromium: the system's, else the one that `make browser` fetches."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome")
# No services of the browser's own, so that every request seen is one of a page.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
MISSING = "There is no Chromium for the browser tests. Fetch one with: make browser"
LEFT_OUT = "NO_BROWSER=1: the browser tests are left out"


def find(fetched: str) -> str | None:
    """Path of a Chromium.

    Args:
        fetched: where Playwright would have put its own.
    """
    found = next((path for path in map(shutil.which, NAMES) if path), None)
    return found or (fetched if Path(fetched).is_file() else None)


def is_left_out() -> bool:
    return os.environ.get("NO_BROWSER") == "1"
