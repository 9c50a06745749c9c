"""The hosted subscription runs through for whoever knows the fixed interface, and can be left and resumed anywhere."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from .running import BOND, SOLAR, Receiver, Robot, RunningSimulator, wait_until
from .test_studio import act, studio_post

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("language", ["de", "en"])
def test_robot_gets_through_on_default_values(simulator: RunningSimulator, language: str) -> None:
    investment = simulator.invest()
    robot = Robot(investment["start_url"], language)
    robot.walk()
    found = simulator.call("GET", f"/v2/investments/{investment['id']}/").json()
    assert (found["status"], found["units"]) == ("REVIEW_PENDING", 10)
    assert found["signed_at"].endswith("Z")
    assert robot.page.find("a", href="http://localhost:8000/investments") is not None


def test_identified_investor_need_not_identify_again(simulator: RunningSimulator) -> None:
    investor_id = simulator.create_investor()
    simulator.identify_investor(investor_id)
    investment = simulator.invest(investor_id=investor_id)
    robot = Robot(investment["start_url"])
    assert "Step 1 of 5" in robot.text
    robot.walk()
    assert simulator.status(investment) == "REVIEW_PENDING"
    assert "Confirm your identity" not in robot.headings


def test_start_url_resumes_in_another_browser(simulator: RunningSimulator) -> None:
    investment = simulator.invest()
    first = Robot(investment["start_url"])
    first.submit(email="alice@example.com")
    first.submit(amount="2,500")
    first.submit(horizon="earlier")
    second = Robot(investment["start_url"], "de")
    assert second.heading == "Kenntnisse und Erfahrungen"
    chosen = second.page.find("input", id="horizon-earlier", checked=True)
    assert chosen is not None
    second.open(investment["start_url"] + "/amount")
    assert "2.500,00" in str(second.form())
    second.open(investment["start_url"] + "/welcome")
    assert "alice@example.com" in str(second.form())


def test_changed_email_is_not_confirmed_any_more(simulator: RunningSimulator) -> None:
    investor_id = simulator.create_investor()
    investment = simulator.invest(investor_id=investor_id)
    Robot(investment["start_url"]).submit(email="alice@example.com", city="Kiel")
    found = simulator.call("GET", f"/v2/investors/{investor_id}/").json()
    assert found["communication"] == {"email": "alice@example.com", "email_confirmed": False}
    assert found["natural_person"]["city"] == "Kiel"


def test_step_cannot_be_skipped(simulator: RunningSimulator) -> None:
    investment = simulator.invest()
    robot = Robot(investment["start_url"] + "/signature")
    assert robot.url.endswith("/welcome")
    assert simulator.status(investment) is None


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("400", "Invest at least €500"),
        ("25,100", "Invest at most €25,000"),
        ("1,050", "Enter a multiple of €100"),
        ("much", "Enter an amount"),
        ("1e3", "Enter an amount"),
        ("NaN", "Enter an amount"),
        ("-500", "Invest at least €500"),
    ],
)
def test_unusable_amount_is_refused_with_the_typed_text_kept(
    simulator: RunningSimulator, typed: str, message: str
) -> None:
    robot = Robot(simulator.invest()["start_url"])
    robot.submit()
    answer = robot.submit(amount=typed)
    assert answer.status_code == 422
    summary = robot.page.find(id="problem")
    assert summary is not None
    assert message in summary.get_text()
    assert summary.find("a", href="#amount") is not None
    field = robot.page.find("input", id="amount")
    assert field is not None
    assert field["value"] == typed
    assert str(field["aria-describedby"]).split()[-1] == "error-amount"
    assert robot.page.title is not None
    assert robot.page.title.get_text().startswith("Error:")


def test_amount_may_be_typed_the_german_way(simulator: RunningSimulator) -> None:
    investment = simulator.invest()
    robot = Robot(investment["start_url"], "de")
    robot.submit()
    robot.submit(amount="5.000,00 €")
    robot.walk()
    assert simulator.call("GET", f"/v2/investments/{investment['id']}/").json()["units"] == 50


def test_wrong_details_are_named_beside_their_fields(simulator: RunningSimulator) -> None:
    robot = Robot(simulator.invest()["start_url"])
    answer = robot.submit(surname="", birth_day="31", birth_month="2", iban="DE00", email="alice")
    assert answer.status_code == 422
    for name in ("surname", "birth_day", "iban", "email"):
        assert robot.page.find(id=f"error-{name}") is not None
    assert "DE00" in str(robot.form())


def test_box_left_unticked_is_refused(simulator: RunningSimulator) -> None:
    investment = simulator.invest()
    robot = Robot(investment["start_url"])
    robot.walk(until="/signature")
    assert not robot.page.find_all("input", checked=True)
    assert robot.submit(total_loss=None).status_code == 422
    assert robot.page.find("input", id="documents_read", checked=True) is not None
    assert simulator.status(investment) is None


def test_page_with_a_wrong_csrf_token_keeps_what_was_typed(simulator: RunningSimulator) -> None:
    investment = simulator.invest()
    robot = Robot(investment["start_url"])
    answer = robot.submit(csrf_token="wrong", surname="Beispiel-Muster")
    assert answer.status_code == 400
    assert "Beispiel-Muster" in str(robot.form())
    assert robot.submit().status_code == 200
    assert robot.url.endswith("/amount")


def test_amount_changed_in_another_window_is_not_signed_unseen(simulator: RunningSimulator) -> None:
    investment = simulator.invest()
    first = Robot(investment["start_url"])
    first.walk(until="/signature")
    second = Robot(investment["start_url"] + "/amount")
    second.submit(amount="9,000")
    assert first.submit().status_code == 422
    assert simulator.status(investment) is None
    assert "90" in first.text
    assert first.submit().status_code == 200
    assert simulator.status(investment) == "KYC_PENDING"


def test_signing_twice_is_signing_once(simulator: RunningSimulator) -> None:
    investment = simulator.invest()
    first, second = Robot(investment["start_url"]), Robot(investment["start_url"])
    first.walk(until="/signature")
    second.open(investment["start_url"])
    first.submit()
    second.submit()
    assert first.heading == second.heading == "Confirm your identity"
    assert simulator.control("GET", "state")["counts"]["status_changes"] == 1


def test_signing_in_many_windows_at_once_is_signing_once(simulator: RunningSimulator) -> None:
    for _ in range(3):
        before = simulator.control("GET", "state")["counts"]["status_changes"]
        investment = simulator.invest()
        robots = [Robot(investment["start_url"]) for _ in range(8)]
        robots[0].walk(until="/signature")
        for robot in robots:
            robot.open(investment["start_url"])
        with ThreadPoolExecutor(8) as pool:
            assert {answer.status_code for answer in pool.map(Robot.submit, robots)} == {200}
        assert simulator.control("GET", "state")["counts"]["status_changes"] == before + 1


def test_last_units_are_sold_once(simulator: RunningSimulator) -> None:
    """The solar park has 200,000 left: the ninth subscription over 25,000 finds nothing any more."""
    robots = []
    for _ in range(9):
        robot = Robot(simulator.invest(SOLAR)["start_url"])
        robot.submit()
        robot.submit(amount="25,000")
        robot.walk(until="/signature")
        robots.append(robot)
    assert [robot.submit().status_code for robot in robots] == [200] * 8 + [422]
    assert "is left in this campaign" in robots[-1].text
    assert simulator.product(1)["investment_sum"]["amount"] == simulator.product(1)["volume"]["amount"]


def test_data_that_does_not_match_can_be_corrected(simulator: RunningSimulator) -> None:
    investment = simulator.signed()
    robot = Robot(investment["start_url"])
    press(robot, "mismatch")
    assert simulator.status(investment) == "KYC_INSUFFICIENT"
    robot.open(investment["start_url"] + "/welcome")
    robot.submit(street="Hauptstr. 38")
    assert robot.url.endswith("/identification")
    robot.submit()
    assert simulator.status(investment) == "REVIEW_PENDING"


def test_identification_can_be_left_for_later(simulator: RunningSimulator) -> None:
    investment = simulator.signed()
    robot = Robot(investment["start_url"])
    press(robot, "later")
    assert robot.url.endswith("/status")
    assert robot.form() is None
    assert simulator.status(investment) == "KYC_PENDING"
    robot.open(investment["start_url"])
    assert "You signed on" in robot.text
    robot.submit()
    assert simulator.status(investment) == "REVIEW_PENDING"


def test_giving_up_before_signing_ends_the_subscription(simulator: RunningSimulator) -> None:
    investment = simulator.invest()
    robot = Robot(investment["start_url"])
    robot.submit(1)
    assert simulator.status(investment) == "ABORTION"
    assert robot.heading == "This subscription has ended"
    assert robot.form() is None


def test_bank_details_appear_only_after_acceptance(simulator: RunningSimulator) -> None:
    investment = simulator.signed()
    studio = Robot(f"{simulator.url}/studio/investments/{investment['id']}")
    studio.submit()
    studio.submit()
    before = Robot(investment["start_url"])
    assert "DE00" not in before.text
    studio.submit()
    robot = Robot(investment["start_url"])
    assert "DE00 0000 0000 0000 0000 00" in robot.text
    assert "€1,000.00" in robot.text
    assert "SIM-000001" in robot.text
    assert "Pay by" in robot.text
    assert robot.form() is None
    studio.submit()
    assert "DE00" not in Robot(investment["start_url"]).text


def test_wrong_or_expired_link_leads_back_to_the_portal(simulator: RunningSimulator) -> None:
    investment = simulator.invest()
    robot = Robot(f"{simulator.url}/subscribe/wrong")
    assert robot.response.status_code == 404
    assert robot.page.find("a", href="http://localhost:8000/investments") is not None
    with sqlite3.connect(simulator.path) as connection:
        connection.execute("UPDATE start_link SET expires_at = '2020-01-01 00:00:00.000000'")
    connection.close()
    assert Robot(investment["start_url"]).response.status_code == 404
    fresh = simulator.call("GET", f"/v2/investments/{investment['id']}/").json()["start_url"]
    assert fresh != investment["start_url"]
    assert Robot(fresh).heading == "Welcome"


def test_documents_open_as_pages(simulator: RunningSimulator) -> None:
    investment = simulator.invest()
    robot = Robot(investment["start_url"] + "/documents/2", "de")
    assert robot.heading == "Anleihebedingungen"
    assert requests.get(investment["start_url"] + "/documents/9", timeout=10).status_code == 404


def test_language_is_switched_by_a_link_that_keeps_the_place(simulator: RunningSimulator) -> None:
    robot = Robot(simulator.invest(BOND)["start_url"], "en")
    robot.submit()
    link = robot.page.find("a", hreflang="de")
    assert link is not None
    robot.open(str(link["href"]))
    assert robot.heading == "Betrag"
    robot.submit()
    assert robot.heading == "Kenntnisse und Erfahrungen"


@pytest.mark.parametrize("language", ["de", "en"])
def test_countries_are_sorted_as_people_look_for_them(simulator: RunningSimulator, language: str) -> None:
    """Germany first, and umlauts beside their letters, as in the portal's own list."""
    page = Robot(simulator.invest()["start_url"], language).page
    codes = [str(option["value"]) for option in page.select("select[name=country] option[value]")]
    assert codes[0] == "DEU"
    start = {"de": ["BEL", "BGR", "DNK", "EST", "FIN"], "en": ["AUT", "BEL", "BGR", "HRV"]}[language]
    assert codes[1 : len(start) + 1] == start
    if language == "de":
        assert codes[codes.index("NOR") + 1] == "AUT"


