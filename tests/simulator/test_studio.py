"""The issuer's side: only what is possible is offered, each change is reported, funding follows."""

from __future__ import annotations

import base64

import pytest
import requests

from .running import Receiver, Robot, RunningSimulator, wait_until

pytestmark = pytest.mark.slow


def studio_post(simulator: RunningSimulator, path: str, **form: str) -> requests.Response:
    """Post with the token of the page, as other programs do."""
    robot = Robot(f"{simulator.url}/studio/")
    token = robot.page.find("input", attrs={"name": "csrf_token"})
    assert token is not None
    data = {"csrf_token": str(token["value"])} | form
    return robot.session.post(f"{simulator.url}/studio/{path}", data=data, allow_redirects=False, timeout=10)


def act(simulator: RunningSimulator, investment: dict[str, str], *actions: str, **form: str) -> None:
    for action in actions:
        assert studio_post(simulator, f"investments/{investment['id']}/{action}", **form).status_code == 303


@pytest.mark.parametrize(
    ("actions", "form", "status"),
    [
        (["identify"], {}, "REVIEW_PENDING"),
        (["insufficient"], {}, "KYC_INSUFFICIENT"),
        (["insufficient", "identify"], {}, "REVIEW_PENDING"),
        (["identify", "review"], {}, "WAITING_FOR_ACCEPTANCE"),
        (["identify", "review", "accept", "pay", "deliver"], {}, "DELIVERED"),
        (["reject"], {}, "REJECTION"),
        (["cancel"], {}, "ABORTION"),
        (["cancel"], {"reason": "withdrawal"}, "CANCELLATION"),
        (["identify", "reject"], {"reason": "oversubscribed"}, "REJECTION"),
        (["identify", "review", "accept", "cancel"], {}, "PAYMENT_MISSING"),
        (["identify", "review", "accept", "cancel"], {"reason": "withdrawal"}, "CANCELLATION"),
        (["identify", "review", "accept", "pay", "cancel"], {"reason": "withdrawal"}, "CANCELLATION"),
        (["identify", "review", "accept", "pay", "deliver", "cancel"], {}, "CANCELLATION"),
    ],
)
def test_actions_lead_to_their_status(
    simulator: RunningSimulator, actions: list[str], form: dict[str, str], status: str
) -> None:
    investment = simulator.signed()
    act(simulator, investment, *actions, **form)
    assert simulator.status(investment) == status


@pytest.mark.parametrize(
    ("actions", "impossible"),
    [([], "accept"), ([], "deliver"), (["identify"], "identify"), (["reject"], "cancel"), (["reject"], "identify")],
)
def test_impossible_action_answers_409_and_changes_nothing(
    simulator: RunningSimulator, actions: list[str], impossible: str
) -> None:
    investment = simulator.signed()
    act(simulator, investment, *actions)
    before = simulator.control("GET", "state")
    answer = studio_post(simulator, f"investments/{investment['id']}/{impossible}")
    assert answer.status_code == 409
    assert "not possible while the status is" in answer.text
    assert simulator.control("GET", "state") == before
    page = Robot(f"{simulator.url}/studio/investments/{investment['id']}")
    assert f"/{impossible}" not in str(page.page)


def test_unsigned_investment_is_shown_without_actions(simulator: RunningSimulator) -> None:
    investment = simulator.invest()
    robot = Robot(f"{simulator.url}/studio/")
    assert "Alice Beispiel" in robot.text
    assert "Not signed yet" in robot.text
    assert f"investments/{investment['id']}/" not in str(robot.page)
    assert studio_post(simulator, f"investments/{investment['id']}/cancel").status_code == 409


def test_notice_names_the_person_but_the_cookie_does_not(simulator: RunningSimulator) -> None:
    investment = simulator.signed()
    robot = Robot(f"{simulator.url}/studio/investments/{investment['id']}")
    token = str(robot.page.find("input", attrs={"name": "csrf_token"})["value"])  # type: ignore[index]
    url = f"{simulator.url}/studio/investments/{investment['id']}/identify"
    answer = robot.session.post(url, data={"csrf_token": token}, allow_redirects=False, timeout=10)
    cookie = answer.cookies["simulator_session"].split(".")[0]
    assert investment["id"].encode() in base64.urlsafe_b64decode(cookie + "===")
    assert b"Beispiel" not in base64.urlsafe_b64decode(cookie + "===")
    robot.open(f"{simulator.url}/studio/")
    assert "Alice Beispiel: In review" in robot.text


def test_missing_csrf_token_answers_400(simulator: RunningSimulator) -> None:
    investment = simulator.signed()
    for form in ({}, {"csrf_token": "wrong"}):
        url = f"{simulator.url}/studio/investments/{investment['id']}/identify"
        assert requests.post(url, data=form, timeout=10).status_code == 400
    assert simulator.status(investment) == "KYC_PENDING"


def test_list_is_newest_first_and_links_to_details(simulator: RunningSimulator) -> None:
    simulator.signed(forename="Erna")
    simulator.invest()
    robot = Robot(f"{simulator.url}/studio/")
    assert [link.get_text() for link in robot.page.select("th[scope=row] a")] == ["Alice Beispiel", "Erna Beispiel"]
    robot.open(str(robot.page.find("a", string="Erna Beispiel")["href"]))  # type: ignore[index]
    assert "KYC_PENDING" in robot.text


