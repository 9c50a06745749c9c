"""Rules about the calls that an application makes, judged by the simulator's log."""

from __future__ import annotations

from collections import Counter
from functools import partial

from ..engine import Finding, NotTried, failed, ok
from ..rules import rule
from ..texts import Text
from .record import ELSEWHERE, FOREIGN_PAGE, INVESTMENTS, TOKEN, Call, Record, Round
from .rounds import AWAY, ENDED, FOREIGN, LOST, REDIRECT, SLOW_DOWN, UNREADABLE

app_rule = partial(rule, about="app", needs="control")
STARTED = "cashlink-api/getting-started"
GUIDE = "more-information/web-based-subscription"
# Retry-After of the fault is 2 seconds; the log's own clock may differ by little.
RETRY_AFTER_SECONDS = 1.9
NOTHING = Text("no such call was made", "kein solcher Aufruf kam")


def never_again(call: Call) -> Finding:
    return failed(Text(f"{call.name} was never repeated", f"{call.name} wurde nie wiederholt"))


def other_key(call: Call) -> Finding:
    return failed(
        Text(f"{call.name} was repeated under another key", f"{call.name} wurde unter anderem Schlüssel wiederholt")
    )


def repeated(found: Round, call: Call) -> Finding | None:
    """What is wrong with the first repeat of a call, or None."""
    later = found.after(call)
    if not later:
        return never_again(call)
    if not call.key or later[0].key != call.key:
        return other_key(call)
    if later[0].body != call.body:
        seen = f"{call.name} was repeated with another body", f"{call.name} wurde mit anderem Körper wiederholt"
        return failed(Text(*seen))
    return None


def judge_repeats(record: Record, *faults: str) -> Finding:
    met = record.met(*faults)
    if not met:
        raise NotTried(NOTHING)
    wrong = [finding for found, call in met if (finding := repeated(found, call))]
    return wrong[0] if wrong else ok(Text(f"{len(met)} calls repeated", f"{len(met)} Aufrufe wiederholt"))


@app_rule(
    "app-key",
    sentence=Text(
        "Each POST to the API carries an X-Idempotency-Key.",
        "Jeder POST an die API trägt einen X-Idempotency-Key.",
    ),
    why=Text(
        "Without a key a repeat creates a second object, and without a repeat a lost answer loses the first.",
        "Ohne Schlüssel legt eine Wiederholung ein zweites Objekt an, und ohne sie ist das erste verloren.",
    ),
    remedy=Text(
        "Create a UUID for each thing to be created, store it, commit, and only then call.",
        "Erzeugen Sie für jedes anzulegende Objekt eine UUID, speichern Sie sie, und rufen Sie erst dann auf.",
    ),
    source=STARTED,
    basis="documented",
    ours=("portal/intents.py:add", "portal/cashlink/client.py:_call"),
)
def app_key(record: Record) -> Finding:
    posts = [call for call in record.calls() if call.creates]
    if not posts:
        raise NotTried(NOTHING)
    without = Counter(call.name for call in posts if not call.key)
    if without:
        name, count = without.most_common(1)[0]
        return failed(Text(f"{count} × {name} without a key", f"{count} × {name} ohne Schlüssel"))
    return ok(Text(f"{len(posts)} POSTs with a key", f"{len(posts)} POSTs mit Schlüssel"))


@app_rule(
    "app-same-key",
    sentence=Text(
        "After a lost or unreadable answer the call is repeated with the same key and the same body.",
        "Nach einer verlorenen oder unlesbaren Antwort wird der Aufruf mit gleichem Schlüssel und Körper wiederholt.",
    ),
    why=Text(
        "Nobody knows whether it was executed. A new key would execute it a second time.",
        "Niemand weiß, ob er ausgeführt wurde. Ein neuer Schlüssel führte ihn ein zweites Mal aus.",
    ),
    remedy=Text(
        "Store key and body before the call; repeat these until the answer is definite. A 2xx without an id is none.",
        "Speichern Sie Schlüssel und Körper vor dem Aufruf; wiederholen Sie genau diese, bis die Antwort endgültig ist."
        " Eine 2xx ohne ID ist es nicht.",
    ),
    source=STARTED,
    basis="documented",
    ours=("portal/intents.py:add", "portal/intents.py:_keep", "portal/cashlink/client.py:_text"),
)
def app_same_key(record: Record) -> Finding:
    return judge_repeats(record, LOST, UNREADABLE)


