"""Keys that are changed while people and machines are busy."""

from __future__ import annotations

from itertools import pairwise

import pytest

from portal import create_app
from portal.config import Settings

from .investments.person import Person
from .schema import migrate

NEW = "another-key-that-only-the-tests-know-32"
CLIENT = {"CASHLINK_WEBHOOK_CLIENT_ID": "cashlink", "CASHLINK_WEBHOOK_CLIENT_SECRET": "the-secret-of-cashlink"}


@pytest.mark.parametrize(("known", "account", "webhook"), [(True, 200, 204), (False, 303, 401)])
def test_people_stay_signed_in_while_the_key_changes(
    environ: dict[str, str], known: bool, account: int, webhook: int
) -> None:
    """And a token that was issued for webhooks stays valid; without the key before, nothing that it has signed is."""
    before = create_app(Settings.from_environment({**environ, **CLIENT}))
    migrate(before)
    dana = Person.create(before, "dana@example.org", "Dana", "Muster")
    assert dana.client.get("/account").status_code == 200
    credentials = {"client_id": "cashlink", "client_secret": "the-secret-of-cashlink"}
    issued = before.test_client().post("/oauth/token", data={"grant_type": "client_credentials", **credentials})
    changed = {"PORTAL_SECRET_KEY": NEW, "PORTAL_SECRET_KEY_BEFORE": environ["PORTAL_SECRET_KEY"] if known else ""}
    after = create_app(Settings.from_environment({**environ, **CLIENT, **changed}))
    browser = after.test_client()
    cookie = dana.client.get_cookie("portal_session")
    assert cookie is not None
    browser.set_cookie("portal_session", cookie.value)
    assert browser.get("/account").status_code == account
    headers = {"Authorization": f"Bearer {issued.get_json()['access_token']}"}
    assert after.test_client().post("/webhooks/cashlink", data=b"{}", headers=headers).status_code == webhook
    if known:
        # From now on the new key signs: the old one can go once each session has been renewed.
        renewed = create_app(Settings.from_environment({**environ, **CLIENT, "PORTAL_SECRET_KEY": NEW})).test_client()
        issued = after.test_client().post("/oauth/token", data={"grant_type": "client_credentials", **credentials})
        headers = {"Authorization": f"Bearer {issued.get_json()['access_token']}"}
        assert renewed.post("/webhooks/cashlink", data=b"{}", headers=headers).status_code == 204


def test_machines_of_both_rounds_know_each_others_sessions(environ: dict[str, str]) -> None:
    """While keys change machine by machine, a person comes to one that signs with the old and to one with the new."""
    old = environ["PORTAL_SECRET_KEY"]
    rounds = ({}, {"PORTAL_SECRET_KEY_BEFORE": NEW}, {"PORTAL_SECRET_KEY": NEW, "PORTAL_SECRET_KEY_BEFORE": old})
    apps = [create_app(Settings.from_environment({**environ, **CLIENT, **changed})) for changed in rounds]
    migrate(apps[0])
    dana = Person.create(apps[0], "dana@example.org", "Dana", "Muster")
    credentials = {"client_id": "cashlink", "client_secret": "the-secret-of-cashlink"}
    for present, following in pairwise(apps):
        for issuer, other in ((present, following), (following, present)):
            browser = issuer.test_client()
            cookie = dana.client.get_cookie("portal_session")
            assert cookie is not None
            browser.set_cookie("portal_session", cookie.value)
            # Signed anew by this machine, and shown to the other.
            assert browser.get("/account").status_code == 200
            with browser.session_transaction() as session:
                session["signed"] = "anew"
            signed = browser.get_cookie("portal_session")
            assert signed is not None
            elsewhere = other.test_client()
            elsewhere.set_cookie("portal_session", signed.value)
            assert elsewhere.get("/account").status_code == 200
            issued = issuer.test_client().post("/oauth/token", data={"grant_type": "client_credentials", **credentials})
            headers = {"Authorization": f"Bearer {issued.get_json()['access_token']}"}
            assert other.test_client().post("/webhooks/cashlink", data=b"{}", headers=headers).status_code == 204
