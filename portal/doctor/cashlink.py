"""What Cashlink says to the settings: token, scopes, clock, campaigns, white list, funding, start_url."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import urljoin, urlsplit

import requests
from sqlalchemy import func, select

from .. import history
from ..campaigns.content import is_there
from ..cashlink import statuses
from ..config import is_local
from ..contract import Check, Finding, NotTried, Text, failed, ok, unknown
from ..contract.api.client import CASHLINK, SCOPES
from ..contract.http import send
from ..database import db
from ..models import Intent, Investment
from ..navigation import allowed_start_url
from .installation import NETWORK, OPERATOR, Installation, no_answer

CREDENTIALS = ("CASHLINK_API_URL", "CASHLINK_CLIENT_ID", "CASHLINK_CLIENT_SECRET", "CASHLINK_PROXY", "CASHLINK_CA_FILE")
# Further apart, and instants of both sides no longer tell what was first.
CLOCKS_DIFFER = timedelta(seconds=60)
LISTS = {"investors:read": "/v2/investors/", "investments:read": "/v2/investments/"}
MOST_HOPS = 10


def checks(installation: Installation) -> list[Check]:
    check, hosts = installation.check, ("CASHLINK_START_URL_HOSTS",)
    funding = ("CASHLINK_INFO_URL", "CASHLINK_CAMPAIGNS")
    return [
        check("token", Text("token", "Token"), _token, uses=CREDENTIALS),
        check("scopes", Text("scopes", "Berechtigungen"), _scopes, needs=("token",)),
        check("clock", Text("clock", "Uhr"), _clock, uses=CREDENTIALS),
        check("campaigns", Text("campaigns", "Kampagnen"), _campaigns, uses=("CASHLINK_CAMPAIGNS",)),
        check("white-list", Text("white list", "Freischaltung"), _white_list, needs=("database",)),
        check("funding", Text("funding information", "Stand der Finanzierung"), _funding, uses=funding),
        check("start-url", Text("start_url", "start_url"), _start_url, uses=hosts),
    ]


def _token(installation: Installation) -> Finding:
    try:
        answer, _ = installation.token_answer
    except (requests.RequestException, OSError) as error:
        return no_answer(error, NETWORK)
    if answer.is_success and answer.text("access_token"):
        return ok(Text("issued", "ausgestellt"))
    error_code = answer.text("error")[:40]
    seen = f"{answer.status} {error_code}".strip()
    if 300 <= answer.status < 400 or answer.status == 404 or (answer.is_success and not answer.data):
        remedy = Text(
            "Correct CASHLINK_API_URL: no token endpoint is there.",
            "Berichtigen Sie CASHLINK_API_URL: Dort werden keine Tokens ausgestellt.",
        )
    elif error_code == "invalid_scope":
        remedy = Text(f"Ask for all of these scopes: {SCOPES}", f"Bitten Sie um alle diese Berechtigungen: {SCOPES}")
    else:
        remedy = Text(
            "Compare CASHLINK_CLIENT_ID and CASHLINK_CLIENT_SECRET with what you were given, for this environment.",
            "Vergleichen Sie CASHLINK_CLIENT_ID und CASHLINK_CLIENT_SECRET mit dem, was Sie für diese Umgebung"
            " erhalten haben.",
        )
    return failed(Text(seen, seen), remedy, CASHLINK)


def _scopes(installation: Installation) -> Finding:
    """By the token's own words (RFC 6749, 5.1: left out means all), and by reading one list for each that reads."""
    answer, _ = installation.token_answer
    granted = answer.text("scope")
    missing = set(SCOPES.split()) - set(granted.split()) if granted else set()
    missing |= {scope for scope, path in LISTS.items() if installation.api.call("GET", path).status == 403}
    if missing:
        names = ", ".join(sorted(missing))
        return failed(
            Text(f"missing: {names}", f"es fehlen: {names}"),
            Text("Ask for them for this client.", "Bitten Sie darum für diesen Client."),
            CASHLINK,
        )
    return ok(Text("all five", "alle fünf"))