@app_rule(
    "app-outage",
    sentence=Text(
        "After 503 and 429 the call is repeated with the same key, and not before Retry-After has passed.",
        "Nach 503 und 429 wird der Aufruf mit gleichem Schlüssel wiederholt, und nicht vor Ablauf von Retry-After.",
    ),
    why=Text(
        "An outage is no refusal: who treats it as one loses the subscription. Who hammers prolongs it.",
        "Ein Ausfall ist keine Ablehnung: Wer ihn so behandelt, verliert die Zeichnung. Wer drängt, verlängert ihn.",
    ),
    remedy=Text(
        "Keep the call and repeat it later by itself, first after a second, then less and less often.",
        "Behalten Sie den Aufruf und wiederholen Sie ihn von selbst, erst nach einer Sekunde, dann immer seltener.",
    ),
    basis="assumed",
    ours=("portal/intents.py:_keep", "portal/sync.py:_finish_intents", "portal/cashlink/client.py:_retry_after"),
)
def app_outage(record: Record) -> Finding:
    finding = judge_repeats(record, AWAY, SLOW_DOWN)
    if finding.state != "ok":
        return finding
    for found, call in record.met(SLOW_DOWN):
        waited = (found.after(call)[0].at - call.at).total_seconds()
        if waited < RETRY_AFTER_SECONDS:
            return failed(
                Text(
                    f"repeated {waited:.1f} s after a 429 with 2 s", f"{waited:.1f} s nach einer 429 mit 2 s wiederholt"
                )
            )
    return finding


@app_rule(
    "app-new-token",
    sentence=Text(
        "After a 401 a new token is fetched, and the same call is made once more with the same key.",
        "Nach einer 401 wird ein neues Token geholt und derselbe Aufruf mit gleichem Schlüssel noch einmal gemacht.",
    ),
    why=Text(
        "Tokens end in mid-flight; else everything stands still until the old one's lifetime is over.",
        "Tokens enden unterwegs; sonst steht alles still, bis die Dauer des alten vorbei ist.",
    ),
    remedy=Text(
        "On a 401 throw the token away, fetch one, repeat once. A second 401 is for the operator.",
        "Verwerfen Sie bei 401 das Token, holen Sie eines, wiederholen Sie einmal. Die zweite 401 ist für den Betrieb.",
    ),
    basis="assumed",
    ours=("portal/cashlink/client.py:_call", "portal/cashlink/client.py:_valid_token"),
)
def app_new_token(record: Record) -> Finding:
    met = record.met(ENDED)
    if not met:
        raise NotTried(NOTHING)
    for found, call in met:
        if not any(later.path.endswith(TOKEN) and later.id > call.id for later in found.calls):
            return failed(Text("no token was fetched after a 401", "nach einer 401 wurde kein Token geholt"))
        if wrong := repeated(found, call):
            return wrong
    return ok(Text("a new token, the same key", "ein neues Token, derselbe Schlüssel"))


@app_rule(
    "app-one-investor",
    sentence=Text(
        "One person becomes one investor, whatever happens to the answers.",
        "Eine Person wird eine Investorin oder ein Investor, was auch mit den Antworten geschieht.",
    ),
    why=Text(
        "The API knows no uniqueness: a second investor means two files, two checks, and holdings apart.",
        "Die API kennt keine Eindeutigkeit: Ein zweiter Eintrag heißt zwei Akten, zwei Prüfungen, getrennter Bestand.",
    ),
    remedy=Text(
        "Keep the investor's id with the account, under a unique constraint, and never create one because of an error.",
        "Behalten Sie die ID beim Konto, unter einer eindeutigen Bedingung, legen Sie wegen eines Fehlers nie neu an.",
    ),
    source=GUIDE,
    basis="documented",
    ours=("portal/integration.py:import_investor", "portal/integration.py:_make_next_import_call"),
)
def app_one_investor(record: Record) -> Finding:
    many = [found for found in record.rounds.values() if found.investors > 1]
    if many:
        worst = max(many, key=lambda found: found.investors)
        seen = f"{worst.investors} investors in the round “{worst.name}”"
        return failed(Text(seen, f"{worst.investors} Personen in der Runde „{worst.name}“"))
    total = sum(found.investors for found in record.rounds.values())
    if not total:
        raise NotTried(Text("no investor was created", "niemand wurde angelegt"))
    return ok(Text(f"{total} investors in {len(record.rounds)} rounds", f"{total} in {len(record.rounds)} Runden"))


