"""A Cashlink web-based subscription in three steps, in the order they happen.

1. `import_investor`: once per user; the investor's id at Cashlink is kept with the account.
2. `start_subscription`: on "Invest now"; the answer's `start_url` is where the investor goes on.
3. `record_status_change`: on each webhook.

Each call to Cashlink has an `Intent` row with its idempotency key and frozen body, committed before the call. A second
click, a lost answer and a killed process all heal the same way: by calling the step again, or by `portal sync`.

Source: https://docs.cashlink.de, more-information/web-based-subscription and cashlink-api/getting-started.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Literal, cast

from flask import Flask, current_app
from sqlalchemy import select, update

from . import consents, history, intents
from .cashlink import deadline, errors, payloads
from .cashlink.client import Client, CreatedInvestment
from .config import Settings, settings
from .database import changes_one_row, db, insert_or_ignore, insert_unless_there, now, scrub
from .models import Intent, Investment, Investor, StatusChange, User, new_key
from .navigation import allowed_start_url

ImportState = Literal["none", "open", "refused", "parked", "done", "withdrawn"]

# Seconds for all calls of one web request together; what is left over then is the loop's.
WEB_DEADLINE = 8.0
# A Date further ahead than this is not believed: it would hide all later news.
CLOCKS_DIFFER = timedelta(minutes=5)

# A new investment is asked about after this: nobody has signed yet, and a webhook makes it due at once.
FIRST_QUESTION = timedelta(seconds=30)

IMPORT_KINDS = ("investor", "communication", "document", "identification")


def set_up(app: Flask, settings: Settings) -> None:
    """Make the client of this process; it keeps token and connections."""
    app.extensions["cashlink"] = Client(
        settings.api_url,
        settings.client_id,
        settings.client_secret,
        proxy=settings.proxy,
        ca_file=settings.ca_file,
    )


def client() -> Client:
    return cast(Client, current_app.extensions["cashlink"])


def cashlink_is_away() -> bool:
    """Whether the last calls had no usable answer; the loop then tries with one call at a time, and waits longer."""
    return client().unanswered >= 3


# Step 1: import the investor.


def import_investor(investor: Investor, consent_text: str | None = None, consent_language: str = "de") -> ImportState:
    """Create the investor at Cashlink with communication details, and the identification if there was one.

    Args:
        investor: with complete answers.
        consent_text: the text that the person has just agreed to; it freezes the answers. Left out, an import that is
            under way goes on.
        consent_language: the language of that text.

    Source: https://docs.cashlink.de, distributor-api/concepts/investors. The API knows no uniqueness of investors:
    that one account gets one investor is this row's business.
    """
    if consent_text is not None and import_state(investor) in ("none", "refused", "withdrawn"):
        consents.give(investor, consent_text, consent_language)
    with deadline.within(WEB_DEADLINE):
        while _make_next_import_call(investor):
            pass
    db.session.refresh(investor)
    return import_state(investor)


def import_state(investor: Investor | None) -> ImportState:
    """How far the import is. The answers can be edited before it, and what was refused after a refusal.

    "withdrawn": nothing is passed on, whether the import was done or not, until the person agrees again.
    """
    if investor is None or investor.consented_at is None:
        return "none"
    results = []
    if investor.imported_at is None:
        results = [intent.result for intent in _import_intents(investor).values() if not _is_old(intent, investor)]
    if "refused" in results:
        return "refused"
    if not consents.is_in_force(investor):
        return "withdrawn"
    if investor.imported_at is not None:
        return "done"
    return "parked" if "parked" in results else "open"


def field_errors(investor: Investor | None) -> dict[str, list[str]]:
    """Cashlink's messages after a refusal, by the last part of the field's path (`iban`)."""
    found: dict[str, list[str]] = {}
    for intent in _import_intents(investor).values() if investor else ():
        if intent.result == "refused":
            for path, messages in (intent.field_errors or {}).items():
                found.setdefault(path.rpartition(".")[2], []).extend(messages)
    return found


def may_edit(investor: Investor | None, step: str) -> bool:
    """Whether the answers of a step may still change: not while their fate is unknown, nor once Cashlink has them."""
    state = import_state(investor)
    if investor is None or state != "refused":
        return state == "none"
    return step == "identification" or investor.cashlink_id is None


def _import_intents(investor: Investor) -> dict[str, Intent]:
    """The newest row of each call of the import that was begun."""
    rows = db.session.scalars(select(Intent).where(Intent.investor_id == investor.id).order_by(Intent.revision))
    return {intent.kind: intent for intent in rows}


def _is_old(intent: Intent, investor: Investor) -> bool:
    """Closed before the last consent: refused then, and the person has edited and agreed again since."""
    return intent.closed_at is not None and intent.closed_at < cast(datetime, investor.consented_at)


def _make_next_import_call(investor: Investor) -> bool:
    """Make the next call of the import, or wait for whoever is making it. False: it ends here, for now or for good."""
    rows = _import_intents(investor)
    # After the rows: where another process has made a call that is done now, the id that it brought is read here.
    db.session.refresh(investor)
    if not consents.is_in_force(investor) or investor.imported_at is not None or investor.user.deletion_asked_at:
        return False
    for kind in IMPORT_KINDS:
        intent = rows.get(kind)
        if intent is None or _must_be_renewed(intent, rows, investor):
            if _is_wanted(investor, kind):
                added = _add(kind, investor, intent.revision + 1 if intent else 1)
                return _attempt(added) if added else _is_done_by_other(cast(Intent, intents.newest(kind, investor)))
        elif intent.result is None:
            return _attempt(intent) if intents.claim(intent) else _is_done_by_other(intent)
        elif intent.result != "done":
            return False
    _finish_import(investor)
    return False


def _is_done_by_other(intent: Intent) -> bool:
    """Whether another request, or the loop, has made this call; waits for it if it is under way."""
    _wait_for_other_request(intent)
    return intent.result == "done"


def _must_be_renewed(intent: Intent, rows: dict[str, Intent], investor: Investor) -> bool:
    """After a refusal and new answers: the refused call, and with a refused identification its document as well."""
    refused = rows["identification"] if intent.kind == "document" and "identification" in rows else intent
    return refused.result == "refused" and _is_old(refused, investor) and _is_old(intent, investor)


def _is_wanted(investor: Investor, kind: str) -> bool:
    if kind == "document":
        return investor.protocol is not None
    return kind != "identification" or bool((investor.answers or {}).get("identification"))


def _finish_import(investor: Investor) -> None:
    """Cashlink has confirmed everything: keep what greets the person, drop the rest, frozen bodies included."""
    investor.imported_at = now()
    investor.answers = investor.protocol = investor.protocol_name = None
    db.session.execute(update(Intent).where(Intent.investor_id == investor.id).values(body=None))
    db.session.commit()
    scrub()


def tell_address(investor: Investor) -> None:
    """Tell Cashlink the account's new address, by a call like those of the import; the loop calls this, too.

    One such call at a time, or an older address could arrive last. Whatever is open then is followed by another.

    Source: https://docs.cashlink.de, distributor-api/concepts/investors, "communication".
    """
    db.session.refresh(investor)
    db.session.refresh(investor.user)
    changed_at = investor.email_changed_at
    if changed_at is None or import_state(investor) != "done":
        return
    # Claimed before the newest row is read: of two processes the second one sees the first one's row.
    claim = update(Investor).where(Investor.id == investor.id, Investor.email_changed_at == changed_at)
    is_mine = changes_one_row(claim.values(email_changed_at=None))
    newest = intents.newest("communication", investor)
    if not is_mine or (newest is not None and newest.result is None):
        db.session.rollback()
        return
    intent = _add("communication", investor, newest.revision + 1 if newest else 1)
    if intent is not None:
        with deadline.within(WEB_DEADLINE):
            _attempt(intent)


# Step 2: start the subscription.


def start_subscription(user: User, campaign: str, number: int) -> Investment:
    """Create the investment at Cashlink, or continue the one that exists; at most 8 seconds.

    Args:
        user: with consented investor data.
        campaign: slug of a campaign in `CASHLINK_CAMPAIGNS`.
        number: the one the page showed (`next_number`), so that a double click, a second tab, Back and reload are one
            investment. A new one is granted only when all before it are signed.

    Returns:
        The investment; where it has a `usable_start_url`, the investor is sent there. Else the loop goes on with it.
    """
    with deadline.within(WEB_DEADLINE):
        investment = _investment(user, campaign, number)
        investor = user.investor
        if investor is None or investor.imported_at is None:
            # The click is kept, whatever becomes of the import. Otherwise it is committed with the intent.
            db.session.commit()
            if investor is not None:
                import_investor(investor)
        intent = investment_intent(investment)
        if intent is None or intent.result == "refused":
            intent = _add_investment_intent(investment, intent)
        elif intent.result is None and not intents.claim(intent):
            _wait_for_other_request(intent)
            intent = None
        if intent is not None and intent.result is None:
            _attempt(intent)
        else:
            # Another request has made the call, maybe since the row was read here.
            db.session.refresh(investment)
    return investment


def next_number(user: User, campaign: str) -> int:
    """The number that the form of "Invest now" carries: of the open subscription, else the next one."""
    return history.in_campaign(user, campaign).next_number


def usable_start_url(investment: Investment) -> str | None:
    """The `start_url`, if it leads to a host in `CASHLINK_START_URL_HOSTS`."""
    url = investment.start_url
    return url if url and allowed_start_url(url, settings().start_url_hosts) else None


def investment_intent(investment: Investment) -> Intent | None:
    """The newest try to create this investment; None while it waits for the investor's import."""
    return intents.newest("investment", investment)


