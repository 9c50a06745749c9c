"""Rules about the shape of answers: errors, lists, money."""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import urlsplit

from ..engine import Finding, NotTried, failed, ok
from ..http import send
from ..rules import rule
from ..texts import Text, same
from .access import STARTED
from .client import CASHLINK, Api, investor_body, new_key


@rule(
    "not-found",
    sentence=Text(
        "An id that does not exist is answered 404, as JSON with a detail.",
        "Eine ID, die es nicht gibt, wird mit 404 beantwortet, als JSON mit detail.",
    ),
    why=Text(
        "A 404 that came as a success, or as an outage, would have data shown or repeated that do not exist.",
        "Käme 404 als Erfolg oder als Ausfall, würde gezeigt oder wiederholt, was es nicht gibt.",
    ),
    remedy=Text(
        "Stop and tell the operator. Never create an investor anew because of a 404.",
        "Halten Sie an und sagen Sie es dem Betrieb. Legen Sie wegen einer 404 nie eine Person neu an.",
    ),
    basis="assumed",
    ours=("portal/cashlink/client.py:_data", "portal/integration.py:_create_investment"),
)
def not_found(api: Api) -> Finding:
    answer = api.call("GET", f"/v2/investments/{uuid.uuid4()}/")
    seen = Text(
        f"{answer.status}, {'with' if answer.text('detail') else 'without'} detail",
        f"{answer.status}, {'mit' if answer.text('detail') else 'ohne'} detail",
    )
    return ok(seen) if answer.status == 404 and answer.text("detail") else failed(seen, ask=CASHLINK)


@rule(
    "field-errors",
    sentence=Text(
        "A body with wrong fields is answered 400, with messages at each field's place in the body.",
        "Ein Körper mit falschen Feldern wird mit 400 beantwortet, mit Meldungen am Ort jedes Feldes.",
    ),
    why=Text(
        "The messages can stand beside the form's fields only when it is known which field each belongs to.",
        "Die Meldungen können nur dann neben den Feldern stehen, wenn bekannt ist, wohin jede gehört.",
    ),
    remedy=Text(
        "Show messages without a known place on top of the form.",
        "Zeigen Sie Meldungen ohne bekannten Ort über dem Formular.",
    ),
    basis="assumed",
    needs="write",
    ours=("portal/cashlink/errors.py:flatten", "portal/integration.py:field_errors"),
)
def field_errors(api: Api) -> Finding:
    api.must_write()
    body = investor_body(forename="", country="Germany")
    answer = api.call("POST", "/v2/investors/", body, key=new_key())
    found = [name for name in ("forename", "country") if _is_messages(answer.field("natural_person", name))]
    seen = Text(
        f"{answer.status}, messages at: {', '.join(found) or 'no field'}",
        f"{answer.status}, Meldungen bei: {', '.join(found) or 'keinem Feld'}",
    )
    return ok(seen) if answer.status == 400 and len(found) == 2 else failed(seen, ask=CASHLINK)


def _is_messages(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(text, str) for text in value)


@rule(
    "list-pages",
    sentence=Text(
        "Lists are pages with count, next, previous and results; next stays on the API's own host.",
        "Listen sind Seiten mit count, next, previous und results; next bleibt auf dem Host der API.",
    ),
    why=Text(
        "Whoever follows next sends the token along: on another host it would be given away.",
        "Wer next folgt, sendet das Token mit: Auf einem anderen Host wäre es verschenkt.",
    ),
    remedy=Text("Compare the host of next before you follow it.", "Vergleichen Sie den Host, bevor Sie next folgen."),
    source=STARTED,
    basis="documented",
    # The portal reads no list.
    ours=(),
)
def list_pages(api: Api) -> Finding:
    answer = api.call("GET", "/v2/investments/")
    missing = [name for name in ("count", "next", "previous", "results") if name not in (answer.data or {})]
    if not answer.is_success or missing:
        seen = f"{answer.status}, {', '.join(missing)}"
        return failed(Text(f"missing: {seen}", f"es fehlt: {seen}"), ask=CASHLINK)
    if type(answer.field("count")) is not int or not isinstance(answer.field("results"), list):
        return failed(Text("count or results is of another kind", "count oder results ist von anderer Art"))
    follow = answer.field("next")
    if follow is not None and urlsplit(str(follow))[:2] != urlsplit(api.access.url)[:2]:
        return failed(Text("next leads to another host", "next führt auf einen anderen Host"), ask=CASHLINK)
    return ok(Text(f"{answer.field('count')} rows", f"{answer.field('count')} Zeilen"))


@rule(
    "money",
    sentence=Text(
        "Money is an amount as a string of digits, the number of decimals, and a currency.",
        "Geld ist ein Betrag als Ziffernfolge, die Zahl der Nachkommastellen und eine Währung.",
    ),
    why=Text(
        "Read as a floating point number, cents go astray; read without the decimals, it is a thousand times as much.",
        "Als Gleitkommazahl gehen Cent verloren; ohne die Nachkommastellen ist es tausendmal so viel.",
    ),
    remedy=Text(
        "Compute amount / 10^decimals with decimal numbers.", "Rechnen Sie amount / 10^decimals mit Dezimalzahlen."
    ),
    source="more-information/platform-information-api",
    basis="documented",
    ours=("portal/cashlink/money.py:to_decimal", "portal/cashlink/client.py:fetch_funding_information"),
)
def money(api: Api) -> Finding:
    if not api.access.info_url:
        raise NotTried(Text("no funding information is set", "keine Finanzierungsdaten gesetzt"), CASHLINK)
    answer = send(api.session, "GET", api.access.info_url)
    products = answer.field("products")
    if not answer.is_success or not isinstance(products, list):
        return failed(Text(f"{answer.status} without products", f"{answer.status} ohne products"), ask=CASHLINK)
    wrong = {
        name
        for product in products
        for name in ("volume", "investment_sum")
        if not isinstance(product, dict) or not _is_money(product.get(name))
    }
    if wrong:
        return failed(same(", ".join(sorted(wrong))), ask=CASHLINK)
    return ok(Text(f"{len(products)} products", f"{len(products)} Produkte"))


def _is_money(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and isinstance(value.get("amount"), str)
        and value["amount"].isascii()
        and value["amount"].isdigit()
        and type(value.get("decimals")) is int
        and isinstance(value.get("currency"), str)
    )
