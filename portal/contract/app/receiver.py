"""Rules about how an application receives webhooks, judged by its answers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from ..engine import Finding, NotTried, failed, ok
from ..rules import rule
from ..texts import Text, same
from .knocks import LIMIT_SECONDS
from .record import Knock, Record

app_rule = partial(rule, about="app", needs="control")
STARTED = "cashlink-api/getting-started"


KINDS = {
    "usual": Text("a usual webhook", "ein gewöhnlicher Webhook"),
    "early": Text("a webhook while its investment is created", "ein Webhook, während die Zeichnung angelegt wird"),
    "duplicate": Text("a duplicate", "ein doppelter"),
    "old": Text("older news", "eine ältere Nachricht"),
    "unknown status": Text("an unknown status", "ein unbekannter Status"),
    "unknown investment": Text("an unknown investment", "eine unbekannte Zeichnung"),
    "unknown kind": Text("another kind", "eine andere Art"),
}


def status(knock: Knock) -> Text:
    return Text("no answer", "keine Antwort") if knock.status is None else same(str(knock.status))


def judge_accepted(knocks: Sequence[Knock]) -> Finding:
    """All must be answered 2xx."""
    if not knocks:
        raise NotTried(Text("no webhook was sent", "kein Webhook wurde gesendet"))
    for knock in knocks:
        if not knock.is_accepted:
            kind, seen = KINDS[knock.kind], status(knock)
            return failed(Text(f"{kind.en}: {seen.en}", f"{kind.de}: {seen.de}"))
    return ok(Text(f"{len(knocks)} times 2xx", f"{len(knocks)}-mal 2xx"))


@app_rule(
    "app-webhook",
    sentence=Text(
        "A webhook is answered with 2xx within 5 seconds.",
        "Ein Webhook wird binnen 5 Sekunden mit 2xx beantwortet.",
    ),
    why=Text(
        "Anything else counts as not delivered and comes again; a redirect and a login page do too.",
        "Alles andere gilt als nicht zugestellt und kommt wieder; auch eine Weiterleitung und eine Anmeldeseite.",
    ),
    remedy=Text(
        "Authenticate, store, commit, answer 204. Do everything else afterwards, outside the request.",
        "Prüfen, speichern, Commit, 204. Alles Übrige tun Sie danach, außerhalb der Anfrage.",
    ),
    source=STARTED,
    basis="documented",
    ours=("portal/webhooks/routes.py:receive",),
)
def app_webhook(record: Record) -> Finding:
    delivered = [
        Knock("early", answer, seconds) for answer, seconds in record.delivered if answer is None or answer // 100 != 4
    ]
    knocks = [*record.knocked("usual"), *delivered]
    finding = judge_accepted(knocks)
    slowest = max(knock.seconds for knock in knocks)
    if finding.state == "ok" and slowest > LIMIT_SECONDS:
        return failed(Text(f"after {slowest:.1f} s", f"nach {slowest:.1f} s"))
    return finding


@app_rule(
    "app-webhook-repeats",
    sentence=Text(
        "Duplicates and news older than what is known are answered with 2xx, and change nothing.",
        "Doppelte und ältere Nachrichten werden mit 2xx beantwortet und ändern nichts.",
    ),
    why=Text(
        "Webhooks are repeated until 2xx: an error on the second would keep it coming for ever.",
        "Webhooks werden bis 2xx wiederholt: Wer den zweiten ablehnt, bekommt ihn für immer.",
    ),
    remedy=Text(
        "Append under a unique constraint on investment, instant and status; the newest instant counts.",
        "Hängen Sie an, eindeutig nach Zeichnung, Zeitpunkt und Status; der neueste Zeitpunkt zählt.",
    ),
    source=STARTED,
    basis="documented",
    ours=("portal/integration.py:record_status_change", "portal/history.py:newest_change"),
)
def app_webhook_repeats(record: Record) -> Finding:
    return judge_accepted(record.knocked("duplicate", "old"))


@app_rule(
    "app-webhook-unknown",
    sentence=Text(
        "An unknown status, an unknown investment and another kind of webhook are answered with 2xx.",
        "Ein unbekannter Status, eine unbekannte Zeichnung und andere Arten von Webhooks werden mit 2xx beantwortet.",
    ),
    why=Text(
        "The set of codes is open, and a webhook can overtake the answer that brings the investment's id.",
        "Die Menge der Codes ist offen, und ein Webhook kann die Antwort überholen, die die ID bringt.",
    ),
    remedy=Text(
        "Store it without a foreign key; show an unknown status neutrally; it joins when the id is known.",
        "Speichern Sie ohne Fremdschlüssel; zeigen Sie einen unbekannten Status neutral; er findet sich später.",
    ),
    source="cashlink-api/investments",
    basis="assumed",
    ours=("portal/integration.py:record_status_change", "portal/webhooks/routes.py:_keep_apart"),
)
def app_webhook_unknown(record: Record) -> Finding:
    return judge_accepted(record.knocked("unknown status", "unknown investment", "unknown kind"))


@app_rule(
    "app-webhook-token",
    sentence=Text(
        "A webhook without the right token is answered 401.",
        "Ein Webhook ohne das richtige Token wird mit 401 beantwortet.",
    ),
    why=Text(
        "Nothing is signed: without this anybody can tell an investor that the money has arrived.",
        "Nichts ist signiert: Ohne das kann jeder einer Person sagen, ihr Geld sei angekommen.",
    ),
    remedy=Text(
        "Compare the bearer token in constant time, as bytes, before the body is read; with none set, refuse all.",
        "Vergleichen Sie das Token in konstanter Zeit, als Bytes, vor dem Lesen; ohne gesetztes lehnen Sie alles ab.",
    ),
    source=STARTED,
    basis="documented",
    ours=("portal/webhooks/routes.py:_is_authentic",),
)
def app_webhook_token(record: Record) -> Finding:
    knocks = record.knocked("wrong token")
    wrong = [knock for knock in knocks if knock.status != 401]
    if wrong:
        seen = status(wrong[0])
        return failed(Text(f"a wrong token: {seen.en}", f"ein falsches Token: {seen.de}"))
    return ok(Text(f"{len(knocks)} times 401", f"{len(knocks)}-mal 401"))


@app_rule(
    "app-webhook-hostile",
    sentence=Text(
        "Whatever a webhook's body holds, the answer is planned: no 5xx, and no silence.",
        "Was auch in einem Webhook steht, die Antwort ist geplant: keine 5xx und kein Schweigen.",
    ),
    why=Text(
        "A 5xx is repeated for ever, and a body that ends a process ends it again each time.",
        "Eine 5xx wird für immer wiederholt, und was einen Prozess beendet, beendet ihn jedes Mal wieder.",
    ),
    remedy=Text(
        "Limit the size, catch what the parser raises, check types and lengths, keep the rest apart.",
        "Begrenzen Sie die Größe, fangen Sie Fehler des Parsers, prüfen Sie Typen und Längen, behalten Sie den Rest.",
    ),
    basis="assumed",
    ours=("portal/webhooks/events.py:read", "portal/webhooks/routes.py:receive"),
)
def app_webhook_hostile(record: Record) -> Finding:
    knocks = record.knocked("hostile")
    wrong = [knock for knock in knocks if knock.status is None or knock.status >= 500]
    if wrong:
        seen = status(wrong[0])
        many = f"{len(wrong)} / {len(knocks)}"
        return failed(Text(f"{many}: {seen.en}", f"{many}: {seen.de}"))
    return ok(Text(f"{len(knocks)} bodies, no 5xx", f"{len(knocks)} Körper, keine 5xx"))


@app_rule(
    "app-asks",
    sentence=Text(
        "After a webhook the API is asked what the investment's status is.",
        "Nach einem Webhook wird die API nach dem Status der Zeichnung gefragt.",
    ),
    why=Text(
        "Nothing is signed and tokens leak: asking mends a wrong status, and what webhooks missed.",
        "Nichts ist signiert, und Tokens werden bekannt: Fragen heilt einen falschen Status und Verpasstes.",
    ),
    remedy=Text(
        "GET /v2/investments/{id}/ soon after each webhook, outside its request; and now and then for open ones.",
        "GET /v2/investments/{id}/ bald nach jedem Webhook, außerhalb der Anfrage; ab und zu auch für offene.",
    ),
    source="issuer-api/concepts/investments",
    basis="assumed",
    ours=("portal/sync.py:_check_news", "portal/integration.py:ask_status"),
)
def app_asks(record: Record) -> Finding:
    if record.asked is None:
        raise NotTried(Text("no investment is known", "keine Zeichnung ist bekannt"))
    if not record.asked:
        return failed(Text("no GET of the investment followed", "kein GET der Zeichnung folgte"))
    return ok(Text("a GET followed", "ein GET folgte"))
