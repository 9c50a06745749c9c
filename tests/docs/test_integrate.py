"""The partner's pages cannot go stale: the data map is that of the code, and what they name exists."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path
from typing import get_type_hints, is_typeddict

import pytest

from portal import models
from portal.cashlink import payloads
from portal.cli import main

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/integrate.md").read_text()
TUTORIAL = (ROOT / "docs/tutorial.md").read_text()


def table(heading: str) -> dict[str, set[str]]:
    """The names in the second column, by the one in the first."""
    text = PAGE.split(f"### {heading}\n")[1].split("\n#")[0]
    found: dict[str, set[str]] = defaultdict(set)
    for row in re.findall(r"^\| `(\w+)` \| (.*?) \|", text, re.MULTILINE):
        found[row[0]] |= set(re.findall(r"`(\w+)`", row[1]))
    return dict(found)


def test_the_data_map_names_each_column_of_the_database() -> None:
    there = {name: set(found.columns.keys()) for name, found in models.Model.metadata.tables.items()}
    assert table("What the database holds") == there


def test_the_data_map_names_each_field_that_is_passed_on() -> None:
    sent = {name: set(get_type_hints(found)) for name, found in vars(payloads).items() if is_typeddict(found)}
    assert table("What is passed on to Cashlink") == {name: fields for name, fields in sent.items() if fields}


@pytest.mark.parametrize("page", [PAGE, TUTORIAL], ids=["integrate", "tutorial"])
def test_what_a_page_names_exists(page: str) -> None:
    commands = set(re.findall(r"(?:`|bin/|^)portal ([a-z]+)", page, re.MULTILINE))
    assert commands - set(main.commands) == set()
    files = [path for path in re.findall(r"`(portal/[\w./]+)`", page) if not (ROOT / path).exists()]
    assert files == []
    linked = [path for path in re.findall(r"\]\(([\w./]+)", page) if not path.startswith("http")]
    assert [path for path in linked if not (ROOT / "docs" / path).exists()] == []
    named = set(re.findall(r"`(test_\w+)`", page))
    there = {
        name for path in (ROOT / "tests").rglob("*.py") for name in re.findall(r"def (test_\w+)", path.read_text())
    }
    assert named - there == set()