def _clock(installation: Installation) -> Finding:
    try:
        _, ahead = installation.token_answer
    except (requests.RequestException, OSError):
        raise NotTried(Text("Cashlink does not answer", "Cashlink antwortet nicht")) from None
    if ahead is None:
        raise NotTried(Text("the answer bears no date", "die Antwort trägt kein Datum"))
    seconds = round(abs(ahead).total_seconds())
    if abs(ahead) <= CLOCKS_DIFFER:
        return ok(Text("agrees with Cashlink's", "stimmt mit der von Cashlink überein"))
    en, de = ("behind", "nach") if ahead > timedelta() else ("ahead of", "vor")
    return failed(
        Text(f"{seconds} s {en} Cashlink's", f"geht {seconds} s {de}"),
        Text("Let the server's clock be set by NTP.", "Lassen Sie die Uhr des Servers durch NTP stellen."),
        OPERATOR,
    )


def _campaigns(installation: Installation) -> Finding:
    mappings = installation.settings.campaigns
    files = [mapping.slug for mapping in mappings if not is_there(mapping.slug)]
    if files:
        names = ", ".join(files)
        return failed(
            Text(f"no campaign file for {names}", f"keine Kampagnendatei für {names}"),
            Text(
                "Correct the slug in CASHLINK_CAMPAIGNS, or add the file in portal/campaigns/data/.",
                "Berichtigen Sie den Namen in CASHLINK_CAMPAIGNS, oder legen Sie die Datei in portal/campaigns/data/"
                " an.",
            ),
            OPERATOR,
        )
    ids = [mapping.campaign_id for mapping in mappings]
    if len(set(ids)) < len(ids):
        return failed(
            Text("a campaign id stands there twice", "eine Kampagnen-ID steht zweimal da"),
            Text("Give each slug its own id.", "Geben Sie jedem Namen seine eigene ID."),
            CASHLINK,
        )
    return ok(
        Text(
            f"{len(ids)} with their files; only an investment shows whether Cashlink knows the id",
            f"{len(ids)} mit ihren Dateien; ob Cashlink die ID kennt, zeigt erst eine Zeichnung",
        )
    )


def _white_list(installation: Installation) -> Finding:
    """Only creating an investment tells; so what has become of those that were created."""
    with installation.app.app_context():
        rows = select(func.count()).select_from(Intent).where(Intent.kind == "investment")
        refused = db.session.scalar(rows.where(Intent.result.is_(None), Intent.reason == "http-403"))
        created = db.session.scalar(rows.where(Intent.created_id.is_not(None)))
    if refused:
        return failed(
            Text(f"{refused} investments were answered 403", f"{refused} Zeichnungen wurden mit 403 beantwortet"),
            Text(
                "Ask for the account to be white-listed for web-based subscription; then: portal sync --retry --all",
                "Bitten Sie um die Freischaltung des Kontos für die Zeichnung im Web; danach: portal sync --retry"
                " --all",
            ),
            CASHLINK,
        )
    if created:
        return ok(Text(f"{created} investments were created", f"{created} Zeichnungen wurden angelegt"))
    return unknown(
        Text("cannot be known by reading", "durch Lesen nicht zu erfahren"),
        Text(
            "Make one subscription, or run: portal check --api --write",
            "Beginnen Sie eine Zeichnung, oder führen Sie aus: portal check --api --write",
        ),
        CASHLINK,
    )


