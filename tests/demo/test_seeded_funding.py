"""The past of the funding that the seed writes agrees with the campaigns and with what the simulator declares."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from portal.campaigns import content
from portal.demo.seed import funding_days
from portal.language import today

from ..settings import BOND, SOLAR


@pytest.mark.parametrize(("slug", "declared", "minimum_reached"), [(BOND, 2_431_500, 20), (SOLAR, 2_300_000, 49)])
def test_the_seed_leads_up_to_what_the_simulator_declares(
    app: Flask, slug: str, declared: int, minimum_reached: int
) -> None:
    with app.test_request_context():
        present = today()
        campaign = content.load(slug, present)
        rows = [row for row in funding_days() if row.campaign == slug]
    assert [row.day for row in rows] == [campaign.opens + timedelta(days) for days in range(len(rows))]
    assert rows[-1].day == present - timedelta(1)
    sums = [row.cents // 100 for row in rows]
    assert sums == sorted(sums)
    assert all(euros % campaign.nominal == 0 for euros in sums)
    assert sums[-1] <= declared
    assert [row.subscriptions for row in rows] == sorted(row.subscriptions for row in rows)
    first = next(row.day for row in rows if row.cents >= campaign.minimum_volume * 100)
    assert first == present - timedelta(minimum_reached)
