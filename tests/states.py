"""Every state of every page, in one list: tests, axe and pictures walk it. A new page needs its row here.

A state is reached through the seed (`tests/places.py`) and an address; some need a form to be sent as well. Nothing
here depends on the words of a page.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from .journey import TYPED
from .settings import BOND, SOLAR

RIGHT = "genussrecht-kaeserei-brunnenau"
# Only in the portal without demo: files made for the tests.
FULL, CLOSED = "fully-funded", "closed-since"

Place = Literal["demo", "bare", "closed", "simulator", "empty", "disturbed"]


@dataclass(frozen=True)
class State:
    """One state of one page.

    Attributes:
        id: its name in reports and of its picture.
        place: which running application; "demo" is the portal with its cast and "bare" the one without demo, whose
            Cashlink does not answer; the other portal and the three simulators stand in `places.py`.
        path: with names in braces that the place fills in.
        who: signed in as this person.
        typed: what is typed into the page's first form, which is then sent by its first button.
        status: what the page answers.
        form: which form is sent, where it is not the first one.
        sent_to: where that form is sent, where that is not what the page says.
        forgotten: the browser forgets its cookies before it sends, so that the form is too old.
        streams: whether the page gets its event stream.
    """

    id: str
    place: Place
    path: str
    who: str = ""
    typed: Mapping[str, str] | None = None
    status: int = 200
    form: str = 'main form[method="post"]'
    sent_to: str = ""
    forgotten: bool = False
    streams: bool = True

    def __str__(self) -> str:
        return self.id


LEGAL = ("how-it-works", "help", "imprint", "terms", "privacy", "risks", "accessibility", "withdraw")
WITHDRAWAL = {"name": "Toni Robin Beispiel", "contract": "6909304A-6364", "email": "toni@example.org"}
# What is typed wrong, by step; an empty form where nothing is said.
WRONG: dict[str, dict[str, str]] = {
    "birth": {"birth_day": "31", "birth_month": "2", "birth_year": "1985"},
    "address": {"zip": "abc"},
    "bank": {"iban": "DE00 9000 0000 7070 7070 70"},
    "identification": {"identified": "true"},
}
# Where the progress page of each status is.
HELD_BY = {
    "KYC_PENDING": "bob",
    "KYC_INSUFFICIENT": "dana",
    "REVIEW_PENDING": "emil",
    "WAITING_FOR_ACCEPTANCE": "georg",
    "ACCEPTED": "carol",
    "PAID": "dana",
    "DELIVERED": "dana",
    "REJECTION": "dana",
    "ABORTION": "frida",
    "CANCELLATION": "hanna",
    "PAYMENT_MISSING": "georg",
}
# Pages at Cashlink, by the status that they show.
HOSTED = ("ACCEPTED", "PAID", "DELIVERED", "REJECTION", "ABORTION", "CANCELLATION", "PAYMENT_MISSING")

STATES = (
    # Campaigns.
    State("list", "demo", "/"),
    State("list-with-tasks", "demo", "/", who="carol"),
    State("list-none-open", "closed", "/"),
    State("list-funding-unknown", "bare", "/"),
    State("campaign", "demo", f"/campaigns/{BOND}"),
    State("campaign-almost-full", "demo", f"/campaigns/{SOLAR}"),
    State("campaign-coming", "demo", f"/campaigns/{RIGHT}"),
    State("campaign-invest", "demo", f"/campaigns/{BOND}", who="alice"),
    State("campaign-continue", "demo", f"/campaigns/{SOLAR}", who="hanna"),
    State("campaign-again", "demo", f"/campaigns/{BOND}", who="carol"),
    State("campaign-data-missing", "bare", f"/campaigns/{BOND}", who="nora"),
    State("campaign-full", "bare", f"/campaigns/{FULL}"),
    State("campaign-closed", "bare", f"/campaigns/{CLOSED}"),
    # Accounts.
    State("register", "demo", "/register"),
    State("register-errors", "bare", "/register", typed={"email": "name", "password": "short"}, status=422),
    State("register-sent", "bare", "/register/sent", who="ulla"),
    State("confirm", "bare", "/confirm-email/{confirmation}"),
    State("confirm-errors", "bare", "/confirm-email/{confirmation}", typed={"password": "wrong"}, status=422),
    State("confirm-ended", "bare", "/confirm-email/invented", status=410),
    State("confirm-sent-again", "bare", "/confirm-email/invented", typed={}, form='main form[action$="/again"]'),
    State("login", "demo", "/login"),
    State("login-errors", "bare", "/login", typed={"email": "nobody@example.org", "password": "wrong"}, status=422),
    State("login-after-session-end", "bare", "/investments", who="session ended"),  # E6
    State("login-too-many", "bare", "/login", typed={"email": "many@example.org", "password": "x"}, status=429),  # E7
    State("password-forgotten", "bare", "/password/forgotten"),
    State("password-forgotten-errors", "bare", "/password/forgotten", typed={"email": "name"}, status=422),
    State("password-sent", "bare", "/password/sent"),
    State("password-new", "bare", "/password/{reset}"),
    State("password-new-errors", "bare", "/password/{reset}", typed={"new_password": "short"}, status=422),
    State("password-ended", "bare", "/password/invented", status=410),
    State("account", "demo", "/account", who="dana"),
    State("account-without-data", "bare", "/account", who="nora"),
    State("account-password", "demo", "/account/password", who="dana"),
    State("account-password-errors", "bare", "/account/password", who="nora", typed={}, status=422),
    State("account-delete", "demo", "/account/delete", who="dana"),
    State("account-delete-errors", "bare", "/account/delete", who="nora", typed={}, status=422),
    State("account-sessions", "demo", "/account/sessions", who="dana"),
    State("account-consents", "demo", "/account/consents", who="dana"),
    State("account-consents-none", "bare", "/account/consents", who="nora"),
    State("account-consents-withdrawn", "bare", "/account/consents", who="wanda"),
    State("account-receipt", "demo", "/account/consents/{dana.consent}", who="dana"),
    State("account-consent-withdraw", "demo", "/account/consents/withdraw", who="dana"),
    State("account-passed-on", "demo", "/account/passed-on", who="dana"),
    State("account-passed-on-nothing", "bare", "/account/passed-on", who="nora"),
    State("account-email", "demo", "/account/email", who="dana"),
    State("account-email-errors", "bare", "/account/email", who="nora", typed={"email": "name"}, status=422),
    State("account-email-confirm", "bare", "/account/email/{change}", who="resi"),
    State("account-email-confirm-elsewhere", "bare", "/account/email/{change}"),
    State("account-email-ended", "bare", "/account/email/invented", status=410),
    # Investor data.
    *(State(f"investor-{step}", "bare", f"/investor/{step}", who="nora") for step in TYPED),
    *(
        State(f"investor-{step}-errors", "bare", f"/investor/{step}", who="nora", typed=WRONG.get(step, {}), status=422)
        for step in TYPED
        if step != "tax" or not WRONG.get(step)
    ),
    State("investor-sample", "demo", "/investor/person", who="new"),
    State("investor-check", "bare", "/investor/check", who="alice"),
    State("investor-check-no-consent", "bare", "/investor/check", who="alice", typed={}, status=422),
    State("investor-refused", "bare", "/investor/check", who="rita"),
    State("investor-refused-field", "bare", "/investor/bank", who="rita"),
    State("investor-done", "demo", "/investor", who="alice"),
    State("investor-open", "bare", "/investor", who="ida"),
    State("investor-parked", "bare", "/investor", who="paul"),
    State("investor-withdrawn", "bare", "/investor", who="wanda"),
    State("investor-agree-again", "bare", "/investor/consent", who="wanda"),
    State("investor-agree-again-errors", "bare", "/investor/consent", who="wanda", typed={}, status=422),
    State("investor-too-young", "bare", "/investor/too-young", who="nora"),
    State("investor-us-tax", "bare", "/investor/us-tax", who="nora"),
    # Progress and portfolio.
    State("progress-STARTED", "demo", "/investments/{hanna.STARTED}", who="hanna"),
    *(
        State(f"progress-{status}", "demo", f"/investments/{{{who}.{status}}}", who=who)
        for status, who in HELD_BY.items()
    ),
    State("progress-UNKNOWN", "bare", "/investments/{ulrich.UNKNOWN}", who="ulrich"),
    State("progress-no-stream", "demo", "/investments/{bob.KYC_PENDING}", who="bob", streams=False),  # E9
    State("portfolio", "demo", "/investments", who="dana"),
    State("portfolio-with-tasks", "demo", "/investments", who="carol"),
    State("portfolio-not-signed", "demo", "/investments", who="hanna"),
    State("portfolio-empty", "demo", "/investments", who="alice"),
    # Help and legal.
    *(State(page, "demo", f"/{page}") for page in LEGAL),
    State("withdraw-signed-in", "demo", "/withdraw", who="dana"),
    State("withdraw-errors", "bare", "/withdraw", typed={}, status=422),
    State("withdraw-confirm", "bare", "/withdraw", typed=WITHDRAWAL),
    State("withdraw-receipt", "bare", "/withdraw/receipt", who="withdrawn"),
    # Errors.
    State("E1-not-found", "demo", "/no-such-page", status=404),
    State("E2-somebody-elses", "demo", "/investments/{bob.KYC_PENDING}", who="alice", status=404),
    State("E3-our-fault", "bare", "/broken", status=500),
    State("E3-database-away", "bare", "/database-away", status=503),
    State("E4-cashlink-silent", "bare", "/investments/{kira.STARTED}", who="kira"),
    State("E5-form-too-old", "bare", "/register", typed={"email": "ina@example.org"}, forgotten=True, status=400),
    State(
        "E8-closed-meanwhile",
        "bare",
        f"/campaigns/{BOND}",
        who="kira",
        typed={},
        form="form[data-invest]",
        sent_to=f"/campaigns/{CLOSED}/invest",
        status=409,
    ),
    # What the demo adds.
    State("mailbox", "demo", "/mailbox"),
    State("backstage", "demo", "/backstage"),
    State("stage", "demo", "/stage"),
    State("stage-script", "demo", "/stage/script/happy-path"),
    # The mails' HTML, as a mail program shows it.
    *(
        State(f"mail-{name}", "bare", f"/mail/{name}")
        for name in (
            *("confirm", "known", "reset", "password_changed", "status", "withdrawal", "withdrawal_operator"),
            *("email_change", "email_change_asked", "email_changed", "email_taken"),
        )
    ),
    # The simulator: the hosted subscription.
    State("hosted-welcome", "simulator", "{hanna.hosted}/welcome"),
    State("hosted-welcome-errors", "simulator", "{hanna.hosted}/welcome", typed={"email": "x"}, status=422),
    State("hosted-amount", "simulator", "{hanna.hosted}/amount"),
    State("hosted-amount-errors", "simulator", "{hanna.hosted}/amount", typed={"amount": "12"}, status=422),
    State("hosted-questions", "simulator", "{hanna.hosted}/questions"),
    State("hosted-documents", "simulator", "{hanna.hosted}/documents"),
    State("hosted-documents-errors", "simulator", "{hanna.hosted}/documents", typed={}, status=422),
    State("hosted-document", "simulator", "{hanna.hosted}/documents/1"),
    State("hosted-signature", "simulator", "{hanna.hosted}/signature"),
    State("hosted-signature-errors", "simulator", "{hanna.hosted}/signature", typed={}, status=422),
    State("hosted-identification", "simulator", "{bob.KYC_PENDING.hosted}/identification"),
    State("hosted-insufficient", "simulator", "{dana.KYC_INSUFFICIENT.hosted}/status"),
    State("hosted-REVIEW_PENDING", "simulator", "{emil.REVIEW_PENDING.hosted}"),
    State("hosted-WAITING_FOR_ACCEPTANCE", "simulator", "{georg.WAITING_FOR_ACCEPTANCE.hosted}"),
    *(State(f"hosted-{status}", "simulator", f"{{{HELD_BY[status]}.{status}.hosted}}") for status in HOSTED),
    State("hosted-withdrawal", "simulator", "{bob.KYC_PENDING.hosted}/withdrawal"),
    State("hosted-withdrawal-errors", "simulator", "{bob.KYC_PENDING.hosted}/withdrawal", typed={}, status=422),
    State("hosted-withdrawal-too-late", "simulator", "{georg.PAYMENT_MISSING.hosted}/withdrawal", status=409),
    State("hosted-bad-link", "simulator", "/subscribe/invented", status=404),
    # The simulator: the Studio.
    State("studio", "simulator", "/studio/"),
    State("studio-none-ticked", "simulator", "/studio/", typed={}, form="form#batch", status=422),
    State("studio-investment", "simulator", "/studio/investments/{carol.ACCEPTED.cashlink}"),
    State("studio-not-signed", "simulator", "/studio/investments/{hanna.STARTED.cashlink}"),
    State("studio-ended", "simulator", "/studio/investments/{georg.PAYMENT_MISSING.cashlink}"),
    State("studio-webhooks", "simulator", "/studio/webhooks"),
    State("studio-faults", "simulator", "/studio/faults"),
    State("reference", "simulator", "/reference/"),
    State("studio-not-found", "simulator", "/studio/nothing", status=404),
    State("studio-empty", "empty", "/studio/"),
    State("E10-no-webhooks", "empty", "/studio/webhooks"),
    State("studio-faults-on", "disturbed", "/studio/faults"),
    State(
        "studio-faults-errors",
        "disturbed",
        "/studio/faults",
        typed={"call_times": "x"},
        form="form:has([name=call_fault])",
        status=422,
    ),
)
BY_ID = {state.id: state for state in STATES}
# These are seen in both languages, both schemes and all widths whenever the tests run; the others in one of the twelve.
KEY = ("list", "campaign-invest", "investor-bank-errors", "progress-ACCEPTED", "portfolio", "hosted-signature")
LANGUAGES, SCHEMES, WIDTHS = ("de", "en"), ("light", "dark"), (1280, 390, 320)


@dataclass(frozen=True)
class View:
    """How a page is looked at."""

    language: str
    scheme: str
    width: int

    def __str__(self) -> str:
        return f"{self.language}-{self.scheme}-{self.width}"


# Neighbours differ in language and width, and twelve in a row are all twelve.
VIEWS = tuple(View(LANGUAGES[i % 2], SCHEMES[i // 6], WIDTHS[i % 3]) for i in range(12))


def looks(state: State, *, thorough: bool) -> list[tuple[View, ...]]:
    """In which views a state is seen, by language: in all, or, in the short form, in the one whose turn it is."""
    if thorough or state.id in KEY:
        return [tuple(view for view in VIEWS if view.language == language) for language in LANGUAGES]
    return [(VIEWS[STATES.index(state) % len(VIEWS)],)]
