"""What one progress page says, gathered from rows into plain words. It claims nothing that Cashlink has not said."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Literal, NamedTuple
from urllib.parse import urlsplit

from flask import url_for

from .. import history, integration
from ..campaigns.journey import STEPS
from ..cashlink import statuses
from ..language import at_home, day, instant, money, ngettext, number, today
from ..language import gettext as _
from ..models import Investment, StatusChange
from . import texts
from .facts import Facts, campaign_facts
from .texts import Holding, Texts
from .timeline import Timeline, read_timeline

# Who has no permission for the call sees the same as who is parked: it is not up to the person.
DENIED = ("http-401", "http-403", "token-http")


class StepLine(NamedTuple):
    """A step of the timeline; `tag` is the word beside its name."""

    name: str
    state: Literal["done", "now", "problem", "todo"]
    text: str
    tag: str = ""
    tag_class: str = ""


class Event(NamedTuple):
    """A line of the history."""

    at: str
    at_iso: str
    words: str
    polled: bool = False


class Button(NamedTuple):
    """The one thing to do. `host` is set where it leads out of the portal."""

    label: str
    url: str
    host: str = ""


class Progress(NamedTuple):
    """The page. Only what is shown stands here, so that equal pages are equal values."""

    code: str
    name: str
    size_line: str
    credited: bool
    tone: str
    tag_class: str
    label: str
    banner: str
    text: str
    do: str
    contact: bool
    next: str
    turn: str
    final: bool
    ended: bool
    waits_for_confirmation: bool
    button: Button | None
    way_missing: bool
    steps: tuple[StepLine, ...]
    events: tuple[Event, ...]
    summary: tuple[tuple[str, str], ...]
    documents: tuple[tuple[str, str], ...]
    withdrawal: str
    reference: str

    @property
    def etag(self) -> str:
        """Changes when anything that is shown changes; the texts are those of one language."""
        return hashlib.sha256(repr(self).encode()).hexdigest()[:32]


def read_progress(investment: Investment) -> Progress:
    """Everything that the page of this investment shows now, in the language of the request."""
    changes = history.changes(investment.cashlink_id)
    timeline = read_timeline(changes)
    code = changes[-1].status if changes else history.STARTED
    row = current_texts(investment, code)
    facts = campaign_facts(investment.campaign)
    holding = facts.holding(investment.units)
    button = _button(investment, row)
    return Progress(
        code=code,
        name=facts.name,
        size_line=_size_line(holding),
        credited=code == statuses.DELIVERED,
        tone=row.tone,
        tag_class=TAG_CLASSES[row.tone],
        label=str(row.label),
        banner=texts.say(row.banner, holding),
        text=texts.say(row.text, holding),
        do=str(row.do),
        contact=row.contact,
        next=texts.say(row.next, holding),
        turn=texts.turn_in_words(row),
        final=row.ended or code in statuses.FINAL,
        ended=row.ended,
        waits_for_confirmation=row is texts.TEXTS[history.STARTED],
        button=button,
        way_missing=row.target == "cashlink" and button is None,
        steps=_steps(timeline, row),
        events=_events(investment, changes),
        summary=_summary(investment, facts, holding),
        documents=facts.documents,
        withdrawal="" if row.ended else _withdrawal(changes, facts),
        reference=reference(investment),
    )


def current_texts(investment: Investment, code: str) -> Texts:
    """The row of the table for an investment; before any code it depends on how far our own call has come."""
    if code == history.STARTED:
        return _texts_before_signing(investment)
    return texts.TEXTS.get(code, texts.UNKNOWN)


def _texts_before_signing(investment: Investment) -> Texts:
    if investment.released_at is not None:
        return texts.RELEASED
    if integration.usable_start_url(investment):
        return texts.TEXTS[history.STARTED]
    intent = integration.investment_intent(investment)
    if intent is None:
        return _texts_before_import(investment)
    if intent.result == "refused":
        return texts.NOT_STARTED
    if intent.result == "stopped":
        return texts.CONSENT_WITHDRAWN
    if intent.result is None and not (intent.reason or "").startswith(DENIED):
        return texts.NOT_ANSWERING
    return texts.NOT_AVAILABLE


def _texts_before_import(investment: Investment) -> Texts:
    """The investment waits until Cashlink has the investor's data."""
    state = integration.import_state(investment.user.investor if investment.user else None)
    shown = {
        "refused": texts.DATA_REFUSED,
        "parked": texts.NOT_AVAILABLE,
        "withdrawn": texts.CONSENT_WITHDRAWN,
    }
    return shown.get(state, texts.NOT_ANSWERING)


