"""SECURITY.md leaves no requirement out, claims nothing without a test, and names deviations of level 2 only."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SECURITY = (ROOT / "SECURITY.md").read_text()

# OWASP ASVS 5.0.0: the requirements of levels 1 and 2, section by section; a digit is the level of the next one.
REQUIREMENTS = """
1.1 22  1.2 111112222  1.3 11222222222  1.4 222  1.5 12  2.1 122  2.2 112  2.3 1222  2.4 2  3.2 11
3.3 1222  3.4 112222  3.5 11122  3.7 22  4.1 122  4.2 2  4.3 22  4.4 1222  5.1 2  5.2 112  5.3 11
5.4 222  6.1 122  6.2 111111112222  6.3 1122  6.4 1122  6.5 22222  6.6 222  6.8 2222  7.1 222
7.2 1111  7.3 22  7.4 11222  7.5 22  7.6 22  8.1 12  8.2 112  8.3 1  8.4 2  9.1 111  9.2 1222
10.1 22  10.2 22  10.3 2222  10.4 11111222222  10.5 22222  10.6 22  10.7 222  11.1 22  11.2 222
11.3 112  11.4 1222  11.5 2  11.6 2  12.1 122  12.2 11  12.3 2222  13.1 2  13.2 22222  13.3 22
13.4 12222  14.1 22  14.2 1222  14.3 122  15.1 122  15.2 122  15.3 1222222  16.1 2  16.2 22222
16.3 2222  16.4 222  16.5 222
"""
ROW = re.compile(r"^\| ([\d.]+)(?:-([\d.]+))? \| ([12]) \| (.+?) \| (.*?) ?\|$", re.MULTILINE)


@cache
def there() -> set[str]:
    return {
        name for path in (ROOT / "tests").rglob("*.py") for name in re.findall(r"def (test_\w+)\(", path.read_text())
    }


def levels() -> dict[str, str]:
    return {
        f"{section}.{number}": level
        for section, digits in re.findall(r"([\d.]+) (\d+)", REQUIREMENTS)
        for number, level in enumerate(digits, 1)
    }


def rows() -> Iterator[tuple[list[str], str, str, list[str]]]:
    """The numbers of a row, its level, its words, its tests."""
    for first, last, level, words, shown in ROW.findall(SECURITY):
        section, _, number = first.rpartition(".")
        end = int(last.rpartition(".")[2]) if last else int(number)
        numbers = [f"{section}.{count}" for count in range(int(number), end + 1)]
        yield numbers, level, words, re.findall(r"`(test_\w+)`", shown)


def test_each_requirement_of_levels_1_and_2_has_one_row() -> None:
    known, told = levels(), [number for numbers, *_ in rows() for number in numbers]
    assert len(known) == 246
    assert sorted(told) == sorted(known)


def test_each_row_names_a_test_or_a_reason() -> None:
    known = levels()
    for numbers, level, words, tests in rows():
        assert level == min(known[number] for number in numbers), numbers
        is_deviation = words.startswith("Deviation:")
        assert tests or words.startswith("Not applicable: ") or is_deviation, numbers
        assert not (is_deviation and "1" in {known[number] for number in numbers}), numbers


def test_each_deviation_is_named_with_its_reason() -> None:
    deviating = {number for numbers, _, words, _ in rows() if words.startswith("Deviation:") for number in numbers}
    table = SECURITY.partition("## Deviations of level 2")[2].partition("\n## ")[0]
    assert set(re.findall(r"^\| ([\d.]+) \|", table, re.MULTILINE)) == deviating


def test_each_test_that_security_md_names_exists() -> None:
    named = set(re.findall(r"`(test_\w+)`", SECURITY))
    assert len(named) > 100
    assert named - there() == set()


def test_each_command_and_file_that_security_md_names_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z-]+)`", SECURITY)) - targets == set()
    assert [path for path in re.findall(r"`((?:portal|tests)/[\w./-]+)`", SECURITY) if not (ROOT / path).exists()] == []


def test_packages_are_locked_with_hashes() -> None:
    """Each of every lock, and the locks hold what pyproject.toml asks for."""
    asked = re.findall(
        r'^    "([\w-]+)', (ROOT / "pyproject.toml").read_text().partition("[project.optional")[0], re.MULTILINE
    )
    for name in ("requirements.lock", "requirements-serve.lock", "requirements-dev.lock"):
        packages = re.split(r"\n(?=\w)", (ROOT / name).read_text().strip())
        assert len(packages) > 30
        for package in packages:
            assert re.match(r"[\w.\[\]-]+==\S+", package), package[:60]
            assert "--hash=sha256:" in package, package[:60]
        assert {package.lower() for package in asked} <= {re.split(r"[=\[]", package)[0] for package in packages}
