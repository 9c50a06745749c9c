"""Both languages are complete, and the committed catalogues are those of the code."""

from __future__ import annotations

import re

import pytest

from portal.translations.update import DOMAINS, Domain, as_po, compiled, read, untranslated, updated

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