def _investment(user: User, campaign: str, number: int) -> Investment:
    """The row of this number; a new one only when all before it are signed. The unique constraint decides races.

    The caller commits.
    """
    known = history.in_campaign(user, campaign)
    shown = (row for row, _ in known.all if row.number == number and row.released_at is None)
    existing = next(shown, known.unsigned)
    if existing is not None:
        return existing
    instant = now()
    mine = insert_unless_there(
        Investment,
        id=uuid.uuid4(),
        user_id=user.id,
        campaign=campaign,
        number=known.next_number,
        created_at=instant,
        next_poll_at=instant,
    )
    return mine or history.in_campaign(user, campaign).all[-1][0]


def _add_investment_intent(investment: Investment, refused: Intent | None) -> Intent | None:
    """The intent of step 2, claimed; None if the import is not done, or if another request was faster."""
    investor = investment.user.investor if investment.user else None
    if investor is None or investor.cashlink_id is None or import_state(investor) != "done":
        return None
    intent = _add("investment", investment, refused.revision + 1 if refused else 1)
    if intent is None:
        other = investment_intent(investment)
        if other is not None:
            _wait_for_other_request(other)
    return intent


def _wait_for_other_request(intent: Intent) -> None:
    """Another request (or the loop) is calling right now: read the row until it knows, so both give one answer.

    A row that waits for its next try has a reason; nobody is calling, and waiting would be in vain.
    """
    while deadline.left() > 0:
        db.session.refresh(intent)
        db.session.commit()
        if not intents.is_called_now(intent):
            return
        time.sleep(0.05)