def _funding(installation: Installation) -> Finding:
    settings = installation.settings
    if not settings.info_url:
        return ok(Text("not set: no funding is shown", "nicht gesetzt: es wird kein Stand gezeigt"))
    try:
        products = send(installation.api.session, "GET", settings.info_url).field("products")
    except (requests.RequestException, OSError) as error:
        return no_answer(error, NETWORK)
    if not isinstance(products, list):
        return failed(
            Text("the answer names no products", "die Antwort nennt keine Produkte"),
            Text("Correct CASHLINK_INFO_URL.", "Berichtigen Sie CASHLINK_INFO_URL."),
            CASHLINK,
        )
    there = {product.get("name") for product in products if isinstance(product, Mapping)}
    missing = ", ".join(mapping.product_name for mapping in settings.campaigns if mapping.product_name not in there)
    if missing:
        return failed(
            Text(f"does not name {missing}", f"nennt nicht: {missing}"),
            Text(
                "Write the product's name into CASHLINK_CAMPAIGNS as Cashlink writes it.",
                "Schreiben Sie den Namen des Produkts in CASHLINK_CAMPAIGNS so, wie Cashlink ihn schreibt.",
            ),
            CASHLINK,
        )
    return ok(Text("names all products", "nennt alle Produkte"))


def _start_url(installation: Installation) -> Finding:
    """Follow one as a browser would: where it leads on to, a form's redirect must be allowed to go."""
    url = installation.start_url or _newest_start_url(installation)
    if not url:
        return unknown(
            Text("none at hand", "keine zur Hand"),
            Text(
                "Begin a subscription of your own, then: portal doctor --start-url ADDRESS",
                "Beginnen Sie eine eigene Zeichnung, dann: portal doctor --start-url ADRESSE",
            ),
        )
    hosts = installation.settings.start_url_hosts
    if not allowed_start_url(url, hosts):
        return _not_allowed(_host(url))
    seen = [_host(url)]
    answer = send(installation.api.session, "GET", url)
    for _ in range(MOST_HOPS):
        target = answer.headers.get("Location")
        if not 300 <= answer.status < 400 or not target:
            break
        url = urljoin(url, target)
        if urlsplit(url).scheme != "https" and not (is_local(_name(url)) and _host(url) in hosts):
            return _not_allowed(_host(url))
        if _host(url) != seen[-1]:
            seen.append(_host(url))
        answer = send(installation.api.session, "GET", url)
    way = " → ".join(seen)
    if answer.is_success:
        return ok(Text(f"leads to {way}", f"führt zu {way}"))
    return unknown(
        Text(f"leads to {way}, answered {answer.status}", f"führt zu {way}, Antwort {answer.status}"),
        Text(
            "It may have expired or been used: try a fresh one.",
            "Sie kann abgelaufen oder benutzt sein: versuchen Sie eine frische.",
        ),
        CASHLINK,
    )


def _not_allowed(host: str) -> Finding:
    return failed(
        Text(f"leads to {host}, where no browser would go", f"führt zu {host}, wohin kein Browser ginge"),
        Text(
            f"If {host} is Cashlink's, add it to CASHLINK_START_URL_HOSTS; public hosts need https.",
            f"Wenn {host} zu Cashlink gehört, nehmen Sie es in CASHLINK_START_URL_HOSTS auf; öffentliche Server"
            " brauchen https.",
        ),
        CASHLINK,
    )


def _newest_start_url(installation: Installation) -> str:
    """Of an unsigned subscription: it leads to the welcome screen, whoever opens it."""
    try:
        with installation.app.app_context():
            rows = select(Investment).where(Investment.start_url.is_not(None), Investment.released_at.is_(None))
            for row in db.session.scalars(rows.order_by(Investment.created_at.desc()).limit(20)):
                newest = history.newest_change(row.cashlink_id)
                if newest is None or not statuses.is_known(newest.status):
                    return row.start_url or ""
    except Exception:
        # Without a database there is none at hand; that it is away is another check's finding.
        return ""
    return ""


def _host(url: str) -> str:
    parts = urlsplit(url)
    usual = parts.port in (None, 443 if parts.scheme == "https" else 80)
    return _name(url) if usual else f"{_name(url)}:{parts.port}"


def _name(url: str) -> str:
    return (urlsplit(url).hostname or "").lower()
