"""Settings, the file and the control API."""

from __future__ import annotations

import sqlite3
from dataclasses import fields
from pathlib import Path

import pytest
import requests

from portal.simulator import store
from portal.simulator.config import SETTINGS, Settings

from .running import Receiver, RunningSimulator, wait_until
from .test_studio import act


def test_state_tells_what_exists(simulator: RunningSimulator) -> None:
    investment = simulator.signed()
    state = simulator.control("GET", "state")
    assert state["counts"]["investors"] == 1
    assert state["counts"]["deliveries_waiting"] == 1
    changed_at = simulator.call("GET", f"/v2/investments/{investment['id']}/").json()["signed_at"]
    assert state["investments"] == [
        {
            "id": investment["id"],
            "investor_id": investment["investor_id"],
            "campaign_id": investment["campaign_id"],
            "status": "KYC_PENDING",
            "units": 10,
            "status_changes": [{"status": "KYC_PENDING", "changed_at": changed_at}],
        }
    ]
    assert state["investors"][0]["id"] == investment["investor_id"]


def test_reset_leaves_the_campaigns_only(simulator: RunningSimulator) -> None:
    seed = simulator.product()
    simulator.signed()
    state = simulator.control("POST", "reset", {})
    assert set(state["counts"].values()) == {0}
    assert simulator.product()["investment_sum"] == seed["investment_sum"]


def test_history_can_be_made_in_the_past(simulator: RunningSimulator, receiver: Receiver) -> None:
    simulator.start_sender()
    simulator.control("POST", "changed-at", {"at": "2026-01-02T03:04:05+01:00"})
    investment = simulator.signed()
    simulator.control("POST", "changed-at", {"at": "2026-01-03T03:04:05Z"})
    act(simulator, investment, "identify", "review")
    simulator.control("POST", "changed-at", {"at": None})
    act(simulator, investment, "accept")
    wait_until(lambda: len(receiver.bodies) == 4)
    stamps = [body["changed_at"] for body in receiver.bodies]
    assert stamps[:3] == ["2026-01-02T02:04:05.000000Z", "2026-01-03T03:04:05.000000Z", "2026-01-03T03:04:05.000001Z"]
    assert stamps[3] > "2026-02"
    found = simulator.call("GET", f"/v2/investments/{investment['id']}/").json()
    assert found["signed_at"] == stamps[0]


@pytest.mark.parametrize(
    ("path", "body"), [("changed-at", {"at": "yesterday"}), ("deliveries", {"paused": "yes"}), ("deliveries", [])]
)
def test_wrong_command_is_refused(simulator: RunningSimulator, path: str, body: object) -> None:
    answer = requests.post(f"{simulator.url}/_control/{path}", json=body, timeout=10)
    assert answer.status_code == 400
    assert answer.json()["detail"]


def test_form_of_another_site_cannot_command(simulator: RunningSimulator) -> None:
    simulator.invest()
    answer = requests.post(f"{simulator.url}/_control/reset", data="{}", timeout=10)
    assert answer.status_code == 415
    assert simulator.control("GET", "state")["counts"]["investments"] == 1


def test_other_machines_cannot_command(simulator: RunningSimulator) -> None:
    client = simulator.app.test_client()
    assert client.get("/_control/state", environ_base={"REMOTE_ADDR": "192.0.2.7"}).status_code == 403
    assert client.get("/_control/state", environ_base={"REMOTE_ADDR": "::1"}).status_code == 200


def test_file_of_another_version_is_emptied(tmp_path: Path) -> None:
    path = tmp_path / "simulator.sqlite3"
    store.prepare(path)
    with sqlite3.connect(path) as connection:
        connection.execute("DELETE FROM campaign")
        connection.execute("CREATE TABLE of_long_ago (id INTEGER)")
        connection.execute("PRAGMA user_version = 0")
    connection.close()
    store.prepare(path)
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT count(*) FROM campaign").fetchone() == (3,)
        names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    connection.close()
    assert "of_long_ago" not in names


