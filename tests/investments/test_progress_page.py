"""The progress page says what Cashlink has said: in words, in both languages, and nothing beyond."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from flask import Flask

from portal.database import db, now
from portal.models import Intent, Investor

from .person import PATH, START, Page, Person, words

EN_STEPS = (
    "Subscription signed",
    "Identity check",
    "Review",
    "Acceptance by the issuer",
    "Payment",
    "Credit of the securities",
)
DE_STEPS = (
    "Zeichnung unterschrieben",
    "Identifizierung",
    "Prüfung",
    "Annahme durch die Emittentin",
    "Zahlung",
    "Gutschrift der Wertpapiere",
)

# What was told · language · label · banner · step · tag at the step · button.
CASES = [
    ((), "en", "Not signed yet", "Finish your subscription at Cashlink", 1, "Your turn", "Continue at Cashlink"),
    ((), "de", "Noch nicht unterschrieben", "Schließen Sie Ihre Zeichnung bei Cashlink ab", 1, "Sie sind dran",
     "Bei Cashlink fortsetzen"),
    (PATH[:1], "en", "Identity check open", "Confirm your identity", 2, "Your turn", "Confirm identity at Cashlink"),
    (PATH[:1], "de", "Identifizierung offen", "Bestätigen Sie Ihre Identität", 2, "Sie sind dran",
     "Bei Cashlink identifizieren"),
    (("KYC_PENDING", "KYC_INSUFFICIENT"), "en", "Identity check incomplete", "Your identity check is incomplete", 2,
     "Identity check incomplete", "Open Cashlink"),
    (("KYC_PENDING", "KYC_INSUFFICIENT"), "de", "Identifizierung unvollständig",
     "Ihre Identifizierung ist unvollständig", 2, "Identifizierung unvollständig", "Cashlink öffnen"),
    (PATH[:2], "en", "In review", "Your subscription is being reviewed", 3, "In progress", None),
    (PATH[:2], "de", "In Prüfung", "Ihre Zeichnung wird geprüft", 3, "Läuft", None),
    (PATH[:3], "en", "Waiting for the issuer", "The issuer is deciding on your subscription", 4, "In progress", None),
    (PATH[:3], "de", "Annahme durch Emittentin offen", "Die Emittentin entscheidet über Ihre Zeichnung", 4, "Läuft",
     None),
    (PATH[:4], "en", "Accepted – payment due", "Accepted: please transfer €5,000.00", 5, "Your turn",
     "Show payment details at Cashlink"),
    (PATH[:4], "de", "Angenommen – Zahlung offen", "Angenommen: Bitte überweisen Sie 5.000,00 €", 5, "Sie sind dran",
     "Zahlungsdaten bei Cashlink anzeigen"),
    (PATH[:5], "en", "Payment received", "Payment received", 6, "In progress", None),
    (PATH[:5], "de", "Zahlung eingegangen", "Zahlung eingegangen", 6, "Läuft", None),
    (PATH, "en", "Completed", "Done: 50 units have been credited to you", None, None, "Go to portfolio"),
    (PATH, "de", "Abgeschlossen", "Abgeschlossen: Ihnen sind 50 Stück gutgeschrieben", None, None, "Zum Portfolio"),
    ((*PATH[:3], "REJECTION"), "en", "Declined by the issuer", "The issuer has declined your subscription", 4,
     "Declined by the issuer", "See other campaigns"),
    ((*PATH[:3], "REJECTION"), "de", "Von der Emittentin abgelehnt", "Die Emittentin hat Ihre Zeichnung abgelehnt", 4,
     "Von der Emittentin abgelehnt", "Andere Kampagnen ansehen"),
    ((*PATH[:4], "CANCELLATION"), "en", "Cancelled", "The contract has been cancelled", 5, "Cancelled",
     "See other campaigns"),
    ((*PATH[:4], "CANCELLATION"), "de", "Storniert", "Der Vertrag wurde storniert", 5, "Storniert",
     "Andere Kampagnen ansehen"),
    ((*PATH[:1], "ABORTION"), "en", "Ended before acceptance", "This subscription ended before it was accepted", 2,
     "Ended before acceptance", "Back to the campaign"),
    ((*PATH[:1], "ABORTION"), "de", "Beendet", "Diese Zeichnung wurde vor der Annahme beendet", 2, "Beendet",
     "Zurück zur Kampagne"),
    ((*PATH[:4], "PAYMENT_MISSING"), "en", "Cancelled: payment missing", "Cancelled because no payment arrived in time",
     5, "Cancelled: payment missing", "Back to the campaign"),
    ((*PATH[:4], "PAYMENT_MISSING"), "de", "Storniert: Zahlung fehlt",
     "Storniert, weil die Zahlung nicht rechtzeitig eingegangen ist", 5, "Storniert: Zahlung fehlt",
     "Zurück zur Kampagne"),
    ((*PATH[:3], "ON_HOLD"), "en", "Being updated", "Your status is being updated", 4, "In progress", None),
    ((*PATH[:3], "ON_HOLD"), "de", "Wird aktualisiert", "Ihr Status wird aktualisiert", 4, "Läuft", None),
]  # fmt: skip


@pytest.mark.parametrize(
    ("told", "language", "label", "banner", "step", "tag", "button"),
    CASES,
    ids=[f"{case[0][-1] if case[0] else 'STARTED'}-{case[1]}" for case in CASES],
)
def test_each_status_has_its_words(
    dana: Person,
    told: tuple[str, ...],
    language: str,
    label: str,
    banner: str,
    step: int | None,
    tag: str | None,
    button: str | None,
) -> None:
    page = dana.progress(dana.invest(*told, units=50), language)
    code = told[-1] if told else "STARTED"
    assert page.status == code
    assert page.words("title") == f"{label}: Wärmeanleihe Hollerbrück – Feldmark"
    assert page.words(".cluster .tag") == label
    assert page.words("#banner") == banner
    assert page.current_step == step
    if step and tag:
        name = (EN_STEPS if language == "en" else DE_STEPS)[step - 1]
        assert page.steps[step - 1][1].startswith(f"{name} {tag}")
        assert [state for state, _ in page.steps[: step - 1]] == ["done"] * (step - 1)
    else:
        assert [state for state, _ in page.steps] == ["done"] * 6
    assert (page.button.get_text() if page.button else None) == button
    assert code not in page.text


def test_the_newest_instant_wins_whatever_came_last(dana: Person) -> None:
    investment = dana.invest()
    dana.tell(investment, "PAID", START + timedelta(hours=3))
    dana.tell(investment, "ACCEPTED", START + timedelta(hours=2))
    assert dana.progress(investment).status == "PAID"


def test_of_two_at_the_same_instant_the_later_status_wins(dana: Person) -> None:
    investment = dana.invest()
    dana.tell(investment, "WAITING_FOR_ACCEPTANCE", START)
    dana.tell(investment, "REVIEW_PENDING", START)
    page = dana.progress(investment)
    assert page.status == "WAITING_FOR_ACCEPTANCE"
    assert page.current_step == 4


def test_a_step_back_is_drawn(dana: Person) -> None:
    page = dana.progress(dana.invest(*PATH[:4], "KYC_INSUFFICIENT"))
    assert [state for state, _ in page.steps] == ["done", "problem", "todo", "todo", "todo", "todo"]
    assert page.words("#banner") == "Your identity check is incomplete"


def test_what_follows_an_end_is_shown(dana: Person) -> None:
    page = dana.progress(dana.invest(*PATH[:3], "REJECTION", "ACCEPTED"))
    assert page.status == "ACCEPTED"
    assert page.current_step == 5
    assert "No longer needed" not in page.text


def test_a_step_bears_the_date_of_its_own_message_only(dana: Person) -> None:
    page = dana.progress(dana.invest("REVIEW_PENDING", "ACCEPTED"))
    assert [text for _, text in page.steps[:4]] == [
        "Subscription signed Done",
        "Identity check Done: 16 November 2026, 11:42",
        "Review Done",
        "Acceptance by the issuer Done: 16 November 2026, 12:42",
    ]


def test_a_step_that_was_done_before_keeps_its_date_when_its_message_comes_again(dana: Person) -> None:
    page = dana.progress(dana.invest("KYC_PENDING", "REVIEW_PENDING", "KYC_PENDING"))
    assert page.steps[0] == ("done", "Subscription signed Done: 16 November 2026, 11:42")
    assert page.current_step == 2


def test_what_was_learnt_by_asking_says_so(dana: Person) -> None:
    investment = dana.invest("KYC_PENDING")
    dana.tell(investment, "REVIEW_PENDING", START + timedelta(hours=5), polled=True)
    page = dana.progress(investment)
    assert page.steps[1] == ("done", "Identity check Done by 16 November 2026, 15:42")
    assert page.history == [
        "16 November 2026, 15:42 In review (learnt by asking Cashlink)",
        "16 November 2026, 11:42 Identity check open",
        "16 November 2026, 10:42 You clicked “Invest now” here",
    ]
    german = dana.progress(investment, "de")
    assert german.steps[1] == ("done", "Identifizierung Erledigt, spätestens 16. November 2026, 15:42 Uhr")
    assert german.history[0] == "16. November 2026, 15:42 Uhr In Prüfung (durch Nachfrage bei Cashlink erfahren)"


def test_an_end_crosses_out_the_step_that_was_under_way(dana: Person) -> None:
    page = dana.progress(dana.invest(*PATH[:5], "CANCELLATION"))
    assert page.steps[4] == ("done", "Payment Done: 16 November 2026, 15:42")
    assert page.steps[5] == ("problem", "Credit of the securities Cancelled 16 November 2026, 16:42")


def test_after_an_end_nothing_more_is_needed(dana: Person) -> None:
    page = dana.progress(dana.invest(*PATH[:3], "REJECTION"), "de")
    assert page.steps[3] == (
        "problem",
        "Annahme durch die Emittentin Von der Emittentin abgelehnt 16. November 2026, 14:42 Uhr",
    )
    assert page.steps[4:] == [
        ("todo", "Zahlung Nicht mehr nötig."),
        ("todo", "Gutschrift der Wertpapiere Nicht mehr nötig."),
    ]


def test_a_code_that_nobody_knows_stands_in_the_attribute_alone(dana: Person) -> None:
    code = '"><script>alert(1)</script>'
    page = dana.progress(dana.invest("KYC_PENDING", code))
    assert page.status == code
    assert "alert" not in page.text
    assert page.history[0].endswith("A status we cannot show yet")
    assert page.current_step == 2
    assert page.steps[1][1].startswith("Identity check In progress")


def test_an_unknown_code_before_any_other_shows_no_step_as_done(dana: Person) -> None:
    page = dana.progress(dana.invest("ON_HOLD"))
    assert [state for state, _ in page.steps] == ["now", "todo", "todo", "todo", "todo", "todo"]
    assert page.words("#banner") == "Your status is being updated"


@pytest.mark.parametrize(
    ("language", "units", "status", "sentence"),
    [
        ("en", None, "ACCEPTED", "Accepted: please transfer the amount due"),
        ("de", None, "ACCEPTED", "Angenommen: Bitte überweisen Sie den Betrag"),
        ("en", None, "PAID", "Your payment has arrived."),
        ("en", 50, "PAID", "Your €5,000.00 has arrived."),
        ("de", 50, "PAID", "Ihre Zahlung über 5.000,00 € ist eingegangen."),
        ("en", 1, "PAID", "Your 1 unit is entered in the register and credited to you."),
        ("de", 1200, "PAID", "Ihre 1.200 Stück werden im Register eingetragen"),
        ("en", None, "DELIVERED", "Done: your units have been credited to you"),
        ("en", 1, "DELIVERED", "Done: 1 unit has been credited to you"),
        ("de", 1, "DELIVERED", "Abgeschlossen: Ihnen ist 1 Stück gutgeschrieben"),
    ],
)
def test_units_and_amount_are_named_once_they_are_known(
    dana: Person, language: str, units: int | None, status: str, sentence: str
) -> None:
    assert sentence in dana.progress(dana.invest(status, units=units), language).words(".banner")


def test_the_summary_says_what_is_not_known(dana: Person) -> None:
    assert "Amount not known yet Units not known yet Interest 5.75% a year" in dana.progress(dana.invest()).text
    assert (
        "Betrag 5.000,00 € Stück 50 Zins 5,75 % pro Jahr"
        in dana.progress(dana.invest("PAID", number=2, units=50), "de").text
    )


def test_the_button_is_a_link_that_names_the_next_site(dana: Person) -> None:
    page = dana.progress(dana.invest("KYC_PENDING"))
    assert page.button is not None
    assert page.button["href"] == "http://localhost:9/subscribe/abc"
    assert page.button["rel"] == ["noreferrer"]
    assert "You are leaving Feldmark. Next site: localhost:9" in page.words(".banner")
    assert page.soup.select(".banner form") == []


def test_an_address_on_a_foreign_host_is_no_button(dana: Person) -> None:
    page = dana.progress(dana.invest("KYC_PENDING", start_url="https://evil.example/subscribe"))
    assert page.button is None
    assert "evil.example" not in str(page.soup)
    assert "The link to Cashlink is not available at the moment." in page.text


@pytest.mark.parametrize(
    ("result", "reason", "banner", "says"),
    [
        (None, "http-503", "We have not reached Cashlink yet",
         "Cashlink is not answering. Nothing is lost and nothing is binding. We keep trying and show the result here."),
        (None, None, "We have not reached Cashlink yet", "We keep trying"),
        (None, "http-403", "This is not available at the moment", "We are looking into it."),
        (None, "token-http-401", "This is not available at the moment", "We are looking into it."),
        ("parked", "http-409", "This is not available at the moment", "We are looking into it."),
        ("refused", "campaign-not-found", "This campaign is closed at Cashlink", "Nothing was started."),
    ],
)  # fmt: skip
def test_before_there_is_an_address_the_page_says_how_far_it_is(
    dana: Person, result: str | None, reason: str | None, banner: str, says: str
) -> None:
    investment = dana.invest(result=result, cashlink_id=None, start_url=None)
    with dana.app.app_context():
        db.session.execute(db.update(Intent).where(Intent.investment_id == investment).values(reason=reason))
        db.session.commit()
    page = dana.progress(investment)
    assert page.status == "STARTED"
    assert page.words("#banner") == banner
    assert says in page.text
    assert not any(str(link["href"]).startswith("http") for link in page.soup.select("a[href]"))


@pytest.mark.parametrize(
    ("import_result", "banner"),
    [
        (None, "We have not reached Cashlink yet"),
        ("refused", "Please check your details"),
        ("parked", "This is not available at the moment"),
    ],
)
def test_an_investment_waits_for_the_import_of_the_person(dana: Person, import_result: str | None, banner: str) -> None:
    investment = dana.invest(cashlink_id=None, start_url=None)
    with dana.app.app_context():
        investor = db.session.scalars(db.select(Investor).where(Investor.user_id == dana.user_id)).one()
        investor.imported_at = None
        db.session.execute(db.delete(Intent))
        db.session.add(Intent(kind="investor", investor_id=investor.id, result=import_result, closed_at=now()))
        db.session.commit()
    page = dana.progress(investment)
    assert page.words("#banner") == banner
    assert (page.button["href"] if page.button else None) == ("/investor" if import_result == "refused" else None)


def test_a_released_subscription_has_ended_and_leads_back(dana: Person) -> None:
    page = dana.progress(dana.invest(released_at=now()))
    assert page.words("#banner") == "This subscription ended before you signed"
    assert page.button is not None
    assert page.button["href"] == "/campaigns/waermeanleihe-hollerbrueck"


@pytest.mark.parametrize("part", ["", "/status", "/events"])
def test_the_investment_of_another_person_does_not_exist(dana: Person, mallory: Person, part: str) -> None:
    investment = dana.invest("ACCEPTED")
    assert mallory.client.get(f"/investments/{investment}{part}").status_code == 404
    assert mallory.client.get(f"/investments/{uuid.uuid4()}{part}").status_code == 404
    assert mallory.client.get(f"/investments/1{part}").status_code == 404


def test_who_is_signed_out_is_asked_to_sign_in_first(app: Flask, dana: Person) -> None:
    investment = dana.invest("ACCEPTED")
    for path in (f"/investments/{investment}", "/investments"):
        answer = app.test_client().get(path)
        assert answer.status_code in (302, 303)
        assert answer.location.startswith("/login?")


def test_a_campaign_whose_content_has_gone_still_has_a_page(dana: Person) -> None:
    page = dana.progress(dana.invest("ACCEPTED", campaign="taken-out", units=50))
    assert page.words("h1") == "taken-out"
    assert page.words("#banner") == "Accepted: please transfer the amount due"


def help_box(page: Page) -> str:
    return words(page.soup.select_one("section[aria-labelledby=help]"))  # type: ignore[arg-type]


def test_documents_and_reference_stand_on_every_progress_page(dana: Person) -> None:
    for number, told in enumerate([(), ("ACCEPTED",), ("REJECTION",), ("SOMETHING_NEW",)], 1):
        investment = dana.invest(*told, number=number)
        page = dana.progress(investment)
        assert len(page.soup.select("section[aria-labelledby=documents] a[href$='.pdf']")) == 4
        assert str(investment)[:13].upper() in help_box(page)
        assert page.soup.select("section[aria-labelledby=help] a[href='/help']")


@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        ((), ""),
        (("KYC_PENDING",), "You can withdraw for 14 days after the issuer has accepted"),
        (("ACCEPTED",), "You can withdraw until"),
        (("ACCEPTED", "PAID", "DELIVERED"), "You can withdraw until"),
        (("REJECTION",), ""),
        (("ACCEPTED", "CANCELLATION"), ""),
    ],
)
def test_withdrawal_is_offered_while_it_applies(dana: Person, told: tuple[str, ...], sentence: str) -> None:
    investment = dana.invest()
    for index, status in enumerate(told):
        dana.tell(investment, status, now() - timedelta(days=13, minutes=-index))
    box = help_box(dana.progress(investment))
    assert sentence in box
    assert ("Withdraw from contract" in box) is bool(sentence)


def test_withdrawal_ends_two_weeks_after_the_acceptance(dana: Person) -> None:
    investment = dana.invest()
    dana.tell(investment, "ACCEPTED", now() - timedelta(days=16))
    assert "withdraw" not in help_box(dana.progress(investment))


def test_the_way_to_withdraw_names_the_subscription_that_one_comes_from(dana: Person) -> None:
    first, second = dana.invest("ACCEPTED"), dana.invest("ACCEPTED", number=2)
    for investment in (first, second):
        dana.tell(investment, "ACCEPTED", now() - timedelta(days=1))
        (way,) = dana.progress(investment).soup.select("section[aria-labelledby=help] a[href^='/withdraw']")
        (field,) = dana.page(str(way["href"])).soup.select("[name=contract]")
        assert str(field["value"]).endswith(str(investment)[:13].upper())
    (field,) = dana.page("/withdraw").soup.select("[name=contract]")
    assert not field.get("value")
