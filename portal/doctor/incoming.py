"""The way from Cashlink to the portal: its public address, and a webhook to itself by each kind of authentication."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import requests
from sqlalchemy import delete

from ..contract import Check, Finding, Text, failed, ok
from ..contract.api.client import CASHLINK
from ..contract.http import Answer, send
from ..database import db, now
from ..models import StatusChange
from .installation import HOSTING, OPERATOR, Installation, no_answer

WEBHOOK_PATH, TOKEN_PATH = "/webhooks/cashlink", "/oauth/token"
TOKENS, CLIENT = "CASHLINK_WEBHOOK_TOKENS", "CASHLINK_WEBHOOK_CLIENT_ID"


def checks(installation: Installation) -> list[Check]:
    check, needs = installation.check, ("database", "public-url")
    by_token, by_oauth = (
        Text("webhook, bearer token", "Webhook, Bearer-Token"),
        Text("webhook, OAuth", "Webhook, OAuth"),
    )
    return [
        check("public-url", Text("public address", "öffentliche Adresse"), _public_url, uses=("PORTAL_PUBLIC_URL",)),
        check("webhook-token", by_token, _with_tokens, uses=(TOKENS,), needs=needs),
        check("webhook-oauth", by_oauth, _with_oauth, uses=(CLIENT, "CASHLINK_WEBHOOK_CLIENT_SECRET"), needs=needs),
    ]


def _public_url(installation: Installation) -> Finding:
    url = installation.settings.public_url
    try:
        answer = send(installation.session, "GET", f"{url}/healthz")
    except (requests.RequestException, OSError) as error:
        return no_answer(error, HOSTING)
    if answer.is_success:
        return ok(Text("the portal answers", "das Portal antwortet"))
    return failed(
        Text(f"answered {answer.status}", f"Antwort {answer.status}"),
        Text(
            "Set PORTAL_PUBLIC_URL to the address that needs no redirect, and let the proxy pass all paths on.",
            "Setzen Sie PORTAL_PUBLIC_URL auf die Adresse ohne Umleitung, und lassen Sie den Proxy alle Pfade"
            " weitergeben.",
        ),
        HOSTING,
    )


def _with_tokens(installation: Installation) -> Finding:
    tokens = installation.settings.webhook_tokens
    if not tokens:
        return ok(Text("not used", "nicht benutzt"))
    for token in tokens:
        finding = _send_to_itself(installation, token)
        if finding.state != "ok":
            return finding
    return ok(Text(f"{len(tokens)} tokens arrive", f"{len(tokens)} Tokens kommen an"))


def _with_oauth(installation: Installation) -> Finding:
    settings = installation.settings
    if not settings.webhook_client_id:
        return ok(Text("not used", "nicht benutzt"))
    answer = send(
        installation.session,
        "POST",
        settings.public_url + TOKEN_PATH,
        data={"grant_type": "client_credentials"},
        auth=(settings.webhook_client_id, settings.webhook_client_secret),
    )
    token = answer.text("access_token")
    if not answer.is_success or not token:
        return _refused(answer, CLIENT)
    return _send_to_itself(installation, token, CLIENT)


def _send_to_itself(installation: Installation, token: str, variable: str = TOKENS) -> Finding:
    """A status change that belongs to no investment: answered 204, found in the database, and taken away again."""
    investment_id = f"doctor-{uuid.uuid4()}"
    url = installation.settings.public_url + WEBHOOK_PATH
    event = {"investment_id": investment_id, "status": "DOCTOR", "changed_at": now().isoformat()}

    def deliver(given: str) -> Answer:
        return send(installation.session, "POST", url, json=event, headers={"Authorization": f"Bearer {given}"})

    try:
        return _judge(deliver, token, variable, lambda: _take_away(installation, investment_id))
    finally:
        _take_away(installation, investment_id)


def _judge(deliver: Callable[[str], Answer], token: str, variable: str, arrived: Callable[[], bool]) -> Finding:
    if deliver("not-the-token").status != 401:
        return failed(
            Text("a wrong token is not answered 401", "ein falsches Token wird nicht mit 401 beantwortet"),
            Text(
                "Let the proxy pass POST requests and their answers on unchanged.",
                "Lassen Sie den Proxy POST-Anfragen und ihre Antworten unverändert weitergeben.",
            ),
            HOSTING,
        )
    answer = deliver(token)
    if answer.status != 204:
        return _refused(answer, variable)
    if not arrived():
        return failed(
            Text("answered 204, but not in this database", "Antwort 204, aber nicht in dieser Datenbank"),
            Text(
                "The public address leads to another portal: correct PORTAL_PUBLIC_URL or PORTAL_DATABASE_URL.",
                "Die öffentliche Adresse führt zu einem anderen Portal: berichtigen Sie PORTAL_PUBLIC_URL oder"
                " PORTAL_DATABASE_URL.",
            ),
            HOSTING,
        )
    return ok(Text("arrives", "kommt an"))


def _refused(answer: Answer, variable: str) -> Finding:
    seen = Text(f"answered {answer.status}", f"Antwort {answer.status}")
    if 300 <= answer.status < 400:
        remedy = Text(
            "A redirect is a failed delivery: let the address answer directly.",
            "Eine Umleitung ist eine gescheiterte Zustellung: Lassen Sie die Adresse unmittelbar antworten.",
        )
        return failed(seen, remedy, HOSTING)
    if answer.status in (400, 401):
        remedy = Text(
            f"Restart the portal with the same {variable}, let the proxy pass the header Authorization on, and compare"
            " with what Cashlink has.",
            f"Starten Sie das Portal mit demselben {variable} neu, lassen Sie den Proxy den Header Authorization"
            " weitergeben, und vergleichen Sie mit dem, was Cashlink hat.",
        )
        return failed(seen, remedy, CASHLINK)
    remedy = Text("Read the portal's log.", "Lesen Sie das Protokoll des Portals.")
    return failed(seen, remedy, OPERATOR)


def _take_away(installation: Installation, investment_id: str) -> bool:
    """Whether there was such a row."""
    with installation.app.app_context():
        gone = db.session.execute(delete(StatusChange).where(StatusChange.investment_id == investment_id))
        db.session.commit()
    return bool(gone.rowcount)  # type: ignore[attr-defined]