def test_file_is_kept_when_prepared_again(simulator: RunningSimulator) -> None:
    simulator.invest()
    store.prepare(simulator.path)
    assert simulator.control("GET", "state")["counts"]["investments"] == 1


def test_settings_have_defaults_and_a_meaning() -> None:
    assert Settings.from_environment({}) == Settings()
    assert {setting.name for setting in SETTINGS} == {f"SIMULATOR_{field.name.upper()}" for field in fields(Settings)}
    assert all(setting.meaning for setting in SETTINGS)


def test_database_lies_in_the_portal_s_folder_unless_told_otherwise() -> None:
    assert Settings.from_environment({"PORTAL_DATA_DIR": "/data"}).database_path == Path("/data/simulator.sqlite3")
    both = {"PORTAL_DATA_DIR": "/data", "SIMULATOR_DATABASE_PATH": "/elsewhere.sqlite3"}
    assert Settings.from_environment(both).database_path == Path("/elsewhere.sqlite3")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SIMULATOR_PUBLIC_URL", "localhost:8001"),
        ("SIMULATOR_PUBLIC_URL", "http://localhost:8001/path"),
        ("SIMULATOR_WEBHOOK_URL", "ftp://localhost"),
        ("SIMULATOR_RETURN_URL", "http://localhost:8000/a; script-src *"),
        ("SIMULATOR_WEBHOOK_TOKEN", "two words"),
        ("SIMULATOR_STRICT", "yes"),
    ],
)
def test_wrong_setting_is_refused_by_name_with_a_remedy(name: str, value: str) -> None:
    with pytest.raises(ValueError, match=rf"{name} .*\. Set it to"):
        Settings.from_environment({name: value})


def test_the_log_tells_equal_bodies_apart_from_others_and_nothing_of_them(simulator: RunningSimulator) -> None:
    simulator.create_investor()
    simulator.create_investor()
    simulator.create_investor(city="Kiel")
    log = simulator.control("GET", "requests")["requests"]
    first, second, third = [call["body"] for call in log if call["method"] == "POST" and "investors" in call["path"]]
    assert first == second != third
    assert "Beispiel" not in str(log)
    simulator.call("GET", "/v2/investments/")
    assert simulator.control("GET", "requests")["requests"][-1]["body"] is None


def test_investor_and_issuer_can_be_played_without_pages(simulator: RunningSimulator) -> None:
    investment = simulator.invest()
    for action, status in (("sign", "KYC_PENDING"), ("identify", "REVIEW_PENDING"), ("reject", "REJECTION")):
        body = {"investment_id": investment["id"], "action": action}
        assert simulator.control("POST", "act", body)["status"] == status
    again = {"investment_id": investment["id"], "action": "accept"}
    assert requests.post(f"{simulator.url}/_control/act", json=again, timeout=10).status_code == 409
    unknown = {"investment_id": "none", "action": "sign"}
    assert requests.post(f"{simulator.url}/_control/act", json=unknown, timeout=10).status_code == 404


def test_webhooks_can_be_sent_elsewhere_and_back(simulator: RunningSimulator, receiver: Receiver) -> None:
    other = Receiver()
    simulator.start_sender()
    simulator.control("POST", "webhook", {"url": other.url, "token": "of the other"})
    investment = simulator.signed()
    wait_until(lambda: other.bodies)
    assert other.headers[0]["Authorization"] == "Bearer of the other"
    simulator.control("POST", "webhook", {"url": None})
    act(simulator, investment, "identify")
    wait_until(lambda: receiver.bodies)
    assert len(other.bodies) == 1
    assert receiver.headers[0]["Authorization"] != "Bearer of the other"
    wrong = requests.post(f"{simulator.url}/_control/webhook", json={"url": "ftp://x"}, timeout=10)
    assert wrong.status_code == 400
    other.close()
