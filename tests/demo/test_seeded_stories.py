"""What the cast has lived through happened in office hours, while the campaigns were open, and in the right order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from portal.campaigns import content
from portal.demo import seed
from portal.language import at_home


@pytest.mark.parametrize("hours", range(0, 24 * 14, 5))
def test_the_stories_are_plausible_whenever_the_demo_is_filled(
    app: Flask, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    """Around the end of summer time."""
    present = datetime(2026, 10, 19, 0, 30, tzinfo=UTC) + timedelta(hours=hours)
    monkeypatch.setattr(seed, "now", lambda: present)
    for story in seed.STORIES:
        found = seed.instants(story)
        assert len(found) == 1 + len(seed.PATHS[story.status])
        assert found == sorted(set(found))
        assert present - seed.MEMBERS_SINCE + timedelta(minutes=30) < found[0]
        assert found[-1] < present - timedelta(hours=7)
        for at in map(at_home, found):
            assert at.weekday() < 5
            assert 9 <= at.hour < 17
        with app.test_request_context():
            campaign = content.load(story.campaign, at_home(present).date())
        assert campaign.opens <= at_home(found[0]).date()
        if story.status == "ACCEPTED":
            assert present + timedelta(days=2) < found[-1] + timedelta(days=campaign.payment_days)
        if story.status == "CANCELLATION":
            assert found[-1] < found[0] + timedelta(days=campaign.product.withdrawal_days)
