"""Rules about tokens: how one is got, how long it lasts, what it opens."""

from __future__ import annotations

from ..engine import Finding, failed, ok
from ..rules import rule
from ..texts import Text, same
from .client import CASHLINK, SCOPES, Api

STARTED = "cashlink-api/getting-started"


@rule(
    "token-issued",
    sentence=Text(
        "POST /oauth/token with client id and secret, form-encoded, gives an access token.",
        "POST /oauth/token mit Client-ID und Secret, als Formular, gibt ein Zugriffstoken.",
    ),
    why=Text("Without a token no call is answered.", "Ohne Token wird kein Aufruf beantwortet."),
    remedy=Text(
        "Compare client id, client secret and scopes with what you were given.",
        "Vergleichen Sie Client-ID, Secret und Berechtigungen mit dem, was Sie erhalten haben.",
    ),
    source=STARTED,
    basis="documented",
    ours=("portal/cashlink/client.py:_fetch_token",),
)
def token_issued(api: Api) -> Finding:
    answer = api.ask_token()
    if not answer.is_success:
        return failed(Text(f"answered {answer.status}", f"Antwort {answer.status}"), ask=CASHLINK)
    if not answer.text("access_token"):
        return failed(Text("2xx without access_token", "2xx ohne access_token"), ask=CASHLINK)
    return ok(Text("a token was issued", "ein Token wurde ausgestellt"))


@rule(
    "token-lifetime",
    sentence=Text(
        "The token's answer names its type, Bearer, and its life in seconds.",
        "Die Antwort nennt die Art des Tokens, Bearer, und seine Dauer in Sekunden.",
    ),
    why=Text(
        "A client that believes an absent or absurd lifetime calls with a token that has ended, or never renews it.",
        "Wer eine fehlende oder unsinnige Dauer glaubt, ruft mit einem abgelaufenen Token auf oder erneuert es nie.",
    ),
    remedy=Text(
        "Assume five minutes where it is missing, an hour at most, and renew after a 401.",
        "Nehmen Sie fünf Minuten an, wo sie fehlt, höchstens eine Stunde, und erneuern Sie nach einer 401.",
    ),
    basis="assumed",
    ours=("portal/cashlink/client.py:_fetch_token",),
)
def token_lifetime(api: Api) -> Finding:
    answer = api.ask_token()
    kind, seconds = answer.text("token_type"), answer.field("expires_in")
    if kind.lower() != "bearer":
        return failed(Text("token_type is not Bearer", "token_type ist nicht Bearer"), ask=CASHLINK)
    if type(seconds) is not int or not 0 < seconds <= 31 * 86400:
        shown = seconds if isinstance(seconds, int | float) else type(seconds).__name__
        return failed(Text(f"expires_in is {shown}", f"expires_in ist {shown}"), ask=CASHLINK)
    return ok(Text(f"{seconds} seconds", f"{seconds} Sekunden"))


@rule(
    "token-refused",
    sentence=Text(
        "A wrong secret gives no token, and an error as in RFC 6749: 400 or 401 with invalid_client.",
        "Ein falsches Secret gibt kein Token, sondern einen Fehler nach RFC 6749: 400 oder 401 mit invalid_client.",
    ),
    why=Text(
        "A wrong secret must be told from an outage: the first needs a person, the second patience.",
        "Ein falsches Secret muss sich von einem Ausfall unterscheiden: Das eine braucht einen Menschen, das andere"
        " Geduld.",
    ),
    remedy=Text("Treat each 4xx of the token endpoint as refused.", "Werten Sie jede 4xx dort als Ablehnung."),
    basis="assumed",
    ours=("portal/cashlink/client.py:_fetch_token", "portal/cashlink/client.py:_data"),
)
def token_refused(api: Api) -> Finding:
    answer = api.ask_token(client_secret="not-the-secret")  # noqa: S106
    seen = same(f"{answer.status} {answer.text('error')}".strip())
    if answer.status in (400, 401) and answer.text("error") == "invalid_client" and not answer.text("access_token"):
        return ok(seen)
    return failed(seen, ask=CASHLINK)


@rule(
    "token-scope",
    sentence=Text(
        "A call without a token is answered 401, one whose token lacks the scope 403.",
        "Ein Aufruf ohne Token wird mit 401 beantwortet, einer ohne die Berechtigung mit 403.",
    ),
    why=Text(
        "After a 401 a new token helps, after a 403 it does not: mixing them up means asking for ever.",
        "Nach einer 401 hilft ein neues Token, nach einer 403 nicht: Wer sie verwechselt, fragt für immer.",
    ),
    remedy=Text(
        "Renew the token once after a 401; tell the operator after a 403.",
        "Erneuern Sie das Token nach einer 401 einmal; sagen Sie es nach einer 403 dem Betrieb.",
    ),
    basis="assumed",
    ours=("portal/cashlink/client.py:_call", "portal/cashlink/client.py:_data"),
)
def token_scope(api: Api) -> Finding:
    without = api.call("GET", "/v2/investments/", token="none").status  # noqa: S106
    token = api.new_token("documents:write")
    lacking = api.call("GET", "/v2/investments/", token=token).status
    seen = Text(f"{without} without, {lacking} without the scope", f"{without} ohne, {lacking} ohne Berechtigung")
    return ok(seen) if (without, lacking) == (401, 403) else failed(seen, ask=CASHLINK)


@rule(
    "token-beside",
    sentence=Text(
        "A new token does not end the one before it.",
        "Ein neues Token beendet das vorherige nicht.",
    ),
    why=Text(
        "Several processes each have a token. If each new one ended the others, they would renew in turns without end.",
        "Mehrere Prozesse haben je ein Token. Beendete jedes neue die übrigen, erneuerten sie reihum ohne Ende.",
    ),
    remedy=Text(
        "Share one token between all processes, and renew it after a 401.",
        "Teilen Sie ein Token zwischen allen Prozessen, und erneuern Sie es nach einer 401.",
    ),
    mode="new_token_ends_old",
    basis="assumed",
    ours=("portal/cashlink/client.py:_valid_token",),
)
def token_beside(api: Api) -> Finding:
    first = api.new_token(SCOPES)
    api.new_token(SCOPES)
    status = api.call("GET", "/v2/investments/", token=first).status
    seen = Text(f"the older token: {status}", f"das ältere Token: {status}")
    return ok(seen) if 200 <= status < 300 else failed(seen, ask=CASHLINK)
