"""The simulator's API answers as Cashlink's documentation says, and refuses with messages that name the field."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
import requests

from portal.simulator.runtime import Hooks

from .running import (
    BOND,
    CREDENTIALS,
    NOT_OPEN,
    SOLAR,
    Receiver,
    RunningSimulator,
    identification_body,
    investor_body,
    wait_until,
)

PDF = {"file": ("protocol.pdf", b"%PDF-1.7 sample", "application/pdf")}


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "ümläut"}, 401, "invalid_client"),
        ({"grant_type": ""}, 400, "invalid_request"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"scope": "investors:read everything"}, 400, "invalid_scope"),
    ],
)
def test_token_errors_follow_the_rfc(
    simulator: RunningSimulator, form: dict[str, str], status: int, error: str
) -> None:
    response = simulator.token(**form)
    assert (response.status_code, response.json()["error"]) == (status, error)
    assert response.headers["Cache-Control"] == "no-store"


def test_client_may_authenticate_by_basic(simulator: RunningSimulator) -> None:
    url, form = f"{simulator.url}/api/external/oauth/token", {"grant_type": "client_credentials"}
    answer = requests.post(url, data=form, auth=("demo-client", "demo-secret"), timeout=10)
    assert answer.json()["token_type"] == "Bearer"
    assert answer.json()["expires_in"] == 3600
    refused = requests.post(url, data=form, auth=("demo-client", "wrong"), timeout=10)
    assert refused.status_code == 401
    assert refused.headers["WWW-Authenticate"].startswith("Basic")


def test_parameter_given_twice_is_an_invalid_request(simulator: RunningSimulator) -> None:
    form = [("grant_type", "client_credentials"), ("scope", "investors:read"), ("scope", "investors:write")]
    url = f"{simulator.url}/api/external/oauth/token"
    answer = requests.post(url, data=form + list(CREDENTIALS.items()), timeout=10)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_call_without_a_valid_token_is_unauthorized(simulator: RunningSimulator) -> None:
    url = f"{simulator.url}/api/external/v2/investments/"
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic abc"}):
        answer = requests.get(url, headers=headers, timeout=10)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert list(answer.json()) == ["detail"]


def test_call_outside_the_token_s_scope_is_forbidden(simulator: RunningSimulator) -> None:
    token = simulator.token(scope="investments:read").json()["access_token"]
    assert simulator.call("GET", "/v2/investments/", token=token).status_code == 200
    refused = simulator.call("POST", "/v2/investors/", investor_body(), token=token)
    assert refused.status_code == 403
    assert "investors:write" in refused.json()["detail"]


def test_repeated_call_gets_the_stored_answer(simulator: RunningSimulator) -> None:
    body = {"campaign_id": BOND, "investor_id": simulator.create_investor()}
    first = simulator.call("POST", "/v2/investments/", body, key="one")
    again = simulator.call("POST", "/v2/investments/", body, key="one")
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert set(again.headers) == set(first.headers)
    assert simulator.control("GET", "state")["counts"]["investments"] == 1
    assert [row["replayed"] for row in simulator.control("GET", "requests")["requests"]][-2:] == [False, True]


def test_same_key_with_another_body_or_path_is_a_conflict(simulator: RunningSimulator) -> None:
    investor = simulator.create_investor()
    simulator.call("POST", "/v2/investments/", {"campaign_id": BOND, "investor_id": investor}, key="one")
    other_body = simulator.call(
        "POST", "/v2/investments/", {"campaign_id": NOT_OPEN, "investor_id": investor}, key="one"
    )
    other_path = simulator.call("POST", "/v2/investors/", investor_body(), key="one")
    assert (other_body.status_code, other_path.status_code) == (409, 409)


def test_same_key_in_parallel_is_a_conflict_while_the_first_runs(simulator: RunningSimulator) -> None:
    investor = simulator.create_investor()
    body = {"campaign_id": BOND, "investor_id": investor}
    answers: list[requests.Response] = []
    threads = [
        threading.Thread(target=lambda: answers.append(simulator.call("POST", "/v2/investments/", body, key="one")))
        for _ in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    created = {answer.content for answer in answers if answer.status_code == 201}
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len(created) == 1
    assert simulator.control("GET", "state")["counts"]["investments"] == 1


def test_lost_answer_is_healed_by_the_same_key(simulator: RunningSimulator) -> None:
    """A fault after the execution, put in where faults belong: the object exists, the stored answer is the real one."""

    class LoseAnswer(Hooks):
        def after(self, response: Any) -> Any:
            response.status_code, response.data = 502, b"<html>bad gateway</html>"
            return response

    body = investor_body()
    simulator.token()
    runtime = simulator.app.extensions["simulator"]
    simulator.call("GET", "/v2/investments/")
    runtime.hooks = LoseAnswer()
    assert simulator.call("POST", "/v2/investors/", body, key="one").status_code == 502
    runtime.hooks = Hooks()
    assert simulator.call("POST", "/v2/investors/", body, key="one").status_code == 201
    assert simulator.control("GET", "state")["counts"]["investors"] == 1


def test_key_is_free_again_after_a_refusal(simulator: RunningSimulator) -> None:
    assert simulator.call("POST", "/v2/investors/", {}, key="one").status_code == 400
    assert simulator.call("POST", "/v2/investors/", investor_body(), key="one").status_code == 201


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("natural_person", "birth_date"), "1990-02-30"),
        (("natural_person", "birth_date"), "2020-02-20"),
        (("natural_person", "citizenship"), "DE"),
        (("natural_person", "country"), "XXX"),
        (("natural_person", "phone"), "call me"),
        (("natural_person", "surname"), " "),
        (("natural_person", "surname"), "\ud800"),
        (("natural_person", "forename"), 2**80),
        (("natural_person", "is_subject_to_us_tax"), True),
        (("bank_account", "iban"), "DE89370400440532013001"),
        (("is_beneficiary",), "yes"),
        (("pep_status",), None),
        (("account_setup_accepted_at",), "2026-05-06T07:14:13"),
        (("account_setup_accepted_at",), "2999-05-06T07:14:13Z"),
        (("natural_person", "shoe_size"), 44),
        (("legal_person",), {"name": "Example"}),
    ],
)
def test_wrong_field_is_named_with_its_path(simulator: RunningSimulator, path: tuple[str, ...], value: Any) -> None:
    body = investor_body()
    place = body[path[0]] if len(path) == 2 else body
    place[path[-1]] = value
    answer = simulator.call("POST", "/v2/investors/", body)
    assert answer.status_code == 400
    errors = answer.json()
    assert list(errors) == [path[0]]
    if len(path) == 2:
        assert list(errors[path[0]]) == [path[1]]
        errors = errors[path[0]]
    assert errors[path[-1]][0]


def test_all_missing_fields_are_named_at_once(simulator: RunningSimulator) -> None:
    errors = simulator.call("POST", "/v2/investors/", {"natural_person": {}}).json()
    assert set(errors) == {"natural_person", "is_beneficiary", "pep_status", "account_setup_accepted_at"}
    assert {"forename", "surname", "birth_date", "zip"} <= set(errors["natural_person"])


def test_body_that_is_no_json_object_is_refused(simulator: RunningSimulator) -> None:
    for body in ("{", "[]", "null", "[" * 30000):
        answer = simulator.call("POST", "/v2/investors/", data=body, content_type="application/json")
        assert answer.status_code == 400


def test_investor_is_read_with_its_communication(simulator: RunningSimulator) -> None:
    investor_id = simulator.create_investor()
    found = simulator.call("GET", f"/v2/investors/{investor_id}/").json()
    assert found["communication"] == {"email": "alice@example.org", "email_confirmed": True}
    assert found["natural_person"] == investor_body()["natural_person"]
    wrong = simulator.call("PATCH", f"/v2/investors/{investor_id}/", {"communication": {"email": "alice"}})
    assert list(wrong.json()["communication"]) == ["email"]


def test_unknown_object_is_not_found(simulator: RunningSimulator) -> None:
    for method, path in [
        ("GET", "/v2/investors/none/"),
        ("PATCH", "/v2/investors/none/"),
        ("POST", "/v2/investors/none/identifications/"),
        ("GET", "/v2/investments/none/"),
        ("GET", "/nothing/"),
    ]:
        answer = simulator.call(method, path, {} if method != "GET" else None)
        assert (answer.status_code, list(answer.json())) == (404, ["detail"])


def test_document_is_kept_without_its_content(simulator: RunningSimulator) -> None:
    answer = simulator.call("POST", "/v2/documents/", files=PDF, key="doc")
    assert answer.status_code == 201
    assert b"%PDF-1.7 sample" not in simulator.path.read_bytes()
    for name, content in [("page.html", b"<html>"), ("empty.pdf", b""), ("fake.pdf", b"MZ")]:
        refused = simulator.call("POST", "/v2/documents/", files={"file": (name, content)})
        assert (refused.status_code, list(refused.json())) == (400, ["file"])
    huge = simulator.call("POST", "/v2/documents/", files={"file": ("a.pdf", b"%PDF-" + bytes(10 * 1024 * 1024))})
    assert huge.status_code == 400
    assert simulator.call("POST", "/v2/documents/", files={"other": b"%PDF-"}).status_code == 400


def test_identification_needs_an_existing_document_and_sound_dates(simulator: RunningSimulator) -> None:
    investor_id = simulator.create_investor()
    path = f"/v2/investors/{investor_id}/identifications/"
    document_id = simulator.call("POST", "/v2/documents/", files=PDF).json()["id"]
    assert simulator.call("POST", path, identification_body(document_id)).status_code == 201
    for field, value in [
        ("legitimation_protocol_id", "none"),
        ("document_type", "LIBRARY_CARD"),
        ("document_valid_to", "2020-12-31"),
        ("document_valid_from", "2099-01-01"),
        ("verified_at", "yesterday"),
    ]:
        answer = simulator.call("POST", path, identification_body(document_id) | {field: value})
        assert (answer.status_code, list(answer.json())) == (400, [field])


def test_investment_begins_unsigned_with_a_start_url(simulator: RunningSimulator) -> None:
    investor_id = simulator.create_investor()
    investment = simulator.invest(investor_id=investor_id)
    assert investment["status"] is None
    assert investment["units"] is None
    assert (investment["campaign_id"], investment["investor_id"]) == (BOND, investor_id)
    assert investment["start_url"].startswith(f"{simulator.url}/subscribe/")
    found = simulator.call("GET", f"/v2/investments/{investment['id']}/").json()
    assert (found["id"], found["status"]) == (investment["id"], None)
    assert requests.get(found["start_url"], timeout=10).status_code == 200


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"campaign_id": "none"}, "campaign_id"),
        ({"campaign_id": NOT_OPEN}, "campaign_id"),
        ({"investor_id": "none"}, "investor_id"),
        ({"signed_at": "2026-01-01T00:00:00Z"}, "units"),
        ({"units": 5}, "signed_at"),
        ({"amount": 500}, "amount"),
    ],
)
def test_investment_that_cannot_begin_names_the_field(
    simulator: RunningSimulator, changes: dict[str, Any], field: str
) -> None:
    body = {"campaign_id": BOND, "investor_id": simulator.create_investor()} | changes
    answer = simulator.call("POST", "/v2/investments/", body)
    assert (answer.status_code, list(answer.json())) == (400, [field])
    assert simulator.control("GET", "state")["counts"]["investments"] == 0


def test_wallet_is_added_to_the_investor(simulator: RunningSimulator) -> None:
    path = f"/v2/investors/{simulator.create_investor()}/wallets/eth-generic/"
    body = {"address": "0x" + "a1" * 20}
    first = simulator.call("POST", path, body, key="wallet")
    assert first.status_code == 201
    assert simulator.call("POST", path, body, key="wallet").json() == first.json()
    for address in ("a1" * 20, "0x" + "a1" * 19, "0x" + "zz" * 20, 42):
        assert list(simulator.call("POST", path, {"address": address}).json()) == ["address"]
    assert simulator.call("POST", "/v2/investors/none/wallets/eth-generic/", body).status_code == 404


def test_investment_signed_elsewhere_begins_at_the_identification(
    simulator: RunningSimulator, receiver: Receiver
) -> None:
    simulator.start_sender()
    investor_id = simulator.create_investor()
    before = simulator.product()
    body = {"campaign_id": BOND, "investor_id": investor_id, "units": 7, "signed_at": "2026-11-01T08:00:00Z"}
    investment = simulator.call("POST", "/v2/investments/", body, key="one").json()
    assert (investment["status"], investment["units"], investment["start_url"]) == ("KYC_PENDING", 7, None)
    assert investment["signed_at"] == "2026-11-01T08:00:00.000000Z"
    assert int(simulator.product()["investment_sum"]["amount"]) - int(before["investment_sum"]["amount"]) == 700_000
    wait_until(lambda: receiver.statuses() == ["KYC_PENDING"])
    simulator.identify_investor(investor_id)
    assert simulator.call("POST", "/v2/investments/", body).json()["status"] == "REVIEW_PENDING"
    assert simulator.call("GET", f"/v2/investments/{investment['id']}/").json() == investment


def test_investment_signed_elsewhere_keeps_the_campaign_s_limits(simulator: RunningSimulator) -> None:
    """The solar park has 200,000 left: eight times the most that one may invest."""
    body = {"campaign_id": SOLAR, "investor_id": simulator.create_investor(), "signed_at": "2026-11-01T08:00:00Z"}
    for units in (4, 251, 0, "five", 5.5):
        refused = simulator.call("POST", "/v2/investments/", body | {"units": units})
        assert (refused.status_code, list(refused.json())) == (400, ["units"])
    answers = [simulator.call("POST", "/v2/investments/", body | {"units": 250}) for _ in range(9)]
    assert [answer.status_code for answer in answers] == [201] * 8 + [400]
    assert answers[-1].json() == {"units": ["The campaign has less left than this."]}
    assert simulator.control("GET", "state")["counts"]["investments"] == 8


def test_null_is_no_value_for_an_optional_field(simulator: RunningSimulator) -> None:
    answer = simulator.call("POST", "/v2/investors/", investor_body() | {"bank_account": None})
    assert answer.json() == {"bank_account": ["This field may not be null."]}


def test_public_guide_s_own_sample_values_pass_without_strictness(tmp_path: Path) -> None:
    """It uploads three letters as a PDF, and imports a child with an identity card that has expired since."""
    running = RunningSimulator(tmp_path / "lenient.sqlite3", strict=False)
    body = investor_body() | {"nickname": "Al"}
    body["natural_person"] |= {"birth_date": "2020-08-10", "shoe_size": 44}
    upload = {"file": ("protocol.pdf", b"ASD", "application/pdf")}
    try:
        investor_id = running.call("POST", "/v2/investors/", body).json()["id"]
        document_id = running.call("POST", "/v2/documents/", files=upload).json()["id"]
        card = identification_body(document_id) | {"document_valid_to": "2025-08-10"}
        answer = running.call("POST", f"/v2/investors/{investor_id}/identifications/", card)
        kept = running.call("GET", f"/v2/investors/{investor_id}/").json()
        wrong = running.call("POST", "/v2/investors/", body | {"is_beneficiary": "yes"})
    finally:
        running.close()
    assert answer.status_code == 201
    assert "nickname" not in kept
    assert "shoe_size" not in kept["natural_person"]
    assert list(wrong.json()) == ["is_beneficiary"]


def test_list_comes_in_pages_oldest_first(simulator: RunningSimulator) -> None:
    investor_id = simulator.create_investor()
    ids = [simulator.invest(investor_id=investor_id)["id"] for _ in range(23)]
    first = simulator.call("GET", "/v2/investments/").json()
    assert (first["count"], len(first["results"]), first["previous"]) == (23, 20, None)
    path = first["next"].removeprefix(f"{simulator.url}/api/external")
    second = simulator.call("GET", path).json()
    assert (second["next"], len(second["results"])) == (None, 3)
    assert [row["id"] for row in first["results"] + second["results"]] == ids
    for page in ("0", "3", "x"):
        assert simulator.call("GET", f"/v2/investments/?page={page}").status_code == 404


def test_every_answer_is_dated_by_the_server(simulator: RunningSimulator) -> None:
    assert simulator.call("GET", "/v2/investments/").headers["Date"].endswith("GMT")


def test_log_of_calls_has_no_bodies_and_no_secrets(simulator: RunningSimulator) -> None:
    investment = simulator.invest(key="one")
    rows = simulator.control("GET", "requests")["requests"]
    last = rows[-1]
    assert (last["method"], last["path"], last["status"]) == ("POST", "/api/external/v2/investments/", 201)
    assert (last["idempotency_key"], last["object_id"]) == ("one", investment["id"])
    assert "demo-secret" not in str(rows)
    assert "alice@example.org" not in str(rows)