def test_several_are_accepted_at_once(simulator: RunningSimulator) -> None:
    waiting = [simulator.signed() for _ in range(3)]
    for investment in waiting[:2]:
        act(simulator, investment, "identify", "review")
    robot = Robot(f"{simulator.url}/studio/")
    data = {
        "csrf_token": str(robot.page.find("input", attrs={"name": "csrf_token"})["value"]),  # type: ignore[index]
        "investment": [investment["id"] for investment in waiting],
    }
    answer = robot.session.post(f"{simulator.url}/studio/batch/accept", data=data, timeout=10)
    assert "2 changed" in answer.text
    assert "1 left as it is" in answer.text
    assert [simulator.status(investment) for investment in waiting] == ["ACCEPTED", "ACCEPTED", "KYC_PENDING"]
    assert studio_post(simulator, "batch/accept").status_code == 422


def test_funding_follows_signing_and_rejection(simulator: RunningSimulator) -> None:
    before = simulator.product()
    investment = simulator.signed(zip="24103")
    after = simulator.product()
    assert int(after["investment_sum"]["amount"]) - int(before["investment_sum"]["amount"]) == 1_000_000
    assert after["investment_count"] - before["investment_count"] == 1
    newest = after["recent_investments"][0]
    assert newest["amount"] == {"amount": "1000000", "decimals": 3, "currency": "EUR"}
    assert newest["postal_code"] == "24103"
    assert len(after["recent_investments"]) == 6
    act(simulator, investment, "reject")
    assert simulator.product() == before


def test_declared_base_hides_two_postal_codes(simulator: RunningSimulator) -> None:
    recent = simulator.product()["recent_investments"]
    assert [row["postal_code"] for row in recent].count(None) == 2


def test_detail_page_shows_history_and_webhooks(simulator: RunningSimulator, receiver: Receiver) -> None:
    simulator.start_sender()
    investment = simulator.signed()
    wait_until(lambda: receiver.statuses() == ["KYC_PENDING"])
    url = f"{simulator.url}/studio/investments/{investment['id']}"
    wait_until(lambda: "Delivered" in Robot(url).text)
    robot = Robot(url)
    assert "204" in robot.text
    assert investment["id"] in robot.text


def test_reason_is_kept_for_the_studio_and_told_to_nobody(simulator: RunningSimulator, receiver: Receiver) -> None:
    simulator.start_sender()
    investment = simulator.signed()
    act(simulator, investment, "reject", reason="compliance")
    page = Robot(f"{simulator.url}/studio/investments/{investment['id']}")
    assert "The compliance check speaks against it" in page.text
    wait_until(lambda: "REJECTION" in receiver.statuses())
    assert "compliance" not in str(receiver.raw)
    other = simulator.signed()
    assert studio_post(simulator, f"investments/{other['id']}/reject", reason="payment_missing").status_code == 409


def test_state_of_the_identification_is_shown_and_set(simulator: RunningSimulator, receiver: Receiver) -> None:
    investment = simulator.signed()
    address = f"{simulator.url}/studio/investments/{investment['id']}"

    def shown() -> str:
        term = Robot(address).page.find("dt", string="Identification")
        assert term is not None
        return term.find_next("dd").get_text()  # type: ignore[union-attr]

    assert shown() == "Identification started"
    assert studio_post(simulator, f"investments/{investment['id']}/kyc/MANUAL_REVIEW_REQUIRED").status_code == 303
    assert shown() == "Manual review required"
    act(simulator, investment, "identify")
    assert shown() == "Under review"
    act(simulator, investment, "review")
    assert shown() == "Success"
    assert studio_post(simulator, f"investments/{investment['id']}/kyc/REJECTED").status_code == 303
    assert shown() == "Rejected"
    for impossible in ("accept", "kyc/REJECTED", "kyc/MANUAL_REVIEW_REQUIRED", "kyc/SUCCESS"):
        assert studio_post(simulator, f"investments/{investment['id']}/{impossible}").status_code == 409
    assert studio_post(simulator, f"investments/{investment['id']}/kyc/NONSENSE").status_code == 404
    act(simulator, investment, "cancel")
    assert simulator.status(investment) == "ABORTION"


def test_payment_deadline_is_shown_and_warned_of(simulator: RunningSimulator) -> None:
    investment = simulator.signed()
    act(simulator, investment, "identify", "review", "accept")
    address = f"{simulator.url}/studio/investments/{investment['id']}"
    assert "the deadline has not passed yet" in Robot(address).text
    assert "overdue" not in Robot(f"{simulator.url}/studio/").text
    simulator.skip(15)
    assert "overdue" in Robot(f"{simulator.url}/studio/").text
    page = Robot(address)
    assert "the deadline has not passed yet" not in page.text
    assert "the period of withdrawal is over" in page.text
    act(simulator, investment, "cancel", reason="payment_missing")
    assert simulator.status(investment) == "PAYMENT_MISSING"
    assert "overdue" not in Robot(f"{simulator.url}/studio/").text
