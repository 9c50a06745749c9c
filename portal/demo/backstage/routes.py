"""The pages of Backstage: the panel's content, the page of its own, one call in full, and the button for the loop."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import abort, flash, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import format_time, ngettext

from ... import sync
from ...navigation import own_path
from ..blueprint import bp
from . import recorder
from .comparison import Comparison, comparisons
from .copying import as_curl, as_python
from .record import Entry, result, sentence, what
from .source import excerpt
from .timeline import Group, groups, guide_page, step_words

# Lines in the panel and on the page; the take-home has all.
SHOWN = 80
COOKIE = "backstage"
# Pages that the panel stands beside; the stage brings it along by itself.
BESIDE = frozenset({"campaigns.campaign_page", "investments.progress"})
LONGEST_SYNC = 8.0  # seconds

# What the templates say and show of an entry.
CALL = {
    "sentence": sentence,
    "what": what,
    "result": result,
    "step": step_words,
    "guide": guide_page,
    "excerpt": excerpt,
    "curl": as_curl,
    "python": as_python,
}


@dataclass(frozen=True)
class View:
    """What panel and page show.

    Attributes:
        routine: what the loop has asked again without any news.
    """

    groups: list[Group]
    routine: list[Entry]
    comparisons: list[Comparison]

    @classmethod
    def now(cls) -> View:
        entries = recorder().entries()
        routine = [entry for entry in entries if entry.is_routine]
        story = [entry for entry in entries if not entry.is_routine]
        return cls(groups(story[-SHOWN:]), routine, comparisons(entries))

    @property
    def newest(self) -> Entry | None:
        return max((group.entries[-1] for group in self.groups), key=lambda entry: entry.id, default=None)


@bp.get("/backstage")
def backstage() -> ResponseReturnValue:
    """All of Backstage as a page, which needs no JavaScript."""
    return render_template("backstage/page.html")


@bp.get("/backstage/live")
def backstage_live() -> ResponseReturnValue:
    """What changes of it, for static/backstage.js."""
    response = make_response(render_template("backstage/_live.html", view=View.now()))
    response.add_etag()
    return response.make_conditional(request)


@bp.get("/backstage/<int:number>")
def backstage_entry(number: int) -> ResponseReturnValue:
    """One call or webhook in full."""
    entries = recorder().entries()
    entry = next((entry for entry in entries if entry.id == number), None)
    if entry is None:
        abort(404)
    return render_template("backstage/entry.html", entry=entry)


@bp.post("/backstage/sync")
def backstage_sync() -> ResponseReturnValue:
    """Run what `portal sync` runs, once."""
    ends = time.monotonic() + LONGEST_SYNC
    due = sync.run_once(stop=lambda: time.monotonic() > ends)
    flash(ngettext("portal sync: %(num)d row was due.", "portal sync: %(num)d rows were due.", due))
    return redirect(own_path(request.form.get("next"), "/backstage"), 303)


def is_open() -> bool:
    """Whether the panel was left open in this browser."""
    return request.cookies.get(COOKIE) == "open"


@bp.app_context_processor
def words() -> dict[str, Any]:
    """What the templates of Backstage call. Mails are made of templates as well, without a request."""
    return {
        "backstage_view": View.now,
        "backstage_beside": BESIDE,
        "backstage_open": is_open,
        "call": CALL,
    }


@bp.app_template_filter()
def seconds(value: datetime) -> str:
    """`22:42:07`, in the portal's time zone."""
    return str(format_time(value, "HH:mm:ss"))