# Step 3: record what Cashlink says.


def record_status_change(investment_id: str, status: str, changed_at: datetime, *, polled: bool = False) -> None:
    """Append a change, or do nothing where it is known: one insert, committed.

    Args:
        investment_id: the id at Cashlink. It need not be known here: a webhook can overtake our own commit.
        status: any code; the set is open.
        changed_at: Cashlink's instant, or `history.UNUSABLE`.
        polled: learnt by asking instead of by a webhook; such a change needs no check of its own.
    """
    instant = now()
    values = {
        "investment_id": investment_id,
        "status": status,
        "changed_at": changed_at,
        "polled": polled,
        "received_at": instant,
        "checked_at": instant if polled else None,
    }
    # Without a session: it would cost as much again as the insert.
    with db.engine.begin() as connection:
        connection.execute(insert_or_ignore(StatusChange), values)


# What `portal sync` calls, besides the steps themselves.


def finish(intent: Intent) -> None:
    """Go on with a call whose answer is unknown, and with what follows it."""
    if intent.result is not None or not intents.claim(intent):
        return
    with deadline.within(WEB_DEADLINE):
        done = _attempt(intent)
    if done and intent.investor is not None:
        import_investor(intent.investor)


def start_waiting(investment: Investment) -> None:
    """Step 2 for an investment that was clicked while the import was open."""
    intent = _add_investment_intent(investment, None)
    if intent is not None:
        with deadline.within(WEB_DEADLINE):
            _attempt(intent)


def ask_status(investment: Investment) -> bool:
    """Ask Cashlink about one investment and append what it tells, if that is news.

    Returns:
        False where the newest change still differs from the answer: Cashlink's clock has not passed it, so ask again.

    Raises:
        CashlinkError: nothing was learnt.
    """
    cashlink_id = investment.cashlink_id or ""
    db.session.commit()
    fetched = client().fetch_investment(cashlink_id)
    if fetched.units is not None:
        investment.units = fetched.units
    if fetched.start_url is not None:
        investment.start_url = fetched.start_url
    db.session.commit()
    newest = history.newest_change(cashlink_id)
    if fetched.status is None or (newest is not None and newest.status == fetched.status):
        return True
    instant = fetched.answered_at
    # What is known already counts as well: our clock may have been put back since.
    latest = max(now(), newest.changed_at) if newest else now()
    if instant is None or instant > latest + CLOCKS_DIFFER:
        # Our clock may be ahead of Cashlink's: it must not hide news that are on their way.
        instant = now().replace(microsecond=0)
        instant = min(instant, newest.changed_at) if newest else instant
    record_status_change(cashlink_id, fetched.status, instant, polled=True)
    newest = history.newest_change(cashlink_id)
    return newest is not None and newest.status == fetched.status


