"""Rules about X-Idempotency-Key. That a key replays is documented; all else about it is a guess."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait

from ..engine import Finding, failed, ok, unknown
from ..http import Answer
from ..rules import rule
from ..texts import Text, same
from .access import STARTED
from .client import CASHLINK, Api, created_id, investor_body, new_key

AT_ONCE = 6
VOLLEYS = 5
LONG_SECONDS = 30 * 86400


@rule(
    "key-replays",
    sentence=Text(
        "A repeat with the same key and body gets the first answer again, and creates nothing.",
        "Eine Wiederholung mit gleichem Schlüssel und Körper bekommt die erste Antwort noch einmal und legt nichts an.",
    ),
    why=Text(
        "All healing rests on it: a lost answer is got by calling again.",
        "Darauf ruht alles: Eine verlorene Antwort holt man durch erneutes Aufrufen.",
    ),
    remedy=Text(
        "Without it nothing may be repeated by itself: let a person look first.",
        "Ohne das darf nichts von selbst wiederholt werden: Lassen Sie zuerst einen Menschen nachsehen.",
    ),
    source=STARTED,
    basis="documented",
    needs="write",
    ours=("portal/intents.py:add", "portal/integration.py:_prepared_call"),
)
def key_replays(api: Api) -> Finding:
    api.must_write()
    key, body = new_key(), investor_body()
    first, second = (api.call("POST", "/v2/investors/", body, key=key) for _ in range(2))
    if created_id(first, "investor") != second.text("id"):
        return failed(Text(f"another answer: {second.status}", f"andere Antwort: {second.status}"), ask=CASHLINK)
    return ok(Text("the same id twice", "zweimal dieselbe ID"))


@rule(
    "key-other-body",
    sentence=Text(
        "A used key with another body is answered 409.",
        "Ein benutzter Schlüssel mit anderem Körper wird mit 409 beantwortet.",
    ),
    why=Text(
        "It tells a bug of the client. If the first answer came back instead, changed data would seem to be accepted.",
        "Daran zeigt sich ein Fehler des Clients. Käme die erste Antwort, schienen geänderte Daten angenommen.",
    ),
    remedy=Text(
        "Freeze the body with its key; edited data get a new key.",
        "Frieren Sie den Körper mit dem Schlüssel ein; geänderte Daten bekommen einen neuen.",
    ),
    mode="key_other_body",
    basis="assumed",
    needs="write",
    ours=("portal/intents.py:add", "portal/intents.py:settle"),
)
def key_other_body(api: Api) -> Finding:
    key = new_key()
    created_id(api.create_investor(key), "investor")
    status = api.create_investor(key, city="Kiel").status
    return ok(same("409")) if status == 409 else failed(same(str(status)), ask=CASHLINK)


@rule(
    "key-after-refusal",
    sentence=Text(
        "A refusal is not kept under the key: corrected data may use it.",
        "Eine Ablehnung wird nicht unter dem Schlüssel behalten: Berichtigte Daten dürfen ihn benutzen.",
    ),
    why=Text(
        "If errors were kept, a repeat with the same key would fail for ever, after an outage too.",
        "Würden Fehler behalten, schlüge jede Wiederholung mit dem Schlüssel fehl, auch nach einem Ausfall.",
    ),
    remedy=Text(
        "Take a new key after each definite refusal: that is right in both cases.",
        "Nehmen Sie nach jeder endgültigen Ablehnung einen neuen Schlüssel: Das stimmt in beiden Fällen.",
    ),
    mode="store_errors",
    basis="assumed",
    needs="write",
    ours=("portal/integration.py:_make_next_import_call", "portal/intents.py:close"),
)
def key_after_refusal(api: Api) -> Finding:
    key = new_key()
    refused = api.create_investor(key, forename="")
    if refused.is_success:
        return failed(Text("an empty name was accepted", "ein leerer Name wurde angenommen"), ask=CASHLINK)
    status = api.create_investor(key).status
    seen = Text(f"{refused.status}, then {status}", f"{refused.status}, dann {status}")
    return ok(seen) if 200 <= status < 300 else failed(seen, ask=CASHLINK)


@rule(
    "key-in-parallel",
    sentence=Text(
        "Of simultaneous requests with one key one is executed; while it runs, the others are answered 409.",
        "Von gleichzeitigen Anfragen mit einem Schlüssel wird eine ausgeführt; solange erhalten die übrigen 409.",
    ),
    why=Text(
        "A double click, or two processes, must not make two investors; and a 409 may mean: not ready yet.",
        "Ein Doppelklick oder zwei Prozesse dürfen keine zwei Personen ergeben; und 409 kann heißen: läuft noch.",
    ),
    remedy=Text(
        "Keep a call that got 409 for some minutes, with its key; then let a person look.",
        "Behalten Sie einen Aufruf nach 409 einige Minuten samt Schlüssel; dann soll ein Mensch nachsehen.",
    ),
    mode="parallel_key",
    basis="assumed",
    needs="write",
    ours=("portal/intents.py:settle", "portal/intents.py:claim"),
)
def key_in_parallel(api: Api) -> Finding:
    created_id(api.create_investor(), "investor")
    if not api.access.control_url:
        missed = Text("none came while the first ran; one object each", "keine kam währenddessen; je ein Objekt")
        return _judge_volleys(api, lambda: None) or unknown(missed)
    # Only so is it certain that the others come while the first is running, whichever that is.
    api.control.arm("create_investor", "slow", AT_ONCE)
    waited = Text("the others waited", "die übrigen warteten")
    return _judge_volleys(api, api.control.clear_faults) or failed(waited, ask=CASHLINK)


def _judge_volleys(api: Api, at_first: Callable[[], object]) -> Finding | None:
    """None where all were given the first one's answer."""
    for _ in range(VOLLEYS):
        answers = _volley(api, at_first)
        ids = {answer.text("id") for answer in answers if answer.is_success}
        if len(ids) != 1:
            return failed(Text(f"{len(ids)} investors from one key", f"{len(ids)} Personen aus einem Schlüssel"))
        others = {answer.status for answer in answers if not answer.is_success}
        if others:
            seen = same(", ".join(map(str, sorted(others))))
            return ok(seen) if others == {409} else failed(seen, ask=CASHLINK)
    return None


