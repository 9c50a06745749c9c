"""The three steps against the simulator, over real HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests
from sqlalchemy import func, select, update

from portal import history, integration
from portal.database import db
from portal.models import Intent, Investment, Investor, StatusChange

from ..acts import Acts
from ..people import ANSWERS, add_user
from ..settings import BOND, SOLAR
from ..world import World, wait_until

pytestmark = pytest.mark.both_databases


@pytest.fixture
def world(tmp_path: Path, database: dict[str, str]) -> Iterator[World]:
    """Without the loop: a test runs its rounds itself."""
    with World(tmp_path, background=False, **database) as running:
        yield running


@pytest.fixture
def acts(world: World) -> Acts:
    return Acts(world)


def test_an_import_creates_the_investor_with_communication(world: World, acts: Acts) -> None:
    assert acts.import_investor(add_user(world.app)) == "done"
    assert acts.intents() == [("investor", "done"), ("communication", "done")]
    assert acts.state()["investors"] == [
        {"id": acts.state()["investors"][0]["id"], "has_communication": True, "identifications": 0}
    ]


def test_an_identification_is_passed_on_with_its_protocol(world: World, acts: Acts) -> None:
    assert acts.import_investor(add_user(world.app, identified=True)) == "done"
    assert [kind for kind, _ in acts.intents()] == ["investor", "communication", "document", "identification"]
    assert acts.state()["investors"][0]["identifications"] == 1
    assert acts.state()["counts"]["documents"] == 1


def test_an_import_is_done_once_however_often_it_is_called(world: World, acts: Acts) -> None:
    user_id = add_user(world.app)
    for _ in range(3):
        assert acts.import_investor(user_id) == "done"
    assert acts.state()["counts"]["investors"] == 1


def test_after_the_import_the_data_are_gone_from_the_files(world: World, acts: Acts, tmp_path: Path) -> None:
    """On PostgreSQL the rows are gone; its files are the business of its VACUUM."""
    user_id = add_user(world.app, identified=True)
    assert acts.import_investor(user_id) == "done"
    secrets = [ANSWERS["bank"]["iban"], ANSWERS["tax"]["tax_identification_number"], "T22000129", "the protocol of an"]
    for file in tmp_path.glob("portal.sqlite3*"):
        content = file.read_bytes()
        assert not [secret for secret in secrets if secret.encode() in content], file.name
    with acts.user(user_id) as user:
        assert user.investor is not None
        assert (user.investor.forename, user.investor.surname) == ("Alice", "Beispiel")


def test_a_refused_field_is_told_and_edited_data_go_under_a_new_key(world: World, acts: Acts) -> None:
    user_id = add_user(world.app)
    with acts.user(user_id) as user:
        assert user.investor is not None
        user.investor.answers = {**ANSWERS, "bank": {**ANSWERS["bank"], "iban": "DE00370400440532013000"}}
        db.session.commit()
    assert acts.import_investor(user_id) == "refused"
    with acts.user(user_id) as user:
        assert list(integration.field_errors(user.investor)) == ["iban"]
        assert integration.may_edit(user.investor, "bank")
        assert user.investor is not None
        user.investor.answers = ANSWERS
        db.session.commit()
    assert acts.import_investor(user_id) == "done"
    keys = [call["idempotency_key"] for call in acts.requests("/v2/investors/", "POST")]
    assert len(keys) == len(set(keys)) == 2
    assert acts.state()["counts"]["investors"] == 1


def test_invest_now_leads_to_the_start_url_of_one_investment(world: World, acts: Acts) -> None:
    user_id = add_user(world.app)
    acts.import_investor(user_id)
    investment_id, start_url = acts.invest(user_id)
    assert start_url is not None
    assert start_url.startswith(f"{world.simulator_url}/subscribe/")
    assert acts.invest(user_id) == (investment_id, start_url)
    assert acts.invest(user_id, number=7) == (investment_id, start_url)
    assert acts.state()["counts"]["investments"] == 1


def test_simultaneous_clicks_get_the_same_start_url(world: World, acts: Acts) -> None:
    user_id = add_user(world.app)
    acts.import_investor(user_id)
    with ThreadPoolExecutor(8) as pool:
        answers = set(pool.map(lambda _: acts.invest(user_id), range(8)))
    assert len(answers) == 1
    assert answers.pop()[1] is not None
    assert acts.state()["counts"]["investments"] == 1


def test_two_campaigns_are_two_investments(world: World, acts: Acts) -> None:
    user_id = add_user(world.app)
    acts.import_investor(user_id)
    assert acts.invest(user_id, campaign=BOND) != acts.invest(user_id, campaign=SOLAR)
    assert acts.state()["counts"]["investments"] == 2


def test_a_second_investment_begins_when_the_first_is_signed(world: World, acts: Acts) -> None:
    user_id = add_user(world.app)
    acts.import_investor(user_id)
    first, start_url = acts.invest(user_id)
    assert acts.invest(user_id, number=2)[0] == first
    acts.sign(start_url)
    cashlink_id = acts.state()["investments"][0]["id"]
    wait_until(lambda: acts.status(cashlink_id) == "KYC_PENDING", what="the webhook")
    with acts.user(user_id) as user:
        assert integration.next_number(user, BOND) == 2
    second, _ = acts.invest(user_id, number=2)
    assert second != first
    # Back to the old page and another click there is still the first one.
    assert acts.invest(user_id, number=1)[0] == first


def test_a_click_while_cashlink_is_away_is_kept_and_finished_by_the_loop(world: World, acts: Acts) -> None:
    user_id = add_user(world.app)
    acts.go_away()
    assert acts.import_investor(user_id) == "open"
    investment_id, start_url = acts.invest(user_id)
    assert start_url is None
    acts.run_loop()
    acts.come_back()
    for _ in range(3):
        acts.run_loop()
    with acts.user(user_id) as user:
        assert integration.import_state(user.investor) == "done"
        investment = db.session.get_one(Investment, investment_id)
        assert integration.usable_start_url(investment) is not None
    assert acts.state()["counts"]["investors"] == acts.state()["counts"]["investments"] == 1


def test_while_the_import_is_open_the_data_cannot_be_edited(world: World, acts: Acts) -> None:
    user_id = add_user(world.app)
    acts.go_away()
    acts.import_investor(user_id)
    with acts.user(user_id) as user:
        assert not integration.may_edit(user.investor, "bank")


def test_a_repeat_sends_the_same_key_and_the_same_bytes(world: World, acts: Acts) -> None:
    user_id = add_user(world.app)
    acts.go_away()
    acts.import_investor(user_id)
    before = frozen(world)
    with acts.user(user_id) as user:
        assert user.investor is not None
        user.investor.answers = {**ANSWERS, "person": {**ANSWERS["person"], "surname": "Anders"}}
        db.session.commit()
    acts.run_loop()
    assert frozen(world) == before


def frozen(world: World) -> list[tuple[str, bytes | None]]:
    with world.app.app_context():
        return [(row.idempotency_key, row.body) for row in db.session.scalars(select(Intent))]


def test_a_missed_webhook_is_learnt_by_asking(world: World, acts: Acts) -> None:
    user_id = add_user(world.app)
    acts.import_investor(user_id)
    _, start_url = acts.invest(user_id)
    acts.control("deliveries", {"paused": True})
    acts.sign(start_url)
    acts.run_loop()
    cashlink_id = acts.state()["investments"][0]["id"]
    assert acts.status(cashlink_id) == "KYC_PENDING"
    with world.app.app_context():
        assert [change.polled for change in history.changes(cashlink_id)] == [True]
        assert db.session.scalars(select(Investment.units)).one() is not None
    acts.control("deliveries", {"paused": False})

    def told_by_webhook() -> bool:
        with world.app.app_context():
            return [change.polled for change in history.changes(cashlink_id)] == [False]

    wait_until(told_by_webhook, what="one line in the history, the webhook's")


def test_a_wrong_status_is_corrected_by_asking(world: World, acts: Acts) -> None:
    user_id = add_user(world.app)
    acts.import_investor(user_id)
    _, start_url = acts.invest(user_id)
    acts.sign(start_url)
    cashlink_id = acts.state()["investments"][0]["id"]
    wait_until(lambda: acts.status(cashlink_id) == "KYC_PENDING", what="the webhook")
    forged = {"investment_id": cashlink_id, "status": "DELIVERED", "changed_at": "2026-01-01T00:00:00Z"}
    with world.app.app_context():
        newest = history.newest_change(cashlink_id)
        assert newest is not None
        forged["changed_at"] = newest.changed_at.replace(microsecond=999_999).isoformat()
        token = world.app.extensions["settings"].webhook_tokens[0]
    answer = requests.post(
        f"{world.url}/webhooks/cashlink",
        data=json.dumps(forged),
        headers={"Authorization": f"Bearer {token}"},
        timeout=5,
    )
    assert answer.status_code == 204
    assert acts.status(cashlink_id) == "DELIVERED"

    def corrected() -> bool:
        acts.run_loop()
        return acts.status(cashlink_id) == "KYC_PENDING"

    wait_until(corrected, what="the correction")
    with world.app.app_context():
        unchecked = select(func.count()).select_from(StatusChange).where(StatusChange.checked_at.is_(None))
        assert db.session.scalar(unchecked) == 0


def test_a_start_url_on_a_foreign_host_is_kept_but_nobody_is_sent_there(
    tmp_path: Path, database: dict[str, str]
) -> None:
    with World(tmp_path, background=False, CASHLINK_START_URL_HOSTS="demo.cashlink.de", **database) as world:
        acts = Acts(world)
        user_id = add_user(world.app)
        acts.import_investor(user_id)
        _, start_url = acts.invest(user_id)
        assert start_url is None
        assert acts.intents()[-1] == ("investment", "parked")
        with world.app.app_context():
            assert db.session.scalars(select(Investment.start_url)).one() is not None


def test_no_transaction_is_open_during_a_call(world: World, acts: Acts) -> None:
    """Another connection can change the same tables while Cashlink takes its time."""
    user_id = add_user(world.app)
    seen = []

    def write(_exchange: object) -> None:
        with world.app.app_context():
            db.session.execute(db.text("SET lock_timeout = '1s'" if "postgresql" in str(db.engine.url) else "SELECT 1"))
            # The whole table, so that any lock that is held would be in the way.
            db.session.execute(update(Investor).values(surname=Investor.surname))
            db.session.execute(update(Intent).values(attempts=Intent.attempts))
            db.session.commit()
        seen.append(1)

    world.app.extensions["cashlink"].observer = write
    assert acts.import_investor(user_id) == "done"
    assert acts.invest(user_id)[1] is not None
    assert len(seen) >= 4
