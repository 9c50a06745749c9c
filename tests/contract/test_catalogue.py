"""The rules themselves: how many, each in two languages, each with its place in our code."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from portal.contract.rules import Rule, rules

ROOT = Path(__file__).resolve().parents[2]
RULES = [*rules("api"), *rules("app")]


def test_there_are_25_to_40_rules_each_once() -> None:
    assert 25 <= len(RULES) <= 40
    assert f"holds {len(RULES)} rules" in (ROOT / "README.md").read_text()
    assert f"{len(RULES)} rules of an integration" in (ROOT / "CHANGELOG.md").read_text()
    assert len({rule.id for rule in RULES}) == len(RULES)
    assert len({rule.sentence.en for rule in RULES}) == len(RULES)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_says_what_why_and_what_to_do_in_both_languages(rule: Rule) -> None:
    for text in (rule.sentence, rule.why, rule.remedy):
        assert text.en.endswith(".")
        assert text.de.endswith(".")
        assert text.en != text.de
    assert bool(rule.source) or rule.basis == "assumed"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_our_lines_that_a_rule_names_exist(rule: Rule) -> None:
    for place in rule.ours:
        path, _, function = place.partition(":")
        names = {
            node.name
            for node in ast.walk(ast.parse((ROOT / path).read_text()))
            if isinstance(node, ast.FunctionDef | ast.ClassDef)
        }
        assert function in names, place
    for place in rule.places():
        path, _, rest = place.partition(":")
        number, _, function = rest.partition(" ")
        line = (ROOT / path).read_text().splitlines()[int(number) - 1]
        assert f" {function}(" in line
