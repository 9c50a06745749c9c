"""Mails about changes of status: one for each, in the person's language, and only about what Cashlink confirms."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import update

from portal.cashlink import statuses
from portal.database import db, now
from portal.demo.walk import Studio
from portal.models import User

from ..acts import Acts
from ..people import add_user
from ..visitor import mails
from ..webhooks.test_receiver import AUTHENTIC, body
from ..world import World, wait_until

pytestmark = pytest.mark.slow

EMAIL = "alice@example.org"


@pytest.fixture
def acts(tmp_path: Path) -> Iterator[Acts]:
    with World(tmp_path, background=False) as world:
        yield Acts(world)


def signed(acts: Acts, language: str) -> str:
    """The id of an investment whose identification is open."""
    user_id = add_user(acts.world.app, "alice")
    with acts.world.app.app_context():
        db.session.execute(update(User).values(language=language))
        db.session.commit()
    acts.import_investor(user_id)
    acts.sign(acts.invest(user_id)[1])
    return str(acts.state()["investments"][0]["id"])


def settle(acts: Acts) -> None:
    wait_until(lambda: acts.state()["counts"]["deliveries_waiting"] == 0, 20, "the queue's end")
    acts.run_loop()


@pytest.mark.parametrize(
    ("language", "subjects", "words"),
    [
        ("en", ["Identity check open", "In review"], "What you do now"),
        ("de", ["Identifizierung offen", "In Prüfung"], "Was Sie jetzt tun"),
    ],
)
def test_each_status_is_told_once(acts: Acts, language: str, subjects: list[str], words: str) -> None:
    investment = signed(acts, language)
    settle(acts)
    acts.run_loop()
    Studio(acts.world.simulator_url).act(investment, "identify")
    settle(acts)
    acts.run_loop()
    told = mails(acts.world.app, EMAIL)
    assert [mail.subject.partition(": ")[2] for mail in told] == subjects
    assert all(mail.subject.startswith("Wärmeanleihe Hollerbrück") for mail in told)
    for mail in told:
        assert words in (mail.body_text or "")
        assert "/investments/" in (mail.body_html or "")
        assert "DE89" not in (mail.body_text or "")


def test_a_wrong_webhook_writes_to_nobody(acts: Acts) -> None:
    investment = signed(acts, "en")
    settle(acts)
    news = body(statuses.DELIVERED, now().isoformat(), investment)
    client = acts.world.app.test_client()
    assert client.post("/webhooks/cashlink", data=news, headers=AUTHENTIC).status_code == 204
    assert acts.status(investment) == statuses.DELIVERED
    acts.loop_until(lambda: acts.status(investment) == statuses.KYC_PENDING, "the right status")
    assert [mail.subject.partition(": ")[2] for mail in mails(acts.world.app, EMAIL)] == ["Identity check open"]
