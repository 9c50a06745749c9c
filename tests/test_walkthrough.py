"""The whole journey in one test, over real HTTP between portal, simulator and two browsers, from nothing to DELIVERED.

Read it as a story. What is said here by field names and paths is the fixed interface that other programs rely on.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .journey import IBAN, PASSWORD, PATH, TAX_NUMBER, TYPED, Visitor, press_in_studio
from .settings import BOND
from .world import World, wait_until

pytestmark = pytest.mark.slow

EMAIL = "toni.beispiel@example.org"


@pytest.fixture
def demo_world(tmp_path: Path) -> Iterator[World]:
    """With the mailbox; without any cast: the portal is as empty as on its first day."""
    with World(tmp_path, demo=True) as running:
        yield running


def database(folder: Path, name: str) -> str:
    """Everything that the files of a database hold, what was deleted from its pages included."""
    return "\n".join(path.read_bytes().decode("latin-1") for path in folder.glob(f"{name}.sqlite3*"))


def shows(page: Visitor, address: str, status: str) -> Callable[[], bool]:
    return lambda: page.open(address).status == status


def test_the_journey_from_register_to_delivered(demo_world: World, tmp_path: Path) -> None:
    portal, simulator = demo_world.url, demo_world.simulator_url

    # Toni registers at a desk.
    desk = Visitor(portal)
    desk.open("/register").send({"email": EMAIL, "password": PASSWORD}, tick=True)
    assert desk.path == "/register/sent"
    assert EMAIL in desk.text

    # The mail is read on a phone: another browser, which knows nothing of the registration.
    toni = Visitor(portal).open("/mailbox")
    assert EMAIL in toni.text
    (link,) = {str(found["href"]) for found in toni.page.select('a[href*="/confirm-email/"]')}
    assert link.startswith(f"{portal}/confirm-email/")
    toni.open(link)
    assert toni.answer.status_code == 200
    toni.send({"password": "not what was chosen"})
    assert toni.answer.status_code == 422
    toni.send({"password": PASSWORD})
    assert toni.path == "/investor/person", "confirmed, signed in, and led to the first step"
    # The link works once. And the desk is not signed in by what the phone did.
    assert "confirmed already" in Visitor(portal).open(link).text
    assert desk.open("/investments").path == "/login"

    # Each step is saved by itself and leads to the next.
    for step, typed in TYPED.items():
        assert toni.path == f"/investor/{step}"
        toni.send(typed)
        assert [step.status_code for step in toni.answer.history][:1] == [303], toni.text
    assert toni.path == "/investor/check"
    assert "Beispiel-Größe" in toni.text
    assert "31 August 1985" in toni.text
    assert IBAN in toni.text.replace(" ", "")
    assert IBAN in database(tmp_path, "portal"), "until it is passed on, the portal has to keep it"

    # Consent is asked for, never taken as given; then the data are passed on.
    assert "consent" not in toni.form().values
    toni.send()
    assert toni.answer.status_code == 422
    assert IBAN not in database(tmp_path, "simulator")
    toni.send({"consent": "y"})
    assert toni.path == "/investor"
    assert "passed on" in toni.heading

    # What Cashlink has, the portal needs no longer: bank and tax details are gone from its files.
    assert IBAN in database(tmp_path, "simulator")
    assert TAX_NUMBER in database(tmp_path, "simulator")
    for secret in (IBAN, TAX_NUMBER, "Probestra", "1985-08-31", PASSWORD):
        assert secret not in database(tmp_path, "portal"), secret
    assert "Toni Robin" in database(tmp_path, "portal")

    # The campaign, its risk, and the name of the next site beside the button.
    toni.open("/").follow(f'a[href="/campaigns/{BOND}"]')
    assert toni.answer.status_code == 200
    assert simulator.removeprefix("http://") in toni.text
    assert "total loss" in toni.text.lower() or "complete loss" in toni.text.lower()

    # Invest now: one POST, and the answer leads to Cashlink.
    toni.send(form="form[data-invest]")
    asked, *_ = toni.answer.history
    assert (asked.request.method, asked.status_code) == ("POST", 303)
    assert asked.url == f"{portal}/campaigns/{BOND}/invest"
    start_url = asked.headers["Location"]
    assert re.fullmatch(rf"{re.escape(simulator)}/subscribe/[\w-]+", start_url)

    # In the portal it stands as begun, and nothing more is claimed.
    elsewhere = Visitor(portal)
    elsewhere.open("/login").send({"email": EMAIL, "password": PASSWORD})
    elsewhere.open("/investments").follow('main a[href^="/investments/"]')
    progress = elsewhere.url
    assert elsewhere.status == "STARTED"
    assert start_url in str(elsewhere.page)

    # The hosted pages, by the fixed interface alone: the first form, all boxes ticked, the first button.
    seen = [toni.heading]
    while not toni.path.endswith("/identification"):
        toni.send(tick=True)
        assert toni.answer.status_code == 200, toni.text
        seen.append(toni.heading)
    assert len(seen) == 6
    wait_until(shows(elsewhere, progress, "KYC_PENDING"), what="the webhook of the signature")
    toni.send(tick=True)
    assert not toni.has_form()
    wait_until(shows(elsewhere, progress, "REVIEW_PENDING"), what="the webhook of the identification")

    # The issuer's side: each button is a webhook, and each webhook is seen.
    studio = Visitor(simulator)
    for action, status in PATH[1:]:
        press_in_studio(studio, action)
        wait_until(shows(elsewhere, progress, status), what=f"the webhook of {action}")
        if status == "ACCEPTED":
            # Units × nominal, once the loop has asked for the units; the bank details stand at Cashlink alone.
            wait_until(lambda: "€1,000.00" in elsewhere.open(progress).text, what="the amount")
            assert "Payment details" in toni.open(start_url).text

    # Delivered. Toni goes back by the link on the hosted pages.
    toni.follow(f'a[href="{portal}/investments"]')
    assert toni.path == "/investments"
    assert "Completed" in toni.text
    assert "€1,000.00" in toni.text
    toni.follow('main table a[href^="/investments/"]')
    assert toni.url == progress
    assert toni.status == "DELIVERED"
    for step in ("Subscription signed", "Identity check", "Review", "Acceptance", "Payment", "Credit"):
        assert step in toni.text

    # Signing out ends it.
    toni.send(form='form[action="/logout"]')
    assert toni.open(progress).path == "/login"