def _volley(api: Api, at_first: Callable[[], object]) -> list[Answer]:
    key, body = new_key(), investor_body()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        calls = [pool.submit(api.call, "POST", "/v2/investors/", body, key=key) for _ in range(AT_ONCE)]
        wait(calls, return_when=FIRST_COMPLETED)
        at_first()
        return [call.result() for call in calls]


@rule(
    "key-lasts",
    sentence=Text(
        "A key is kept for 30 days at least.",
        "Ein Schlüssel wird mindestens 30 Tage behalten.",
    ),
    why=Text(
        "A repeat after the key's end would be executed a second time.",
        "Eine Wiederholung nach dem Ende des Schlüssels würde ein zweites Mal ausgeführt.",
    ),
    remedy=Text(
        "Ask for the lifetime, and let a person look at calls that have been open for longer.",
        "Fragen Sie nach der Dauer, und lassen Sie einen Menschen ansehen, was länger offen ist.",
    ),
    mode="key_lifetime_seconds",
    basis="assumed",
    needs="control",
    ours=("portal/intents.py:settle",),
)
def key_lasts(api: Api) -> Finding:
    api.must_write()
    control, key, body = api.control, new_key(), investor_body()
    first = created_id(api.call("POST", "/v2/investors/", body, key=key), "investor")
    control.post("clock", {"forward_seconds": LONG_SECONDS})
    second = api.call("POST", "/v2/investors/", body, key=key)
    if second.text("id") != first:
        return failed(Text(f"executed again: {second.status}", f"noch einmal ausgeführt: {second.status}"))
    return ok(Text("the same id after 30 days", "dieselbe ID nach 30 Tagen"))