def test_unfavourable_answers_warn_and_can_be_gone_past(simulator: RunningSimulator) -> None:
    investment = simulator.invest()
    robot = Robot(investment["start_url"])
    robot.submit()
    robot.submit()
    assert robot.heading == "Knowledge and experience"
    assert "Warning" not in robot.text
    assert robot.submit(knowledge="insured", experience="never").status_code == 200
    assert robot.url.endswith("/questions")
    assert "Warning: this product may not be appropriate for you" in robot.text
    assert "No deposit guarantee protects this investment" in robot.text
    assert "tied up until the end" not in robot.text
    refused = robot.submit(acknowledged=None)
    assert refused.status_code == 422
    assert robot.page.find(id="error-acknowledged") is not None
    robot.submit()
    assert robot.heading == "Documents and confirmations"
    robot.walk()
    assert simulator.status(investment) == "REVIEW_PENDING"


def test_answer_that_was_not_offered_is_refused(simulator: RunningSimulator) -> None:
    robot = Robot(simulator.invest()["start_url"])
    robot.submit()
    robot.submit()
    assert robot.submit(horizon="for ever", experience=None).status_code == 422
    for name in ("horizon", "experience"):
        assert robot.page.find(id=f"error-{name}") is not None


def press(robot: Robot, outcome: str) -> None:
    form = robot.form()
    assert form is not None
    values = [str(button.get("value")) for button in form.find_all("button")]
    robot.submit(button=values.index(outcome))