@app_rule(
    "app-one-investment",
    sentence=Text(
        "A double click, and a repeat, begin one subscription: one unsigned investment per person and campaign.",
        "Ein Doppelklick und eine Wiederholung beginnen eine Zeichnung: eine offene je Person und Kampagne.",
    ),
    why=Text(
        "With two unsigned investments the person may sign both, and pay twice.",
        "Bei zwei offenen Zeichnungen kann die Person beide unterschreiben und zweimal zahlen.",
    ),
    remedy=Text(
        "Give the form a number, unique per account and campaign; a second click finds the first one's row.",
        "Geben Sie dem Formular eine Nummer, eindeutig je Konto und Kampagne; der zweite Klick findet die Zeile.",
    ),
    source=GUIDE,
    basis="assumed",
    ours=("portal/integration.py:_investment", "portal/integration.py:start_subscription"),
)
def app_one_investment(record: Record) -> Finding:
    for found in record.rounds.values():
        counts = Counter(found.unsigned)
        if counts and max(counts.values()) > 1:
            most = max(counts.values())
            seen = f"{most} unsigned investments in the round “{found.name}”"
            return failed(Text(seen, f"{most} offene Zeichnungen in der Runde „{found.name}“"))
    if not any(call.creates and call.path.endswith(INVESTMENTS) for call in record.calls()):
        raise NotTried(NOTHING)
    return ok(Text("one at a time", "je eine"))


@app_rule(
    "app-no-redirect",
    sentence=Text(
        "A redirect of an API call is not followed.",
        "Einer Weiterleitung eines API-Aufrufs wird nicht gefolgt.",
    ),
    why=Text(
        "A 307 carries the body, with a person's data, and the key to another host.",
        "Eine 307 trägt den Körper samt Personendaten und den Schlüssel auf einen anderen Host.",
    ),
    remedy=Text(
        "Switch it off in your HTTP client; treat 3xx as no answer, and keep the call.",
        "Schalten Sie es im HTTP-Client ab; werten Sie 3xx als keine Antwort, und behalten Sie den Aufruf.",
    ),
    basis="assumed",
    ours=("portal/cashlink/transport.py:_exchange", "portal/cashlink/client.py:_data"),
)
def app_no_redirect(record: Record) -> Finding:
    followed = [call for call in record.calls() if _is_carried_away(call)]
    if followed:
        names = followed[0].path.removeprefix("/elsewhere/api/external")
        return failed(Text(f"{names} was shown to another host", f"{names} ging an einen anderen Host"))
    if not record.met(REDIRECT):
        raise NotTried(NOTHING)
    return judge_repeats(record, REDIRECT)


def _is_carried_away(call: Call) -> bool:
    return call.path.startswith(ELSEWHERE) and not call.path.startswith(FOREIGN_PAGE)


@app_rule(
    "app-start-url",
    sentence=Text(
        "Nobody is sent to a start_url on a host that was not agreed.",
        "Niemand wird zu einer start_url auf einem nicht vereinbarten Host geschickt.",
    ),
    why=Text(
        "Behind it people enter their data and sign: a wrong address there is phishing with your name on it.",
        "Dort geben Menschen ihre Daten ein und unterschreiben: Eine falsche Adresse ist Phishing in Ihrem Namen.",
    ),
    remedy=Text(
        "Compare scheme, host and port with a list before you redirect; keep the rest for a person to look at.",
        "Vergleichen Sie Schema, Host und Port mit einer Liste, bevor Sie weiterleiten; den Rest sehe ein Mensch an.",
    ),
    basis="assumed",
    ours=("portal/navigation.py:allowed_start_url", "portal/integration.py:_link_investment"),
)
def app_start_url(record: Record) -> Finding:
    if any(call.path.startswith(FOREIGN_PAGE) for call in record.calls()):
        return failed(Text("the browser was sent to the other host", "der Browser kam zum anderen Host"))
    if not record.met(FOREIGN):
        raise NotTried(NOTHING)
    return ok(Text("the other host was not visited", "der andere Host wurde nicht besucht"))
