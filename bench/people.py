"""People of the portal for the measurements: signed in, with imported data, put into the database directly."""

from __future__ import annotations

import re
import secrets
import uuid
from dataclasses import dataclass
from typing import cast

from flask.sessions import SecureCookieSessionInterface

from portal.accounts.sessions import hash_token
from portal.cashlink import deadline, payloads
from portal.cashlink.client import Client
from portal.database import db, now
from portal.models import Investor, User, UserSession
from tests.people import ANSWERS
from tests.settings import BOND

from .load import Connection, UnexpectedAnswerError, request
from .servers import Portal

UNUSABLE = "-"
PAGE = f"/campaigns/{BOND}"
_TOKEN = re.compile(rb'name="csrf_token" value="([^"]+)"')
_NUMBER = re.compile(rb'name="number" value="(\d+)"')
_COOKIE = re.compile(rb"\r\nset-cookie: (portal_session=[^;]+)", re.IGNORECASE)


@dataclass(frozen=True)
class Person:
    """Somebody with the campaign page open."""

    investor_id: str
    cookie: str
    click: bytes


def client(portal: Portal) -> Client:
    """The portal's own client of the API, with the portal's credentials."""
    settings = portal.app.extensions["settings"]
    return Client(settings.api_url, settings.client_id, settings.client_secret)


def people(portal: Portal, count: int) -> list[Person]:
    """New people, each known to the simulator, with the bytes of their click on "Invest now"."""
    api = client(portal)
    connection = Connection(portal.port)
    found = [_person(portal, api, connection) for _ in range(count)]
    connection.close()
    return found


def _person(portal: Portal, api: Client, connection: Connection) -> Person:
    investor_id = _new_investor(api)
    with portal.app.app_context():
        user = User(email=f"{uuid.uuid4()}@example.org", email_confirmed_at=now(), language="en")
        # No password fits: nobody signs in with one here.
        user.password_hash = UNUSABLE
        # As after the import: the answers are gone.
        user.investor = Investor(
            cashlink_id=investor_id, forename="Alice", surname="Beispiel", consented_at=now(), imported_at=now()
        )
        db.session.add(user)
        db.session.flush()
        cookie = sign_in(portal, user)
        db.session.commit()
    page = connection.ask(request("GET", PAGE, portal.port, {"Cookie": cookie}))
    csrf, number, renewed = _TOKEN.search(page.body), _NUMBER.search(page.body), _COOKIE.search(page.head)
    if not (csrf and number and renewed):
        raise UnexpectedAnswerError(f"no button for a new person: {page.head!r}")
    cookie = renewed[1].decode()
    form = f"csrf_token={csrf[1].decode()}&number={number[1].decode()}".encode()
    headers = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
    return Person(investor_id, cookie, request("POST", f"{PAGE}/invest", portal.port, headers, form))


def returning(port: int, path: str, headers: dict[str, str]) -> dict[str, str]:
    """What a browser sends from its second page on: the first one's answer completes its session."""
    connection = Connection(port)
    renewed = _COOKIE.search(connection.ask(request("GET", path, port, headers)).head)
    connection.close()
    return {**headers, "Cookie": renewed[1].decode()} if renewed else headers


def sign_in(portal: Portal, user: User) -> str:
    """The cookie of a new session of a user who has an id; the caller commits."""
    token = secrets.token_urlsafe(32)
    db.session.add(UserSession(token_hash=hash_token(token), user_id=user.id))
    interface = cast(SecureCookieSessionInterface, portal.app.session_interface)
    serializer = interface.get_signing_serializer(portal.app)
    if serializer is None:
        raise RuntimeError("without a secret key there are no sessions")
    return f"portal_session={serializer.dumps({'_user_id': token, '_fresh': True})}"


def _new_investor(api: Client) -> str:
    person: payloads.NaturalPerson = {**ANSWERS["person"], **ANSWERS["birth"], **ANSWERS["address"]}
    data = payloads.InvestorData(
        natural_person=person,
        bank_account=ANSWERS["bank"],
        tax_information=ANSWERS["tax"],
        is_beneficiary=True,
        pep_status=False,
        account_setup_accepted_at=now().isoformat(),
    )
    with deadline.within(8):
        return api.create_investor(payloads.encode(data), str(uuid.uuid4()))