def test_identification_may_need_a_person(simulator: RunningSimulator) -> None:
    investment = simulator.signed()
    robot = Robot(investment["start_url"])
    press(robot, "review")
    assert robot.heading == "Your identification is being checked"
    assert simulator.status(investment) == "KYC_PENDING"
    robot.open(investment["start_url"] + "/identification")
    assert robot.url.endswith("/status")
    studio = Robot(f"{simulator.url}/studio/investments/{investment['id']}")
    assert "Manual review required" in studio.text
    studio.submit()
    assert simulator.status(investment) == "REVIEW_PENDING"
    assert "Under review" in studio.text


def test_failed_identification_ends_on_the_issuer_s_word(simulator: RunningSimulator) -> None:
    investment = simulator.signed()
    robot = Robot(investment["start_url"])
    press(robot, "fails")
    assert robot.heading == "Your identification has failed"
    assert simulator.status(investment) == "KYC_PENDING"
    studio = Robot(f"{simulator.url}/studio/investments/{investment['id']}")
    assert "/identify" not in str(studio.page)
    assert studio_post(simulator, f"investments/{investment['id']}/identify").status_code == 409
    assert simulator.status(investment) == "KYC_PENDING"
    assert studio_post(simulator, f"investments/{investment['id']}/cancel").status_code == 303
    assert simulator.status(investment) == "ABORTION"


