"""Both languages are complete, and the committed catalogues are those of the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from jinja2 import Environment, nodes

from portal.translations.update import DOMAINS, Domain, as_po, compiled, read, untranslated, updated

ROOT = Path(__file__).resolve().parents[1]
PRESENT = [domain for domain in DOMAINS if domain.po.exists()]

# Texts that are the same in both languages: names, and words that German has taken over.
SAME = frozenset(
    [
        "Portfolio",
        "Name",
        "Status",
        "Studio",
        "IBAN",
        "BIC",
        "Person",
        "PDF",
        "Bank",
        "POSTIDENT",
        "Webhook",
        "Webhooks",
        "Cookies",
        "EBITDA",
        "Illustration",
        "Register",
        "Portal",
        "Variable",
    ]
)


@pytest.mark.parametrize("domain", PRESENT, ids=lambda domain: domain.name)
def test_the_catalogue_is_that_of_the_code(domain: Domain) -> None:
    assert domain.po.read_bytes() == as_po(updated(domain)), "run: make messages"
    assert domain.mo.read_bytes() == compiled(domain), "run: make messages"


@pytest.mark.parametrize("domain", PRESENT, ids=lambda domain: domain.name)
def test_every_text_is_translated(domain: Domain) -> None:
    assert untranslated(updated(domain)) == []


@pytest.mark.parametrize("domain", PRESENT, ids=lambda domain: domain.name)
def test_no_german_text_equals_its_key(domain: Domain) -> None:
    same = [message.id for message in read(domain) if message.id and message.id == message.string]
    assert [
        text for text in same if text not in SAME and re.search(r"[A-Za-z]{2}", re.sub(r"%\(\w+\)[sd]", "", text))
    ] == []


@pytest.mark.parametrize("domain", PRESENT, ids=lambda domain: domain.name)
def test_placeholders_are_the_same_in_both_languages(domain: Domain) -> None:
    for message in read(domain):
        if not message.id:
            continue
        keys = message.id if isinstance(message.id, tuple | list) else (message.id,)
        values = message.string if isinstance(message.string, tuple | list) else (message.string,)
        wanted = set(re.findall(r"%\(\w+\)[sd]", keys[-1]))
        for value in values:
            # One may be written as a word in the singular.
            assert set(re.findall(r"%\(\w+\)[sd]", value)) | {"%(num)d", "%(num)s"} >= wanted, message.id
            assert set(re.findall(r"%\(\w+\)[sd]", value)) <= wanted | {"%(num)d", "%(num)s"}, message.id


TEMPLATES = [path for folder in ("templates", "portal") for path in (ROOT / folder).rglob("*.html")]
FORMS = {"money", "whole_money", "day", "short_day", "instant", "clock", "number", "percent", "terms"}


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_template_gives_a_fixed_value_the_form_of_a_language(path: Path) -> None:
    """Jinja works out a filter of a constant once, when it reads the template: in whatever language that happens."""
    filters = (
        Environment(autoescape=True, extensions=["jinja2.ext.i18n"])
        .parse(path.read_text(encoding="utf-8"))
        .find_all(nodes.Filter)
    )
    assert [one.lineno for one in filters if one.name in FORMS and isinstance(one.node, nodes.Const)] == []
