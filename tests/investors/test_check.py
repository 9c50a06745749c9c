"""Reading over, agreeing, passing on: and every answer that Cashlink may give."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests
from flask import Flask
from sqlalchemy import select

from portal import integration
from portal.database import db, now
from portal.investors import missing_step
from portal.models import Intent, Investor, User

from ..visitor import Visitor
from ..world import World
from .conftest import ALICE, STORED, TYPED, answers_of, fill_in, investor_of, receipts, signed_in
from .test_identification import upload

pytestmark = pytest.mark.slow

CHECK = "/investor/check"
COMPANY = "Cashlink-Simulator (Test)"
ENGLISH = (
    "I agree that Feldmark passes my name, date and place of birth, citizenship, address, phone, email, identification "
    "data, my statements on public offices and on acting for myself, and my tax and bank details to "
    f"{COMPANY} so that Cashlink can prepare my subscription and identify me. I can withdraw this consent at any time "
    "for the future. Then I cannot subscribe through Feldmark."
)
GERMAN = (
    "Ich stimme zu, dass Feldmark meinen Namen, mein Geburtsdatum und meinen Geburtsort, meine Staatsangehörigkeit, "
    "Anschrift, Telefonnummer und E-Mail-Adresse, meine Identifizierungsdaten, meine Angaben zu öffentlichen Ämtern "
    "und zum Handeln auf eigene Rechnung sowie meine Steuer- und Bankdaten an "
    f"{COMPANY} weitergibt, damit Cashlink meine Zeichnung vorbereiten und mich identifizieren kann. Ich kann diese "
    "Einwilligung jederzeit für die Zukunft widerrufen. Dann kann ich über Feldmark nicht zeichnen."
)


@pytest.fixture
def ready(alice: Visitor) -> Visitor:
    """Alice, with all steps done."""
    fill_in(alice)
    return alice


@pytest.fixture
def passed_on(monkeypatch: pytest.MonkeyPatch) -> list[str | None]:
    """The texts of the imports that were started; nothing is called."""
    texts: list[str | None] = []

    def import_investor(investor: Investor, consent_text: str | None = None, consent_language: str = "") -> str:
        texts.append(consent_text)
        return "open"

    monkeypatch.setattr(integration, "import_investor", import_investor)
    return texts


def missing(app: Flask, back: str | None = None) -> str | None:
    with app.test_request_context("/", base_url="http://localhost:8000"):
        return missing_step(db.session.scalars(select(User)).one(), back)


def test_all_answers_are_there_to_be_read_over(ready: Visitor) -> None:
    text = ready.get(CHECK).text
    for shown in ("Alice Maria", "14 March 1986", "Bremen", "Germany", "Musterweg 1", "+49 30 23125101", "11234567890",
                  "DE67 9000 0000 1111 1111 11", "MUSTDEX0XXX", "No, Cashlink identifies me"):  # fmt: skip
        assert shown in text
    changes = [str(link["href"]) for link in ready.get(CHECK).soup.select("main a") if link.text.startswith("Change")]
    assert changes == [f"/investor/{step}" for step in TYPED]


def test_changing_an_answer_leads_back_to_reading_over(ready: Visitor) -> None:
    assert ready.submit("/investor/person", surname="Muster").location == CHECK
    assert "Muster" in ready.get(CHECK).text


def test_an_identification_is_shown_in_words(app: Flask, ready: Visitor) -> None:
    upload(ready)
    text = ready.get(CHECK).text
    assert "5 July 2026, 14:30" in text
    assert "6 May 2021" in text
    assert "protocol.pdf" in text
    assert "with the protocol" in text


@pytest.mark.parametrize(("language", "words"), [("en", ENGLISH), ("de", GERMAN)])
def test_the_consent_names_all_that_is_transferred(
    app: Flask, passed_on: list[str | None], language: str, words: str
) -> None:
    visitor = signed_in(app, language=language)
    fill_in(visitor)
    page = visitor.get(CHECK)
    label = page.soup.select_one("label[for=consent]")
    assert label is not None
    assert label.text == words
    assert page.typed("consent") is None
    assert COMPANY in page.text
    assert page.soup.select_one("main a[href='/privacy']")
    assert visitor.submit(CHECK, consent="y").status == 303
    assert passed_on == [words]


def test_what_was_read_is_what_is_kept(app: Flask, ready: Visitor, passed_on: list[str | None]) -> None:
    """The language was changed in another tab after the page was opened."""
    page = ready.get(CHECK)
    ready.post("/language", language="de")
    data = {"csrf_token": page.typed("csrf_token"), "consent": "y", "consent_language": page.typed("consent_language")}
    ready.client.post(CHECK, base_url="http://localhost:8000", data=data)
    assert passed_on == [ENGLISH]


def test_a_made_up_language_of_the_consent_is_harmless(ready: Visitor, passed_on: list[str | None]) -> None:
    ready.submit(CHECK, consent="y", consent_language="xx\x00")
    assert passed_on == [ENGLISH]


def test_without_consent_nothing_is_passed_on(app: Flask, ready: Visitor, passed_on: list[str | None]) -> None:
    answer = ready.submit(CHECK)
    assert answer.status == 422
    assert answer.summary == ["Confirm that we may pass your data to Cashlink, or stop here"]
    assert answer.message("consent") == answer.summary[0]
    assert passed_on == []


def test_skipped_steps_are_led_to(app: Flask, alice: Visitor, passed_on: list[str | None]) -> None:
    assert alice.get(CHECK).location == "/investor/person"
    fill_in(alice, "person", "birth", "tax", "bank", "statements")
    assert alice.get(CHECK).location == "/investor/address"
    assert alice.post(CHECK, consent="y").location == "/investor/address"
    assert passed_on == []


def test_an_unconfirmed_address_is_confirmed_first(app: Flask, ready: Visitor, passed_on: list[str | None]) -> None:
    with app.app_context():
        db.session.scalars(select(User)).one().email_confirmed_at = None
        db.session.commit()
    assert ready.submit(CHECK, consent="y").location == "/register/sent"
    page = ready.get("/register/sent")
    assert ALICE in page.text
    assert passed_on == []
    assert missing(app) == "/register/sent"


def test_the_step_that_is_missing_for_a_subscription(app: Flask, alice: Visitor, put: Callable[..., None]) -> None:
    assert missing(app) == "/investor/person"
    assert missing(app, "/campaigns/example") == "/investor?next=/campaigns/example"
    fill_in(alice)
    assert missing(app) == CHECK
    put("open")
    assert missing(app) is None
    assert missing(app, "/campaigns/example") is None
    put("done")
    assert missing(app) is None


def test_a_parked_import_is_missing_for_a_subscription(app: Flask, ready: Visitor, put: Callable[..., None]) -> None:
    put("parked")
    assert missing(app) == "/investor"


def test_without_an_answer_nothing_is_lost(app: Flask, ready: Visitor) -> None:
    """Cashlink cannot be reached: port 9 is closed."""
    assert ready.submit(CHECK, consent="y").location == "/investor"
    page = ready.get("/investor")
    assert page.heading == "Cashlink has not confirmed yet"
    assert "Nothing is lost" in page.text
    assert page.soup.select_one("main a[href='/investor']") is not None
    investor = investor_of(app)
    assert investor is not None
    assert receipts(app) == [ENGLISH]
    assert answers_of(app) == STORED


@pytest.mark.parametrize(
    ("state", "heading"),
    [
        ("open", "Cashlink has not confirmed yet"),
        ("parked", "Not available at the moment"),
        ("done", "Your data has been passed on"),
    ],
)
def test_after_passing_on_nothing_can_be_edited(
    app: Flask, ready: Visitor, put: Callable[..., None], passed_on: list[str | None], state: str, heading: str
) -> None:
    put(state)
    before = answers_of(app)
    assert ready.get("/investor").heading == heading
    for step, typed in TYPED.items():
        page = ready.get(f"/investor/{step}")
        assert (page.status, page.heading) == (200, heading)
        assert page.soup.select_one("#main-form") is None
        answer = ready.post(f"/investor/{step}", **typed)
        assert (answer.status, answer.heading) == (409, heading)
    assert answers_of(app) == before
    assert ready.get(CHECK).location == "/investor"
    assert ready.post(CHECK, consent="y").location == "/investor"
    assert passed_on == []


def test_a_form_from_before_passing_on_changes_nothing(app: Flask, ready: Visitor, put: Callable[..., None]) -> None:
    """The tab was open; and saving looks at the state again in its own transaction."""
    from portal.investors import steps
    from portal.investors.forms import PersonForm

    put("done")
    with app.test_request_context("/", method="POST", data=TYPED["person"]):
        form = PersonForm()
        assert form.validate()
        assert steps.save(db.session.scalars(select(User)).one(), "person", form) is None
    assert answers_of(app) == {}


def refusal(**errors: list[str]) -> dict[str, Any]:
    return {"field_errors": errors}


def test_cashlinks_own_messages_stand_where_they_can_be_mended(
    app: Flask, ready: Visitor, put: Callable[..., None]
) -> None:
    put("refused", **refusal(**{"bank_account.iban": ["Unknown <bank>."], "natural_person.birth_date": ["Too old."]}))
    assert ready.get("/investor").location == CHECK
    page = ready.get(CHECK)
    assert page.summary == ["Cashlink says: Unknown <bank>.", "Cashlink says: Too old."]
    links = [str(link["href"]) for link in page.soup.select(".summary a")]
    assert links == ["/investor/bank#iban", "/investor/birth#birth_day"]
    assert "<bank>" not in page.response.text
    bank = ready.get("/investor/bank")
    assert bank.status == 200
    assert bank.message("iban") == "Cashlink says: Unknown <bank>."
    assert bank.summary == ["Cashlink says: Unknown <bank>."]
    assert bank.typed("iban") == "DE67 9000 0000 1111 1111 11"
    assert ready.get("/investor/birth").message("birth_day") == "Cashlink says: Too old."
    assert ready.get("/investor/person").summary == []


def test_a_mended_step_is_not_complained_about_any_more(
    app: Flask, ready: Visitor, put: Callable[..., None], passed_on: list[str | None]
) -> None:
    put("refused", **refusal(iban=["Unknown bank."]))
    assert ready.submit("/investor/bank", iban="DE20900000002222222222").location == CHECK
    assert ready.get(CHECK).summary == []
    assert ready.get("/investor/bank").summary == []
    assert ready.submit(CHECK, consent="y").status == 303
    assert passed_on == [ENGLISH]


@pytest.mark.parametrize("errors", [{}, {"detail": ["Something else."]}, {"surprise": ["New field."]}])
def test_a_refusal_that_fits_no_field_is_told_too(
    ready: Visitor, put: Callable[..., None], errors: dict[str, list[str]]
) -> None:
    put("refused", **refusal(**errors))
    page = ready.get(CHECK)
    assert page.status == 200
    assert "Cashlink has not accepted your data" in page.text
    assert page.summary == [f"Cashlink says: {text}" for texts in errors.values() for text in texts]


def test_after_the_investor_exists_only_the_identification_can_change(
    app: Flask, ready: Visitor, put: Callable[..., None]
) -> None:
    put("refused", kind="identification", **refusal(document_id=["Not readable."]))
    with app.app_context():
        db.session.scalars(select(Investor)).one().cashlink_id = "at-cashlink"
        db.session.commit()
    assert ready.get("/investor/person").heading == "This cannot be changed here any more"
    assert ready.post("/investor/person", **TYPED["person"]).status == 409
    assert ready.get("/investor/identification").message("document_id") == "Cashlink says: Not readable."
    changes = [link for link in ready.get(CHECK).soup.select("main a") if link.text.startswith("Change")]
    assert [str(link["href"]) for link in changes] == ["/investor/identification"]


def test_what_was_passed_on_stands_on_the_account_page(app: Flask, ready: Visitor, put: Callable[..., None]) -> None:
    put("done")
    text = ready.get("/account").text + ready.get("/account/passed-on").text
    assert "Alice Maria Beispiel" in text
    assert "passed on" in text
    for dropped in ("DE67", "11234567890", "Musterweg", "1986"):
        assert dropped not in text


# Against the simulator, over real HTTP.


@pytest.fixture
def real(tmp_path: Path) -> Iterator[tuple[World, Visitor]]:
    """A world, and Alice with all steps done in it."""
    with World(tmp_path, background=False) as world:
        # The visitor's addresses are those of the test client.
        world.app.extensions["settings"] = replace(world.app.extensions["settings"], public_url="http://localhost:8000")
        visitor = signed_in(world.app)
        fill_in(visitor)
        yield world, visitor


def at_cashlink(world: World) -> dict[str, Any]:
    return dict(requests.get(f"{world.simulator_url}/_control/state", timeout=5).json())


def test_passing_on_creates_the_investor_and_leads_to_the_campaign(real: tuple[World, Visitor]) -> None:
    world, visitor = real
    assert visitor.get("/investor?next=/campaigns/example").status == 303
    answer = visitor.submit(CHECK, consent="y")
    assert (answer.status, answer.location) == (303, "/campaigns/example")
    (investor,) = at_cashlink(world)["investors"]
    assert investor["has_communication"]
    assert "has been passed on" in visitor.get("/account").text
    assert visitor.get("/investor").heading == "Your data has been passed on"
    row = investor_of(world.app)
    assert row is not None
    assert (row.cashlink_id, row.answers, receipts(world.app)) == (investor["id"], None, [ENGLISH])
    assert row.forename == "Alice Maria"


def test_passing_on_leads_to_no_other_site(real: tuple[World, Visitor]) -> None:
    _, visitor = real
    visitor.get("/investor?next=//evil.example")
    assert visitor.submit(CHECK, consent="y").location == "/"


def test_an_identification_goes_along_with_its_protocol(real: tuple[World, Visitor]) -> None:
    world, visitor = real
    assert upload(visitor).status == 303
    assert visitor.submit(CHECK, consent="y").location == "/investor"
    (investor,) = at_cashlink(world)["investors"]
    assert investor["identifications"] == 1
    row = investor_of(world.app)
    assert row is not None
    assert (row.protocol, row.protocol_name) == (None, None)


def test_a_refusal_is_shown_at_once_and_healed_by_mending(
    real: tuple[World, Visitor], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cashlink's rules are stricter than ours here: a minor by its clock, and a phone number that it does not like."""
    world, visitor = real
    with world.app.app_context():
        row = db.session.scalars(select(Investor)).one()
        row.answers = {**(row.answers or {}), "birth": {**STORED["birth"], "birth_date": "2020-01-01"}}
        db.session.commit()
    answer = visitor.submit(CHECK, consent="y")
    assert answer.status == 422
    assert answer.summary == ["Cashlink says: The investor must be at least 18 years old."]
    assert answer.typed("consent") is None
    assert at_cashlink(world)["investors"] == []
    fill_in(visitor, "birth")
    assert visitor.submit(CHECK, consent="y").location == "/investor"
    assert len(at_cashlink(world)["investors"]) == 1
    with world.app.app_context():
        keys = db.session.scalars(select(Intent.idempotency_key).where(Intent.kind == "investor")).all()
    assert len(set(keys)) == 2


def test_a_double_click_passes_on_once(real: tuple[World, Visitor]) -> None:
    world, visitor = real
    page = visitor.get(CHECK)
    data = {"csrf_token": page.typed("csrf_token"), "consent": "y", "consent_language": "en"}
    for _ in range(2):
        answer = visitor.client.post(CHECK, base_url="http://localhost:8000", data=data)
        assert answer.status_code == 303
    assert len(at_cashlink(world)["investors"]) == 1


def test_no_personal_data_in_any_log(real: tuple[World, Visitor], caplog: pytest.LogCaptureFixture) -> None:
    _, visitor = real
    with caplog.at_level("DEBUG"):
        visitor.submit(CHECK, consent="y")
        visitor.submit("/account/password", password="wrong", new_password="x" * 12)
    for secret in ("DE67", "11234567890", "Beispiel", "alice@", "1986", "Musterweg"):
        assert secret not in caplog.text
    assert now() is not None
