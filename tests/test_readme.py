"""What the README tells is there: tests that it names, commands, files."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text()


def test_each_test_that_the_readme_names_exists() -> None:
    told = README + (ROOT / "docs" / "operate.md").read_text()
    named = set(re.findall(r"`(test_\w+)`", told))
    there = {
        name for path in (ROOT / "tests").rglob("*.py") for name in re.findall(r"def (test_\w+)\(", path.read_text())
    }
    assert named
    assert named - there == set()


def test_the_capacity_is_told_as_it_was_measured() -> None:
    page = (ROOT / "docs" / "operate.md").read_text()
    told = [(float(cpu), int(rate)) for cpu, rate in re.findall(r"\| ([\d.]+) ms \| (\d+) a second \|$", page, re.M)]
    figures = ["campaign page, 44 kB", "campaign page, signed in, 44 kB", "progress page, 10 kB", "webhooks, SQLite"]
    invest = '"Invest now" beside the call alone, median'
    cells = [re.search(rf"^\| {re.escape(figure)} \| ([^|]+)", README, re.M) for figure in (*figures, invest)]
    measured = [float(re.findall(r"([\d.]+) ms CPU", cell[1])[0]) for cell in cells if cell]
    assert [cpu for cpu, _ in told] == [round(cpu, 1) for cpu in measured]
    assert all(abs(rate * cpu / 1000 - 1) < 0.02 for (_, rate), cpu in zip(told, measured, strict=True))
    memory = re.findall(r"memory of each \| (\d+) KB", README)
    assert f"An open page holds a thread and {min(memory)} to {max(memory)} KB" in page


def test_each_command_that_the_readme_names_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"make ([a-z-]+)`", README)) - targets == set()
    assert set(re.findall(r"^    make ([a-z-]+)$", README, re.MULTILINE)) - targets == set()


def test_each_file_that_the_readme_names_exists() -> None:
    linked = re.findall(r"\]\((?!http)([^)#]+)\)", README) + re.findall(r"`((?:portal|tests|static)/[\w./-]+)`", README)
    assert [path for path in linked if not (ROOT / path).exists()] == []


def test_each_remark_for_production_is_listed() -> None:
    remarks = {
        (str(path.relative_to(ROOT)), remark)
        for path in (ROOT / "portal").rglob("*.py")
        for remark in re.findall(r"# Production: (.*)", path.read_text())
    }
    assert set(re.findall(r"^- `([\w/.]+)`: (.*)$", README, re.MULTILINE)) == remarks


def test_the_container_is_made_of_what_is_there() -> None:
    text = (ROOT / "Containerfile").read_text()
    copied = [name for line in re.findall(r"^COPY (.*) \S+$", text, re.MULTILINE) for name in line.split()]
    assert copied
    assert [name for name in copied if not (ROOT / name).exists()] == []
