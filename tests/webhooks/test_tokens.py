"""The token endpoint for webhooks, after RFC 6749."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal import create_app
from portal.config import Settings

from ..schema import migrate
from ..world import World
from .test_receiver import body, deliver

pytestmark = pytest.mark.slow

CLIENT, SECRET = "webhook-client", "webhook-secret-of-the-tests"


@pytest.fixture
def app(environ: dict[str, str]) -> Flask:
    environ |= {"CASHLINK_WEBHOOK_CLIENT_ID": CLIENT, "CASHLINK_WEBHOOK_CLIENT_SECRET": SECRET}
    app = create_app(Settings.from_environment(environ))
    migrate(app)
    return app


def basic(client: str = CLIENT, secret: str = SECRET) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{client}:{secret}".encode()).decode()}


GRANT = {"grant_type": "client_credentials"}
FORM = {**GRANT, "client_id": CLIENT, "client_secret": SECRET}


@pytest.mark.parametrize(("form", "headers"), [(FORM, {}), (GRANT, basic())], ids=["form", "basic"])
def test_a_token_opens_the_receiver(client: FlaskClient, form: dict[str, str], headers: dict[str, str]) -> None:
    response = client.post("/oauth/token", data=form, headers=headers)
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "no-store"
    assert response.json is not None
    assert response.json["token_type"] == "Bearer"
    assert 0 < response.json["expires_in"] <= 3600
    assert deliver(client, body(), {"Authorization": f"Bearer {response.json['access_token']}"}) == 204


@pytest.mark.parametrize(
    ("form", "headers", "status", "error"),
    [
        ({}, basic(), 400, "invalid_request"),
        ({"grant_type": "password"}, basic(), 400, "unsupported_grant_type"),
        (GRANT, {}, 401, "invalid_client"),
        (GRANT, basic(secret="wrong"), 401, "invalid_client"),
        (GRANT, basic(client="wrong"), 401, "invalid_client"),
        ({**FORM, "client_secret": "wrong"}, {}, 401, "invalid_client"),
        (FORM, basic(), 401, "invalid_client"),
        (GRANT, {"Authorization": "Basic ???"}, 401, "invalid_client"),
    ],
)
def test_errors_are_those_of_the_rfc(
    client: FlaskClient, form: dict[str, str], headers: dict[str, str], status: int, error: str
) -> None:
    response = client.post("/oauth/token", data=form, headers=headers)
    assert (response.status_code, response.json) == (status, {"error": error})
    assert response.headers["Cache-Control"] == "no-store"
    assert ("WWW-Authenticate" in response.headers) == (status == 401)


def test_a_foreign_or_changed_token_opens_nothing(client: FlaskClient, environ: dict[str, str]) -> None:
    token = (client.post("/oauth/token", data=FORM).json or {})["access_token"]
    environ["CASHLINK_WEBHOOK_CLIENT_SECRET"] = "another-secret-of-the-tests"
    other = create_app(Settings.from_environment(environ))
    for candidate in (token[:-1], f"x{token}", "a.b.c", "\xfc"):
        assert deliver(client, body(), {"Authorization": f"Bearer {candidate}"}) == 401
    assert deliver(other.test_client(), body(), {"Authorization": f"Bearer {token}"}) == 401


def test_a_token_ends_after_its_lifetime(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    token = (client.post("/oauth/token", data=FORM).json or {})["access_token"]
    monkeypatch.setattr("portal.webhooks.tokens.LIFETIME", -1)
    assert deliver(client, body(), {"Authorization": f"Bearer {token}"}) == 401


def test_without_credentials_configured_no_token_is_issued(environ: dict[str, str]) -> None:
    for name in ("CASHLINK_WEBHOOK_CLIENT_ID", "CASHLINK_WEBHOOK_CLIENT_SECRET"):
        environ.pop(name, None)
    client = create_app(Settings.from_environment(environ)).test_client()
    response = client.post("/oauth/token", data={**GRANT, "client_id": "", "client_secret": ""})
    assert response.json == {"error": "unauthorized_client"}


@pytest.fixture
def served(tmp_path: Path) -> Iterator[World]:
    settings = {"CASHLINK_WEBHOOK_CLIENT_ID": CLIENT, "CASHLINK_WEBHOOK_CLIENT_SECRET": SECRET}
    with World(tmp_path, background=False, **settings) as world:
        yield world


@pytest.mark.parametrize("auth", ["client_secret_basic", "client_secret_post"])
def test_authlib_delivers(served: World, auth: str) -> None:
    from authlib.integrations.requests_client import OAuth2Session

    url = f"{served.url}/oauth/token"
    with OAuth2Session(CLIENT, SECRET, token_endpoint=url, token_endpoint_auth_method=auth) as sender:
        sender.fetch_token(url, grant_type="client_credentials")
        assert sender.post(f"{served.url}/webhooks/cashlink", data=body(), timeout=10).status_code == 204


@pytest.mark.parametrize("in_form", [False, True], ids=["basic", "form"])
def test_requests_oauthlib_delivers(served: World, monkeypatch: pytest.MonkeyPatch, in_form: bool) -> None:
    from oauthlib.oauth2 import BackendApplicationClient
    from requests_oauthlib import OAuth2Session

    # The library insists on https, as the portal's own rules do in production.
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    with OAuth2Session(client=BackendApplicationClient(CLIENT)) as sender:
        sender.fetch_token(
            f"{served.url}/oauth/token", client_id=CLIENT, client_secret=SECRET, include_client_id=in_form or None
        )
        assert sender.post(f"{served.url}/webhooks/cashlink", data=body(), timeout=10).status_code == 204
