"""Content of one's own, to change in it what a test is about."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from portal.campaigns import content

from ..settings import BOND


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the folder of content."""
    shutil.copytree(content.FOLDER, tmp_path / "data")
    monkeypatch.setattr(content, "FOLDER", tmp_path / "data")
    content.load.cache_clear()
    yield tmp_path / "data"
    content.load.cache_clear()


def rewrite(folder: Path, old: str, new: str) -> None:
    """Change the file of the complete campaign."""
    path = folder / f"{BOND}.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
