"""`make screenshots`: 24 reference pictures into a folder that git ignores, and the four that the README shows."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from ..places import running_places
from ..states import BY_ID, View
from . import chromium
from .looking import Looker

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "screenshots"
STATES = (
    "list",
    "campaign",
    "campaign-invest",
    "investor-bank-errors",
    "investor-check",
    "progress-STARTED",
    "progress-ACCEPTED",
    "progress-DELIVERED",
    "portfolio",
    "E4-cashlink-silent",
    "hosted-signature",
    "studio",
)
VIEWS = (View("de", "light", 1280), View("en", "dark", 390))
# In the README, small: what a visitor sees first, each cut to one window.
SHOWN = {
    "campaign": ("campaign-invest", View("en", "light", 1280)),
    "progress": ("progress-ACCEPTED", View("en", "light", 1280)),
    "portfolio": ("portfolio", View("en", "dark", 1280)),
    "signature": ("hosted-signature", View("en", "light", 1280)),
}
WIDTH = 800


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        running_places(Path(folder)) as places,
        sync_playwright() as playwright,
    ):
        path = chromium.find(playwright.chromium.executable_path)
        if path is None:
            raise SystemExit(chromium.MISSING)
        browser = playwright.chromium.launch(executable_path=path, args=chromium.ARGUMENTS)
        looker = Looker(browser, places)
        for name in STATES:
            for view in VIEWS:
                looker.open(BY_ID[name], view)
                photograph(looker.page, view, FOLDER / f"{name}-{view}.png")
        for file, (name, view) in SHOWN.items():
            looker.open(BY_ID[name], view)
            (ROOT / "docs" / f"{file}.webp").write_bytes(small(looker.page.screenshot()))
        browser.close()
    print(f"{len(STATES) * len(VIEWS)} pictures are in {FOLDER.name}/, four small ones in docs/.")


def photograph(page: Page, view: View, file: Path) -> None:
    """The whole page, in a window as high as the page, so that what is fixed to its edges stays there."""
    height = page.evaluate("() => document.documentElement.scrollHeight")
    page.set_viewport_size({"width": view.width, "height": height})
    page.screenshot(path=file)


def small(picture: bytes) -> bytes:
    """For the README: narrower, and below 40 kB."""
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    image = image.resize((WIDTH, image.height * WIDTH // image.width), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    image.save(file, "WEBP", quality=72, method=6)
    return file.getvalue()


if __name__ == "__main__":
    main()