@pytest.mark.parametrize("actions", [[], ["identify", "review", "accept", "pay", "deliver"]])
def test_withdrawal_within_14_days_gives_the_amount_back(
    simulator: RunningSimulator, receiver: Receiver, actions: list[str]
) -> None:
    simulator.start_sender()
    before = simulator.product()
    investment = simulator.signed()
    act(simulator, investment, *actions)
    assert simulator.product() != before
    simulator.skip(13)
    robot = Robot(investment["start_url"] + "/status")
    link = robot.page.find("a", href=lambda href: bool(href) and href.endswith("/withdrawal"))
    assert link is not None
    robot.open(str(link["href"]))
    assert robot.submit(withdraw=None).status_code == 422
    assert simulator.status(investment) != "CANCELLATION"
    robot.submit()
    assert robot.heading == "The contract was cancelled"
    assert simulator.status(investment) == "CANCELLATION"
    assert simulator.product() == before
    wait_until(lambda: "CANCELLATION" in receiver.statuses())
    again = Robot(investment["start_url"] + "/withdrawal")
    assert again.response.status_code == 409


def test_after_14_days_nobody_withdraws(simulator: RunningSimulator) -> None:
    investment = simulator.signed()
    robot = Robot(investment["start_url"] + "/withdrawal")
    simulator.skip(14)
    assert robot.submit().status_code == 409
    assert "/withdrawal" not in str(Robot(investment["start_url"] + "/status").page)
    assert simulator.status(investment) == "KYC_PENDING"