def ask_funding(url: str) -> list[Any]:
    """The products of the funding information API.

    Raises:
        CashlinkError: nothing was learnt.
    """
    return client().fetch_funding_information(url)


# How the calls are made.


def _add(kind: str, owner: Investor | Investment, revision: int = 1) -> Intent | None:
    """Freeze the body of a call in its row, under a new key."""
    key = new_key()
    return intents.add(kind, owner, key, *_body(kind, owner, key), revision=revision)


def _body(kind: str, owner: Investor | Investment, key: str) -> tuple[bytes, str]:
    """Body and content type of a request."""
    data: Mapping[str, Any]
    if isinstance(owner, Investment):
        mapping = settings().campaign(owner.campaign)
        investor = cast(Investor, cast(User, owner.user).investor)
        data = payloads.SubscriptionData(
            campaign_id=mapping.campaign_id if mapping else "", investor_id=investor.cashlink_id or ""
        )
    elif kind == "document":
        name = owner.protocol_name or "protocol.pdf"
        return payloads.encode_document(name, owner.protocol or b"", "application/pdf", key)
    elif kind == "investor":
        data = _investor_data(owner)
    elif kind == "communication":
        # Computed here, at the call: true only for an address that this account has confirmed.
        confirmed = owner.user.email_confirmed_at is not None
        data = {"communication": payloads.Communication(email=owner.user.email, email_confirmed=confirmed)}
    else:
        document = intents.newest("document", owner)
        protocol_id = document.created_id if document else None
        data = {**(owner.answers or {})["identification"], "legitimation_protocol_id": protocol_id}
    return payloads.encode(data), "application/json"


def _investor_data(investor: Investor) -> payloads.InvestorData:
    answers = investor.answers or {}
    return payloads.InvestorData(
        natural_person=cast(payloads.NaturalPerson, {**answers["person"], **answers["birth"], **answers["address"]}),
        bank_account=answers["bank"],
        tax_information=answers["tax"],
        is_beneficiary=answers["statements"]["is_beneficiary"],
        pep_status=answers["statements"]["pep_status"],
        account_setup_accepted_at=cast(datetime, investor.consented_at).isoformat(),
    )


def _attempt(intent: Intent) -> bool:
    """Make the call of a claimed row and write down what became of it. True: done."""
    call = _prepared_call(intent)
    # No transaction spans the call.
    db.session.commit()
    try:
        answer = call()
    except errors.CashlinkError as error:
        intents.settle(intent, error)
        return False
    if isinstance(answer, CreatedInvestment):
        return _link_investment(intent, answer)
    if intent.kind == "investor":
        cast(Investor, intent.investor).cashlink_id = answer
    intents.close(intent, "done", created_id=answer)
    return True


def _prepared_call(intent: Intent) -> Callable[[], CreatedInvestment | str | None]:
    """The call, with all that it needs from the database already read."""
    body, key = intent.body or b"", intent.idempotency_key
    if intent.kind == "document":
        return partial(client().create_document, body, intent.content_type, key)
    if intent.kind == "investor":
        return partial(client().create_investor, body, key)
    investor = intent.investor or cast(User, cast(Investment, intent.investment).user).investor
    investor_id = cast(Investor, investor).cashlink_id or ""
    if intent.kind == "communication":
        return partial(client().update_communication, investor_id, body, key)
    if intent.kind == "identification":
        return partial(client().create_identification, investor_id, body, key)
    return partial(_create_investment, investor_id, body, key)


def _create_investment(investor_id: str, body: bytes, key: str) -> CreatedInvestment:
    try:
        return client().create_investment(body, key)
    except errors.NotFound:
        # Which of the two is missing? This raises for the investor: a person must look, never create another.
        client().fetch_investor(investor_id)
        raise errors.Refused("campaign-not-found") from None


def _link_investment(intent: Intent, created: CreatedInvestment) -> bool:
    investment = cast(Investment, intent.investment)
    investment.cashlink_id = created.id
    investment.start_url = created.start_url
    investment.next_poll_at = now() + FIRST_QUESTION
    usable = usable_start_url(investment) is not None
    # An address on a foreign host is kept, but nobody is sent there before a person has looked.
    reason = None if usable else "start-url-not-allowed"
    intents.close(intent, "done" if usable else "parked", reason=reason, created_id=created.id)
    return usable
