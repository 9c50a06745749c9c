"""Rules about webhooks as they are sent: a receiver on this machine looks at them, which only the simulator reaches."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from ..engine import Finding, failed, ok
from ..receiver import Received, Receiver
from ..rules import rule
from ..texts import Text, same
from .access import STARTED
from .client import Api, created_id

TOKEN = "registered-bearer-token"  # noqa: S105
STEPS = ("sign", "identify", "review", "accept")
INVESTMENTS = 3
SECONDS = 8.0


@contextmanager
def receiving(api: Api, first_answer: int = 204) -> Iterator[Receiver]:
    """The simulator's webhooks come here meanwhile."""
    control = api.control
    api.must_write()
    with Receiver(first_answer) as receiver:
        control.send_webhooks_to(receiver.url, TOKEN, receiver.token_url)
        try:
            yield receiver
        finally:
            control.send_webhooks_to(None)


def signed(api: Api) -> str:
    investment_id = created_id(api.create_investment(), "investment")
    api.control.act(investment_id, "sign")
    return investment_id


def of(received: list[Received], *investments: str) -> list[Received]:
    """Those that concern these investments."""
    return [one for one in received if isinstance(one.body, dict) and one.body.get("investment_id") in investments]


NONE = Text("no webhook arrived", "kein Webhook kam an")


@rule(
    "webhook-form",
    sentence=Text(
        "A webhook is JSON with investment_id, status, and changed_at with a time zone.",
        "Ein Webhook ist JSON mit investment_id, status und changed_at mit Zeitzone.",
    ),
    why=Text(
        "There is no event id and no signature: these three identify an event.",
        "Es gibt weder Ereignis-ID noch Signatur: Diese drei bestimmen ein Ereignis.",
    ),
    remedy=Text(
        "Keep what cannot be read, answer 2xx, and ask the API.",
        "Behalten Sie Unlesbares, antworten Sie mit 2xx, und fragen Sie die API.",
    ),
    source=STARTED,
    basis="documented",
    needs="control",
    ours=("portal/webhooks/events.py:read",),
)
def webhook_form(api: Api) -> Finding:
    with receiving(api) as receiver:
        investment = signed(api)
        if not receiver.wait(lambda received: bool(of(received, investment)), SECONDS):
            strange = Text("not JSON with the investment's id", "kein JSON mit der ID der Zeichnung")
            return failed(strange if receiver.received else NONE)
        body = of(receiver.received, investment)[0].body
    if not isinstance(body.get("status"), str) or not _is_instant(body.get("changed_at")):
        return failed(Text("status or changed_at is missing", "status oder changed_at fehlt"))
    return ok(same(f"{body['status']}, {body['changed_at'][-1]}"))


def _is_instant(value: Any) -> bool:
    try:
        return isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


@rule(
    "webhook-bearer",
    sentence=Text(
        "Webhooks carry the registered bearer token; OAuth is the other way, to be agreed.",
        "Webhooks tragen das vereinbarte Bearer-Token; OAuth ist der andere, zu vereinbarende Weg.",
    ),
    why=Text(
        "It is all that tells Cashlink's webhooks from anybody's.",
        "Nur daran unterscheiden sich Cashlinks Webhooks von denen eines Fremden.",
    ),
    remedy=Text(
        "Set CASHLINK_WEBHOOK_CLIENT_ID and _SECRET where OAuth was agreed.",
        "Setzen Sie CASHLINK_WEBHOOK_CLIENT_ID und _SECRET, wo OAuth vereinbart ist.",
    ),
    source=STARTED,
    mode="webhook_authentication",
    basis="documented",
    needs="control",
    ours=("portal/webhooks/routes.py:_is_authentic", "portal/webhooks/tokens.py:issue"),
)
def webhook_bearer(api: Api) -> Finding:
    with receiving(api) as receiver:
        investment = signed(api)
        if not receiver.wait(lambda received: bool(of(received, investment)), SECONDS):
            return failed(NONE)
        if of(receiver.received, investment)[0].authorization != f"Bearer {TOKEN}":
            return failed(Text("another token", "ein anderes Token"))
    return ok(Text("the registered token", "das vereinbarte Token"))


@rule(
    "webhook-retried",
    sentence=Text(
        "A webhook is sent again, unchanged, until it is answered with 2xx; a redirect is not followed.",
        "Ein Webhook wird unverändert wiederholt, bis 2xx kommt; einer Weiterleitung wird nicht gefolgt.",
    ),
    why=Text(
        "So a 2xx before the change is stored loses it, and each delivery can come twice.",
        "Wer vor dem Speichern mit 2xx antwortet, verliert die Nachricht; und jede kann zweimal kommen.",
    ),
    remedy=Text(
        "Answer 2xx after the commit only; ask the API now and then for what was missed.",
        "Antworten Sie erst nach dem Commit mit 2xx; fragen Sie die API ab und zu nach Verpasstem.",
    ),
    source=STARTED,
    basis="documented",
    needs="control",
    ours=("portal/webhooks/routes.py:receive", "portal/sync.py:_poll"),
)
def webhook_retried(api: Api) -> Finding:
    with receiving(api, 302) as receiver:
        investment = signed(api)
        again = receiver.wait(lambda received: len(of(received, investment)) > 1, SECONDS)
        bodies = {one.raw for one in of(receiver.received, investment)}
    if not again:
        return failed(Text("not sent again after a 302", "nach einer 302 nicht wiederholt"))
    if len(bodies) > 1:
        return failed(Text("sent again with another body", "mit anderem Körper wiederholt"))
    return ok(Text("sent again after a 302", "nach einer 302 wiederholt"))


@rule(
    "webhook-order",
    sentence=Text(
        "While all are answered, the webhooks of an investment arrive in the order of its changes.",
        "Solange alle beantwortet werden, kommen die Webhooks einer Zeichnung in der Reihenfolge ihrer Änderungen.",
    ),
    why=Text(
        "It must not be relied on, since repeats change the order: the newest changed_at counts.",
        "Darauf ist kein Verlass, denn Wiederholungen ändern die Folge: Der neueste changed_at zählt.",
    ),
    remedy=Text("Order by changed_at.", "Ordnen Sie nach changed_at."),
    mode="deliveries",
    basis="assumed",
    needs="control",
    ours=("portal/history.py:newest_change",),
)
def webhook_order(api: Api) -> Finding:
    with receiving(api) as receiver:
        investments = [created_id(api.create_investment(), "investment") for _ in range(INVESTMENTS)]
        for step in STEPS:
            for investment in investments:
                api.control.act(investment, step)
        if not receiver.wait(lambda received: len(of(received, *investments)) >= INVESTMENTS * len(STEPS), SECONDS):
            return failed(NONE)
        instants = [[one.body["changed_at"] for one in of(receiver.received, found)] for found in investments]
    if any(found != sorted(found) for found in instants):
        return failed(Text("in another order", "in anderer Reihenfolge"))
    return ok(Text(f"{INVESTMENTS * len(STEPS)} in order", f"{INVESTMENTS * len(STEPS)} der Reihe nach"))
