"""Rules about the web-based subscription: start_url and the status of an investment."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

from ..engine import Finding, NotTried, failed, ok
from ..http import TIMEOUT, new_session
from ..rules import rule
from ..texts import Text, same
from .client import CASHLINK, Api, created_id, is_this_machine

GUIDE = "more-information/web-based-subscription"
STATUSES = frozenset(
    {
        "KYC_PENDING",
        "REVIEW_PENDING",
        "WAITING_FOR_ACCEPTANCE",
        "ACCEPTED",
        "PAID",
        "DELIVERED",
        "KYC_INSUFFICIENT",
        "ABORTION",
        "REJECTION",
        "CANCELLATION",
        "PAYMENT_MISSING",
    }
)
MAX_HOPS = 5


@rule(
    "start-url",
    sentence=Text(
        "An investment without a signed date is answered with its id and a start_url, by https.",
        "Eine Zeichnung ohne Datum der Unterschrift wird mit ID und start_url beantwortet, per https.",
    ),
    why=Text(
        "The id is what webhooks name, the start_url where the investor goes on.",
        "Die ID nennen die Webhooks, unter start_url geht es für die Person weiter.",
    ),
    remedy=Text(
        "Ask for the account to be white-listed for web-based subscription, and whether the campaign is open.",
        "Fragen Sie nach der Freischaltung des Kontos für die Web-Zeichnung, und ob die Kampagne offen ist.",
    ),
    source=GUIDE,
    basis="documented",
    needs="write",
    ours=("portal/integration.py:start_subscription", "portal/navigation.py:allowed_start_url"),
)
def start_url(api: Api) -> Finding:
    answer = api.create_investment()
    missing = [name for name in ("id", "start_url") if not answer.text(name)]
    if not answer.is_success or missing:
        seen = f"{answer.status} {', '.join(missing)}".strip()
        return failed(Text(f"missing: {seen}", f"es fehlt: {seen}"), ask=CASHLINK)
    parts = urlsplit(answer.text("start_url"))
    if parts.scheme != "https" and not is_this_machine(parts.hostname or ""):
        return failed(Text(f"start_url is not https: {parts.scheme}", f"start_url ist nicht https: {parts.scheme}"))
    return ok(Text("id and start_url", "ID und start_url"))


@rule(
    "start-url-host",
    sentence=Text(
        "start_url, and all to which it redirects, stays on the hosts that were agreed.",
        "start_url und alles, wohin sie weiterleitet, bleibt auf den vereinbarten Hosts.",
    ),
    why=Text(
        "A browser holds each hop of a form's redirects against form-action of the portal's Content-Security-Policy,"
        " and stops silently at a host that is not listed.",
        "Ein Browser prüft jeden Sprung nach einem Formular gegen form-action der Content-Security-Policy und bleibt"
        " bei einem nicht genannten Host wortlos stehen.",
    ),
    remedy=Text(
        "Name all hosts in CASHLINK_START_URL_HOSTS, and keep a link on the page to go on by hand.",
        "Nennen Sie alle Hosts in CASHLINK_START_URL_HOSTS, und lassen Sie auf der Seite einen Link stehen.",
    ),
    mode="start_url_redirects",
    basis="assumed",
    needs="write",
    ours=("portal/navigation.py:allowed_start_url",),
)
def start_url_host(api: Api) -> Finding:
    url = api.investment().text("start_url")
    if not url:
        raise NotTried(Text("there is no start_url", "es gibt keine start_url"))
    allowed = set(api.access.hosts) or {urlsplit(url).netloc}
    with new_session(api.access.proxy, api.access.ca_file) as browser:
        for _ in range(MAX_HOPS):
            if urlsplit(url).netloc not in allowed:
                return failed(Text(f"leads to {urlsplit(url).netloc}", f"führt zu {urlsplit(url).netloc}"))
            with browser.get(url, allow_redirects=False, timeout=TIMEOUT, stream=True) as page:
                if not page.is_redirect:
                    return ok(same(urlsplit(url).netloc))
                url = urljoin(url, page.headers["Location"])
    return failed(Text(f"more than {MAX_HOPS} redirects", f"mehr als {MAX_HOPS} Weiterleitungen"))


@rule(
    "start-url-again",
    sentence=Text(
        "A start_url opens as often as wanted, in another browser too.",
        "Eine start_url lässt sich beliebig oft öffnen, auch in einem anderen Browser.",
    ),
    why=Text(
        "People leave and come back on another device.", "Menschen gehen weg und kommen mit einem anderen Gerät wieder."
    ),
    remedy=Text(
        "Ask for a fresh one by GET each time the person goes on.",
        "Holen Sie jedes Mal per GET eine frische, wenn es weitergeht.",
    ),
    mode="start_url",
    basis="assumed",
    needs="write",
    ours=("portal/integration.py:ask_status",),
)
def start_url_again(api: Api) -> Finding:
    created = api.create_investment()
    created_id(created, "investment")
    statuses = []
    for _ in range(2):
        with new_session(api.access.proxy, api.access.ca_file) as browser:
            statuses.append(browser.get(created.text("start_url"), timeout=TIMEOUT).status_code)
    seen = Text(f"{statuses[0]}, then {statuses[1]}", f"{statuses[0]}, dann {statuses[1]}")
    return ok(seen) if statuses == [200, 200] else failed(seen, ask=CASHLINK)


@rule(
    "unsigned",
    sentence=Text(
        "Before the signature an investment has no status, and a GET of it gives a start_url.",
        "Vor der Unterschrift hat eine Zeichnung keinen Status, und ein GET gibt eine start_url.",
    ),
    why=Text(
        "By that a portal knows that the person may still go on, and where.",
        "Daran erkennt ein Portal, dass es noch weitergehen kann, und wo.",
    ),
    remedy=Text(
        "Count each code that is not documented as unsigned no longer, and show it as it came.",
        "Zählen Sie jeden undokumentierten Code als unterschrieben, und zeigen Sie ihn, wie er kam.",
    ),
    basis="assumed",
    needs="write",
    ours=("portal/integration.py:ask_status", "portal/cashlink/client.py:fetch_investment"),
)
def unsigned(api: Api) -> Finding:
    created = api.investment()
    read = api.call("GET", f"/v2/investments/{created.text('id')}/")
    if not isinstance(read.data, dict) or not read.is_success or "status" not in read.data:
        return failed(Text(f"{read.status} without status", f"{read.status} ohne status"), ask=CASHLINK)
    if read.field("status") is not None:
        return failed(Text(f"status {read.field('status')}", f"Status {read.field('status')}"), ask=CASHLINK)
    if not read.text("start_url"):
        return failed(Text("no start_url", "keine start_url"), ask=CASHLINK)
    return ok(Text("no status, and a start_url", "kein Status und eine start_url"))


@rule(
    "status-codes",
    sentence=Text(
        "The status of a signed investment is one of the documented codes.",
        "Der Status einer unterschriebenen Zeichnung ist einer der dokumentierten Codes.",
    ),
    why=Text(
        "Each code has its sentence for the investor; another one can only be shown as it came.",
        "Jeder Code hat seinen Satz für die Person; ein anderer lässt sich nur zeigen, wie er kam.",
    ),
    remedy=Text(
        "Add the code to the table of statuses, with its sentence.",
        "Nehmen Sie den Code mit seinem Satz in die Tabelle auf.",
    ),
    source="cashlink-api/investments",
    basis="documented",
    ours=("portal/cashlink/statuses.py:is_known",),
)
def status_codes(api: Api) -> Finding:
    if api.access.write and api.access.control_url:
        api.control.act(created_id(api.create_investment(), "investment"), "sign")
    answer = api.call("GET", "/v2/investments/")
    rows = answer.field("results")
    codes = [row.get("status") for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    found = {str(status)[:64] for status in codes if status is not None}
    if not found:
        raise NotTried(Text("no signed investment in the list", "keine unterschriebene Zeichnung in der Liste"))
    strange = sorted(found - STATUSES)
    return failed(same(", ".join(strange)), ask=CASHLINK) if strange else ok(same(", ".join(sorted(found))))