TAG_CLASSES = {"do": "warn", "wait": "now", "ok": "ok", "bad": "bad"}


def _button(investment: Investment, row: Texts) -> Button | None:
    if row.target is None:
        return None
    if row.target == "cashlink":
        start_url = integration.usable_start_url(investment)
        return Button(str(row.button), start_url, urlsplit(start_url).netloc) if start_url else None
    addresses = {
        "portfolio": url_for("investments.portfolio"),
        "campaigns": "/",
        "campaign": f"/campaigns/{investment.campaign}",
        "investor": "/investor",
    }
    return Button(str(row.button), addresses[row.target])


def _size_line(holding: Holding) -> str:
    amount = money(holding.amount) if holding.amount is not None else _("amount not known yet")
    return f"{amount}, {texts.units_in_words(holding.units)}" if holding.units is not None else amount


def _steps(timeline: Timeline, row: Texts) -> tuple[StepLine, ...]:
    """The row that is shown decides the words; an unknown code leaves the picture as it was."""
    drawn = row if timeline.known == history.STARTED else texts.TEXTS[timeline.known]
    return tuple(_step(index, timeline, drawn, row) for index in range(len(STEPS)))


def _step(index: int, timeline: Timeline, drawn: Texts, row: Texts) -> StepLine:
    step = STEPS[index]
    name = str(step.name)
    if index in timeline.done:
        return StepLine(name, "done", _done(timeline.done[index]))
    if index > timeline.step:
        return StepLine(name, "todo", _("No longer needed.") if drawn.ended else step.sentence)
    if drawn.tone == "bad":
        text = _ended(timeline.newest) if drawn.ended else step.sentence
        return StepLine(name, "problem", text, str(drawn.label), "bad")
    if row.your_turn:
        return StepLine(name, "now", step.sentence, _("Your turn"), "warn")
    return StepLine(name, "now", step.sentence, _("In progress"), "now")


def _done(change: StatusChange | None) -> str:
    if change is None:
        return _("Done")
    if change.polled:
        return _("Done by %(instant)s", instant=instant(change.changed_at))
    return _("Done: %(instant)s", instant=instant(change.changed_at))


def _ended(change: StatusChange | None) -> str:
    if change is None:
        return ""
    text = instant(change.changed_at)
    return _("by %(instant)s", instant=text) if change.polled else text


def _events(investment: Investment, changes: Sequence[StatusChange]) -> tuple[Event, ...]:
    """Newest first, down to the click on our own page."""
    told = [
        Event(
            instant(change.changed_at),
            change.changed_at.isoformat(timespec="seconds"),
            str(texts.TEXTS[change.status].label) if change.status in texts.TEXTS else _("A status we cannot show yet"),
            change.polled,
        )
        for change in reversed(changes)
    ]
    begun = Event(
        instant(investment.created_at),
        investment.created_at.isoformat(timespec="seconds"),
        _("You clicked “Invest now” here"),
    )
    return (*told, begun)


def _summary(investment: Investment, facts: Facts, holding: Holding) -> tuple[tuple[str, str], ...]:
    unknown = _("not known yet")
    return (
        (_("Amount"), money(holding.amount) if holding.amount is not None else unknown),
        (_("Units"), number(holding.units) if holding.units is not None else unknown),
        *facts.terms,
        (_("Started on"), day(investment.created_at)),
    )


ACCEPTED = (statuses.ACCEPTED, statuses.PAID, statuses.DELIVERED)


def _withdrawal(changes: Sequence[StatusChange], facts: Facts) -> str:
    """How long one can withdraw; nothing before the signature and after the period."""
    if facts.campaign is None or not any(change.status in texts.TEXTS for change in changes):
        return ""
    accepted = next((change.changed_at for change in changes if change.status in ACCEPTED), None)
    if accepted is None:
        days = facts.campaign.product.withdrawal_days
        return ngettext(
            "You can withdraw for %(num)d day after the issuer has accepted, without giving reasons.",
            "You can withdraw for %(num)d days after the issuer has accepted, without giving reasons.",
            days,
        )
    ends = facts.withdrawal_ends(at_home(accepted).date())
    if ends is None or ends < today():
        return ""
    return _("You can withdraw until %(day)s, without giving reasons.", day=day(ends))


def reference(investment: Investment) -> str:
    """What a person reads out on the phone: the beginning of the id, enough to find it."""
    return str(investment.id)[:13].upper()
