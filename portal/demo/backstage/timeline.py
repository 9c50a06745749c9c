"""The entries as an audience reads them: grouped by the click that caused them, in plain words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from .record import LOOP, WEBHOOK, Entry

CAUSES = {
    LOOP: _l("The loop looks after what is open"),
    WEBHOOK: _l("Cashlink has news"),
    "POST /investor/check": _l("A person agrees to pass data on"),
    "POST /campaigns/…/invest": _l("A person presses “Invest now”"),
    "POST /backstage/sync": _l("Somebody runs portal sync"),
}
STEPS = {
    "1": _l("Step 1 of 3: create the investor, once per person"),
    "2": _l("Step 2 of 3: create the investment without a signed date, and lead the person to start_url"),
    "3": _l("Step 3 of 3: take the webhook, keep the status, ask once whether it is so"),
}
# Where Cashlink documents each step, at docs.cashlink.de; as integration.py cites it.
GUIDE = {
    "1": "distributor-api/concepts/investors",
    "2": "more-information/web-based-subscription",
    "3": "cashlink-api/getting-started, “webhooks”",
}


@dataclass
class Group:
    """What one cause has led to, oldest first."""

    caused_by: str
    click: int | None
    entries: list[Entry] = field(default_factory=list)

    @property
    def at(self) -> datetime:
        return self.entries[0].at

    @property
    def kind(self) -> str:
        return self.caused_by if self.caused_by in (LOOP, WEBHOOK) else "person"

    @property
    def cause(self) -> LazyString | str:
        return CAUSES.get(self.caused_by, self.caused_by)


def groups(entries: Sequence[Entry]) -> list[Group]:
    """Newest first. The calls of one click stay together; the loop and webhooks are grouped where they follow each
    other. Questions that brought nothing new are left out."""
    found: list[Group] = []
    for entry in entries:
        if entry.is_routine:
            continue
        group = _group_of(entry, found)
        if group is None:
            group = Group(entry.caused_by, entry.click)
            found.append(group)
        group.entries.append(entry)
    return found[::-1]


def _group_of(entry: Entry, found: list[Group]) -> Group | None:
    if entry.click is not None:
        return next((group for group in found if group.click == entry.click), None)
    return found[-1] if found and found[-1].caused_by == entry.caused_by else None


def step_words(entry: Entry) -> LazyString | str:
    """The step of Cashlink's guide that a call implements, in a sentence; empty outside the steps."""
    return STEPS.get(entry.step[:1], "")


def guide_page(entry: Entry) -> str:
    """The page of Cashlink's guide about that step."""
    return GUIDE.get(entry.step[:1], "")
