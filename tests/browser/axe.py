"""axe-core: judges the accessibility of the page in a tab. `make axe` fetches it, once; nothing of it is committed."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from playwright.sync_api import Page

SCRIPT = Path(__file__).parent / "npm" / "node_modules" / "axe-core" / "axe.min.js"
MISSING = "axe-core is not there. Fetch it with: make axe"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RUN = """(tags) => axe.run({runOnly: tags, resultTypes: ["violations"]}).then(({violations}) => violations.flatMap(
  ({id, help, nodes}) => nodes.map(({target}) => `axe ${id}: ${help}: ${target.join(" ")}`)))"""


@cache
def _source() -> str:
    assert SCRIPT.is_file(), MISSING
    return SCRIPT.read_text(encoding="utf-8")


def violations(page: Page) -> list[str]:
    """One line for each element that breaks a rule."""
    if not page.evaluate("() => 'axe' in window"):
        _add(page)
    found: list[str] = page.evaluate(RUN, TAGS)
    return found


def _add(page: Page) -> None:
    # Evaluated, not added as an element: the pages' policy allows no foreign script, and is not weakened for a test.
    page.evaluate(_source())
