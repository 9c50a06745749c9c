"""The rows of the fault table that concern calls, one by one: what the person sees at once, and that all heals."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from portal import integration
from portal.database import db, now
from portal.models import Intent, Investment

from ..acts import Acts
from ..people import add_user
from ..world import World, wait_until
from .invariants import violations

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Acts]:
    with World(tmp_path_factory.mktemp("world"), background=False) as world:
        yield Acts(world)


@pytest.fixture
def acts(shared: Acts, monkeypatch: pytest.MonkeyPatch) -> Acts:
    """One world for all rows, emptied before each."""
    monkeypatch.setattr(integration, "WEB_DEADLINE", 1.0)
    shared.start_over()
    return shared


# Nobody knows whether it happened: the same key goes out again until it is known.
KEPT = [
    *(f"before:{kind}" for kind in ("401", "403", "409", "429", "429:5", "429:date", "429:garbage", "429:1000000000")),
    *(f"before:{kind}" for kind in ("500", "502", "503", "504", "reset", "timeout")),
    *(f"after:{kind}" for kind in ("401", "403", "409", "429", "500", "502", "503", "reset", "timeout", "lost")),
    *("garbage", "empty", "no_id", "huge", "gzip_bomb", "drip", "redirect", "late", "no_date", "wrong_date"),
]
CALLS = ("create_investor", "update_communication", "create_document", "create_identification", "create_investment")


@pytest.mark.parametrize("fault", KEPT)
@pytest.mark.parametrize("call", ["create_investor", "create_investment"])
def test_a_fault_loses_and_doubles_nothing(acts: Acts, call: str, fault: str) -> None:
    user_id = add_user(acts.world.app)
    if call == "create_investment":
        acts.import_investor(user_id)
    # Twice, since one 401 is mended by a new token at once.
    acts.arm(call, fault, times=2)
    acts.import_investor(user_id)
    acts.invest(user_id)
    acts.clear_faults()

    def healed() -> bool:
        return acts.invest(user_id)[1] is not None

    acts.loop_until(healed, "the investment")
    assert violations(acts) == []
    keys = {row["idempotency_key"] for row in acts.requests("/v2/investments/", "POST") if row["idempotency_key"]}
    assert len(keys) == 1


@pytest.mark.parametrize("fault", ["after:lost", "after:500", "before:503", "garbage"])
@pytest.mark.parametrize("call", CALLS)
def test_each_call_of_the_steps_survives(acts: Acts, call: str, fault: str) -> None:
    user_id = add_user(acts.world.app, identified=True)
    acts.arm(call, fault)
    acts.import_investor(user_id)
    acts.invest(user_id)
    acts.loop_until(lambda: acts.invest(user_id)[1] is not None, "the investment")
    assert violations(acts) == []
    counts = acts.state()["counts"]
    assert (counts["investors"], counts["documents"], counts["identifications"], counts["investments"]) == (1, 1, 1, 1)


@pytest.mark.parametrize("fault", ["before:500", "before:timeout", "garbage", "drip", "before:401"])
def test_without_a_token_everything_is_kept(acts: Acts, fault: str) -> None:
    user_id = add_user(acts.world.app)
    acts.arm("token", fault, times=None)
    assert acts.import_investor(user_id) == "open"
    acts.clear_faults()
    acts.loop_until(lambda: acts.import_investor(user_id) == "done", "the import")
    assert violations(acts) == []


def test_a_token_that_ends_in_mid_flight_is_renewed_within_the_request(acts: Acts) -> None:
    user_id = add_user(acts.world.app)
    acts.arm("create_investor", "before:401")
    assert acts.import_investor(user_id) == "done"


def test_a_lost_answer_is_healed_within_the_click_that_follows(acts: Acts) -> None:
    user_id = add_user(acts.world.app)
    acts.import_investor(user_id)
    acts.arm("create_investment", "after:lost")
    _, start_url = acts.invest(user_id)
    assert start_url is None
    acts.run_loop()
    assert acts.invest(user_id)[1] is not None
    assert acts.state()["counts"]["investments"] == 1


def test_an_unknown_investor_is_parked_and_never_created_anew(acts: Acts) -> None:
    user_id = add_user(acts.world.app)
    acts.import_investor(user_id)
    acts.arm("create_investment", "before:404")
    acts.arm("fetch_investor", "before:404")
    acts.invest(user_id)
    for _ in range(3):
        acts.run_loop()
    assert acts.intents()[-1] == ("investment", "parked")
    assert acts.state()["counts"]["investors"] == 1


def test_an_unknown_campaign_is_refused_and_the_investor_kept(acts: Acts) -> None:
    user_id = add_user(acts.world.app)
    acts.import_investor(user_id)
    acts.arm("create_investment", "before:404")
    acts.invest(user_id)
    assert acts.intents()[-1] == ("investment", "refused")
    # The campaign is there again: the next click is a new try under a new key, on the same row.
    assert acts.invest(user_id)[1] is not None
    with acts.world.app.app_context():
        assert len(db.session.scalars(select(Investment)).all()) == 1
    assert violations(acts) == []


@pytest.mark.parametrize("fault", ["before:400", "before:422"])
def test_a_refusal_with_field_errors_lets_the_person_edit(acts: Acts, fault: str) -> None:
    user_id = add_user(acts.world.app)
    acts.arm("create_investor", fault)
    assert acts.import_investor(user_id) == "refused"
    with acts.user(user_id) as user:
        assert integration.field_errors(user.investor)
        assert integration.may_edit(user.investor, "person")
    assert acts.import_investor(user_id) == "done"
    assert violations(acts) == []


def test_a_conflict_is_kept_for_ten_minutes_and_parked_then(acts: Acts) -> None:
    user_id = add_user(acts.world.app)
    acts.arm("create_investor", "before:409", times=None)
    assert acts.import_investor(user_id) == "open"
    acts.run_loop()
    assert acts.intents() == [("investor", None)]
    with acts.world.app.app_context():
        db.session.execute(update(Intent).values(created_at=now() - timedelta(minutes=11)))
        db.session.commit()
    acts.run_loop()
    assert acts.intents() == [("investor", "parked")]
    acts.clear_faults()
    acts.run_loop()
    assert acts.intents() == [("investor", "parked")]


def test_a_start_url_on_a_foreign_host_is_never_followed(acts: Acts) -> None:
    user_id = add_user(acts.world.app)
    acts.import_investor(user_id)
    acts.arm("create_investment", "foreign_start_url")
    assert acts.invest(user_id)[1] is None
    assert acts.intents()[-1] == ("investment", "parked")


@pytest.mark.parametrize("fault", ["duplicate", "reorder", "delay:1", "ghost", "hostile", "future", "unknown_status"])
def test_a_fault_of_the_deliveries_changes_no_status(acts: Acts, fault: str) -> None:
    user_id = add_user(acts.world.app)
    acts.import_investor(user_id)
    acts.arm("delivery", fault, times=None)
    _, start_url = acts.invest(user_id)
    acts.sign(start_url)
    cashlink_id = acts.state()["investments"][0]["id"]
    studio_acts(acts, cashlink_id, "identify", "review")
    acts.clear_faults()
    acts.loop_until(lambda: acts.status(cashlink_id) == "WAITING_FOR_ACCEPTANCE", "the status")
    wait_until(lambda: acts.state()["counts"]["deliveries_waiting"] == 0, what="the queue's end")
    acts.loop_until(lambda: violations(acts) == [], "all invariants")


def studio_acts(acts: Acts, cashlink_id: str, *actions: str) -> None:
    from portal.demo.walk import Studio

    studio = Studio(acts.world.simulator_url)
    for action in actions:
        studio.act(cashlink_id, action)


def test_all_webhooks_dropped_is_learnt_by_asking(acts: Acts) -> None:
    user_id = add_user(acts.world.app)
    acts.import_investor(user_id)
    acts.arm("delivery", "drop", times=None)
    _, start_url = acts.invest(user_id)
    acts.sign(start_url)
    cashlink_id = acts.state()["investments"][0]["id"]
    studio_acts(acts, cashlink_id, "identify", "review", "accept", "pay", "deliver")
    acts.loop_until(lambda: acts.status(cashlink_id) == "DELIVERED", "the status")
    assert violations(acts) == []


def test_a_wrong_final_status_is_corrected(acts: Acts) -> None:
    user_id = add_user(acts.world.app)
    acts.import_investor(user_id)
    _, start_url = acts.invest(user_id)
    acts.sign(start_url)
    cashlink_id = acts.state()["investments"][0]["id"]
    wait_until(lambda: acts.status(cashlink_id) == "KYC_PENDING", what="a webhook")
    acts.run_loop()
    acts.arm("delivery", "wrong_status")
    studio_acts(acts, cashlink_id, "identify")
    wait_until(lambda: acts.status(cashlink_id) == "DELIVERED", what="the forged webhook")
    acts.clear_faults()
    # The news itself makes the loop ask, long before the investment's turn comes.
    acts.loop_until(lambda: acts.status(cashlink_id) == "REVIEW_PENDING", "the correction", ask_all=False)


def test_a_webhook_that_overtakes_our_own_answer_joins(acts: Acts) -> None:
    user_id = add_user(acts.world.app)
    acts.import_investor(user_id)
    acts.arm("delivery", "early")
    acts.invest(user_id)
    cashlink_id = acts.state()["investments"][0]["id"]
    wait_until(lambda: acts.status(cashlink_id) == "KYC_PENDING", what="the webhook")
    acts.run_loop()
    assert violations(acts) == []
