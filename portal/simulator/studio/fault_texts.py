"""The faults and modes in plain words, and which of them the page offers; the control API knows more variants."""

from collections.abc import Iterable, Mapping

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from ..faults import Fault

CALL_LABELS: dict[str, LazyString] = {
    "token": _l("Fetch a token"),
    "create_document": _l("Upload a document"),
    "create_investor": _l("Create the investor"),
    "update_communication": _l("Add the email address"),
    "create_identification": _l("Pass on the identification"),
    "create_wallet": _l("Add a wallet"),
    "create_investment": _l("Create the investment"),
    "fetch_investor": _l("Read the investor"),
    "fetch_investment": _l("Read the investment"),
    "funding": _l("Read the funding"),
    "any": _l("Any call except the token"),
    "delivery": _l("Webhook"),
}

CODE_LABELS: dict[str, LazyString] = {
    "400": _l("400, errors by field"),
    "401": _l("401, the token is not accepted"),
    "403": _l("403, not allowed"),
    "404": _l("404, not found"),
    "409": _l("409, the key is in use"),
    "422": _l("422, errors by field"),
    "429": _l("429, too many requests: wait a second"),
    "429:10": _l("429, too many requests: wait 10 seconds"),
    "429:date": _l("429, too many requests: wait until an instant"),
    "429:garbage": _l("429, too many requests: wait, nobody can read how long"),
    "429:1000000000": _l("429, too many requests: wait for 31 years"),
    "500": _l("500, internal error"),
    "502": _l("502, bad gateway"),
    "503": _l("503, not available"),
    "504": _l("504, gateway timeout"),
    "reset": _l("the connection is cut"),
    "timeout": _l("no answer for 30 seconds"),
    "lost": _l("the answer gets lost"),
}

ODD_LABELS: dict[str, LazyString] = {
    "redirect": _l("307, the way to another host"),
    "garbage": _l("a web page instead of data"),
    "empty": _l("200 with nothing in it"),
    "no_id": _l("a success without an id"),
    "no_start_url": _l("a success without start_url"),
    "foreign_start_url": _l("a start_url of another host"),
    "huge": _l("an endless answer (16 MiB)"),
    "gzip_bomb": _l("a small answer that unpacks to 300 MiB"),
    "drip": _l("ten bytes a second"),
    "late": _l("the right answer, two seconds late"),
    "slow": _l("the right answer, executed for two seconds"),
    "no_date": _l("the right answer without its date"),
    "wrong_date": _l("the right answer, dated tomorrow"),
    "expires_in:missing": _l("a token without its lifetime"),
    "expires_in:negative": _l("a token with a negative lifetime"),
    "expires_in:huge": _l("a token that never ends"),
}

DELIVERY_LABELS: dict[str, LazyString] = {
    "duplicate": _l("Sent three times"),
    "reorder": _l("Held back until the next one of the same subscription was sent"),
    "delay:10": _l("Sent 10 seconds late"),
    "delay:600": _l("Sent 10 minutes late"),
    "early": _l("Sent before the portal knows the investment: signed while it is created"),
    "ghost": _l("One more, for a subscription that nobody knows"),
    "hostile": _l("One more, with a body that is meant to do harm"),
    "drop": _l("Never sent, but counted as delivered"),
    "wrong_status": _l("One more that lies: completed"),
    "future": _l("One more from the future: payment missing, in 10 minutes"),
    "unknown_status": _l("One more with an unknown status, a little older"),
    "bad_token": _l("Sent with a wrong token first"),
}

BEFORE, AFTER, ODD = (
    _l("Nothing is executed"),
    _l("Executed, but answered otherwise"),
    _l("Executed, but answered strangely"),
)

MODE_LABELS: dict[str, LazyString] = {
    "store_errors": _l("Errors are kept under the idempotency key, as successes are"),
    "key_other_body": _l("A used key with another body gives"),
    "parallel_key": _l("A key whose first request is still running"),
    "key_lifetime_seconds": _l("Keys are forgotten after so many seconds"),
    "new_token_ends_old": _l("A new token ends the old ones"),
    "start_url": _l("A start_url opens"),
    "deliveries": _l("Webhooks are sent"),
    "webhook_authentication": _l("Webhooks prove who sends them by"),
    "start_url_redirects": _l("A start_url leads over a second host name first"),
}
VALUE_LABELS: dict[str, LazyString] = {
    "False": _l("No"),
    "True": _l("Yes"),
    "409": _l("409, a conflict"),
    "422": _l("422, a refusal"),
    "replay": _l("the kept answer"),
    "wait": _l("waits for the first answer"),
    "often": _l("as often as wanted"),
    "once": _l("in one browser only"),
    "in_order": _l("in their order"),
    "shuffled": _l("shuffled"),
    "bearer": _l("a fixed token"),
    "oauth": _l("a token from the portal's token endpoint"),
}

Group = tuple[LazyString, dict[str, LazyString]]


def call_fault_groups() -> list[Group]:
    """What can be chosen for calls, as name and words, in groups."""
    after_only, before_only = ("lost",), ("400", "404", "422", "504")
    before = {f"before:{code}": label for code, label in CODE_LABELS.items() if code not in after_only}
    after = {
        f"after:{code}": label for code, label in CODE_LABELS.items() if code not in before_only and ":" not in code
    }
    odd = {name: label for name, label in ODD_LABELS.items() if name != "redirect"}
    return [(BEFORE, before | {"redirect": ODD_LABELS["redirect"]}), (AFTER, after), (ODD, odd)]


def value_label(value: object) -> str:
    return str(VALUE_LABELS.get(str(value), value))


def labelled(values: Iterable[object], labels: Mapping[str, LazyString]) -> list[tuple[str, LazyString]]:
    """The values with their words, as a list to choose from wants them."""
    return [(str(value), labels[str(value)]) for value in values]


def fault_label(fault: Fault) -> str:
    """In words; of a variant that the page does not offer, the nearest words there are."""
    if fault.kind in ("before", "after"):
        code = f"{fault.code}:{fault.argument}" if fault.argument else fault.code
        answer = CODE_LABELS.get(code) or f"{fault.code}, Retry-After {fault.argument}"
        text = _("Nothing is executed: %(answer)s") if fault.kind == "before" else _("Executed, but: %(answer)s")
        return str(text % {"answer": answer})
    label = {**ODD_LABELS, **DELIVERY_LABELS}
    return str(label.get(fault.name) or label.get(fault.kind) or fault.name)
