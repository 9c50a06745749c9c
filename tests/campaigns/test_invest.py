""" "Invest now": who is let through, what it starts, and where it leads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from portal import integration
from portal.database import db
from portal.models import Investment, User

from ..people import add_user
from ..settings import BOND, SOLAR
from ..world import World
from .conftest import rewrite
from .people import product, signed_in, tell_funding

DAIRY = "genussrecht-kaeserei-brunnenau"


def invest_form(client: FlaskClient, slug: str = BOND) -> dict[str, str]:
    """What the button posts."""
    soup = BeautifulSoup(client.get(f"/campaigns/{slug}").text, "html.parser")
    return {str(field["name"]): str(field["value"]) for field in soup.select("[data-invest] input")}


def press(client: FlaskClient, slug: str = BOND, **fields: str) -> Any:
    """Press the button, with fields that differ from those of the page."""
    token = BeautifulSoup(client.get("/").text, "html.parser").select_one("[name=csrf_token]")
    assert token is not None
    data = {"csrf_token": str(token["value"]), "number": "1"} | fields
    return client.post(f"/campaigns/{slug}/invest", data=data)


def investments(app: Flask) -> list[Investment]:
    with app.app_context():
        return list(db.session.scalars(select(Investment)))


def button(client: FlaskClient, slug: str = BOND) -> str:
    soup = BeautifulSoup(client.get(f"/campaigns/{slug}").text, "html.parser")
    found = soup.select_one("#invest .btn")
    return " ".join(found.get_text().split()) if found else ""


def imported(app: Flask, name: str = "alice") -> FlaskClient:
    """A browser of somebody whose data Cashlink has."""
    user_id = add_user(app, name)
    with app.app_context():
        user = db.session.get(User, user_id)
        assert user is not None
        assert user.investor is not None
        assert integration.import_investor(user.investor, "I agree.") == "done"
    return signed_in(app, user_id)


def test_signed_out_button_leads_to_sign_in_and_back(client: FlaskClient) -> None:
    soup = BeautifulSoup(client.get(f"/campaigns/{BOND}").text, "html.parser")
    (link,) = soup.select("#invest a.btn")
    assert link["href"] == f"/login?next=/campaigns/{BOND}"
    answer = press(client)
    assert (answer.status_code, answer.location) == (303, f"/login?next=/campaigns/{BOND}")


@pytest.mark.parametrize("number", ["", "0", "-1", "1.0", "²", "one", "9" * 30, "000000001" + "0" * 5000])
def test_number_that_no_page_has_shown_is_refused(app: Flask, number: str) -> None:
    assert press(signed_in(app, add_user(app)), number=number).status_code == 400
    assert investments(app) == []


def test_unknown_campaign_is_not_found(app: Flask) -> None:
    assert press(signed_in(app, add_user(app)), "windpark").status_code == 404


def test_unconfirmed_address_comes_first(app: Flask) -> None:
    user_id = add_user(app)
    with app.app_context():
        user = db.session.get(User, user_id)
        assert user is not None
        user.email_confirmed_at = None
        db.session.commit()
    answer = press(signed_in(app, user_id))
    assert (answer.status_code, answer.location) == (303, "/register/sent")
    assert investments(app) == []


def test_data_without_consent_lead_to_the_data_and_back(app: Flask) -> None:
    client = signed_in(app, add_user(app))
    answer = press(client)
    assert (answer.status_code, answer.location) == (303, f"/investor?next=/campaigns/{BOND}")
    assert investments(app) == []
    assert "First we ask for your data" in client.get(f"/campaigns/{BOND}").text


def test_campaign_that_has_not_begun_starts_nothing(app: Flask) -> None:
    answer = press(signed_in(app, add_user(app)), DAIRY)
    assert answer.status_code == 409
    assert "Nothing was started." in answer.text
    assert investments(app) == []


def test_full_campaign_starts_nothing(app: Flask) -> None:
    tell_funding(app, product("Solarpark Wendelau", 2_500_000, 2_500_000))
    answer = press(signed_in(app, add_user(app)), SOLAR)
    assert answer.status_code == 409
    assert "This campaign is fully funded. Nothing was started." in answer.text
    assert investments(app) == []


def test_closed_campaign_says_since_when(app: Flask, folder: Path) -> None:
    rewrite(folder, "closes = { days = 61 }", "closes = 2026-03-03")
    answer = press(signed_in(app, add_user(app)))
    assert answer.status_code == 409
    assert "This campaign closed on 3\N{NO-BREAK SPACE}March\N{NO-BREAK SPACE}2026. Nothing was started." in answer.text
    assert investments(app) == []


def test_cashlink_that_does_not_answer_leads_to_the_progress_page(app: Flask) -> None:
    user_id = add_user(app)
    with app.app_context():
        user = db.session.get(User, user_id)
        assert user is not None
        assert user.investor is not None
        assert integration.import_investor(user.investor, "I agree.") == "open"
    answer = press(signed_in(app, user_id))
    (investment,) = investments(app)
    assert (answer.status_code, answer.location) == (303, f"/investments/{investment.id}")


def test_button_leads_to_cashlink_and_pressing_again_continues_there(world: World) -> None:
    client = imported(world.app)
    assert button(client) == "Invest now"
    form = invest_form(client)
    first = client.post(f"/campaigns/{BOND}/invest", data=form)
    again = client.post(f"/campaigns/{BOND}/invest", data=form)
    assert first.status_code == again.status_code == 303
    assert first.location == again.location
    assert first.location.startswith(f"{world.simulator_url}/subscribe/")
    assert len(investments(world.app)) == 1
    assert button(client) == "Continue your subscription"
    assert invest_form(client)["number"] == "1"


def test_signed_subscription_allows_another_one(app: Flask) -> None:
    from ..investments.person import Person

    dana = Person.create(app, "dana@example.org", "Dana", "Muster")
    investment = dana.invest("KYC_PENDING")
    dana.client.set_cookie("portal_language", "en")
    assert button(dana.client) == "Invest again"
    assert invest_form(dana.client)["number"] == "2"
    assert f'href="/investments/{investment}"' in dana.client.get(f"/campaigns/{BOND}").text
