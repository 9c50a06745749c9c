"""/studio/faults: everything that can go wrong, at the press of a button. The same as the control API, for people."""

from dataclasses import fields

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from .. import deadlines, deliveries
from ..faults import ANY, CALLS, DELIVERY
from ..hosted.forms import Form
from ..language import NO_BREAK
from ..modes import CHOICES, LONGEST_KEY_LIFETIME, Modes
from ..runtime import runtime
from . import fault_texts
from .routes import Page, bp

MOST_TIMES = 1000
HOUR = 3600
SKIPS = (HOUR, 24 * HOUR, 14 * 24 * HOUR)


@bp.get("/faults")
def show_faults() -> Page:
    return _page(Form({"call": ANY, "call_times": "1", "delivery_times": "1"}))


@bp.post("/faults/arm")
def arm_fault() -> Page:
    """One of the two forms: for calls, or for webhooks."""
    kind = "delivery" if request.form.get("kind") == DELIVERY else "call"
    names = ["call", "call_fault", "call_times", "delivery_fault", "delivery_times"]
    form = Form({"call_times": "1", "delivery_times": "1"} | {name: request.form.get(name, "") for name in names})
    times = _number(form.values[f"{kind}_times"], MOST_TIMES)
    if times is None and form.values[f"{kind}_times"].strip():
        form.errors[f"{kind}_times"] = _("Enter a number from 1 to %(most)d, or nothing", most=MOST_TIMES)
        return _page(form), 422
    try:
        on = DELIVERY if kind == "delivery" else form.values["call"]
        runtime().faults.arm(on, form.values[f"{kind}_fault"], times)
    except ValueError:
        form.errors[f"{kind}_fault"] = _("Choose what is to go wrong")
        return _page(form), 422
    flash(_("Switched on."))
    return _back()


@bp.post("/faults/<int:fault_id>/off")
def switch_off(fault_id: int) -> Page:
    deliveries.clear_faults(fault_id)
    return _back()


@bp.post("/faults/off")
def switch_all_off() -> Page:
    """Faults, modes, the pause and the mark of the moved clock."""
    deliveries.clear_faults()
    runtime().behave()
    flash(_("Everything is switched off; the simulator behaves."))
    return _back()


@bp.post("/faults/modes")
def change_modes() -> Page:
    values: dict[str, object] = {}
    for name, choices in CHOICES.items():
        values[name] = next((choice for choice in choices if str(choice) == request.form.get(name)), choices[0])
    typed = request.form.get("key_lifetime_seconds", "").strip()
    values["key_lifetime_seconds"] = _number(typed, LONGEST_KEY_LIFETIME)
    if typed and values["key_lifetime_seconds"] is None:
        form = Form({name: str(value) for name, value in values.items()} | {"key_lifetime_seconds": typed})
        form.errors["key_lifetime_seconds"] = _("Enter a number of seconds, or nothing")
        return _page(form), 422
    runtime().modes = runtime().modes.changed(values)
    flash(_("The modes are saved."))
    return _back()


@bp.post("/faults/clock")
def forward_clock() -> Page:
    seconds = _number(request.form.get("seconds", ""), deadlines.FURTHEST_SECONDS)
    deadlines.forward(seconds or 0)
    return _back()


@bp.post("/faults/deliveries")
def pause_deliveries() -> Page:
    runtime().deliveries_paused = request.form.get("paused") == "yes"
    runtime().wake_sender.set()
    return _back()


def _back() -> Response:
    return redirect(url_for("studio.show_faults"), 303)


def _number(typed: str, most: int) -> int | None:
    typed = typed.strip()
    if not (typed.isascii() and typed.isdigit() and len(typed) < 12):
        return None
    return int(typed) if 1 <= int(typed) <= most else None


def _page(form: Form) -> str:
    modes = runtime().modes
    current = {name: str(getattr(modes, name)) for name in CHOICES}
    current["key_lifetime_seconds"] = str(modes.key_lifetime_seconds or "")
    form.values = current | form.values
    return render_template(
        "studio/faults.html",
        form=form,
        texts=fault_texts,
        armed=runtime().faults.armed(),
        others=_others(),
        calls=[call for call in CALLS if call != DELIVERY],
        choices=CHOICES,
        paused=runtime().deliveries_paused,
        skips=SKIPS,
        duration=_duration,
    )


def _others() -> list[str]:
    """What is not as usual besides the armed faults."""
    found = []
    if runtime().deliveries_paused:
        found.append(_("All webhooks are paused: they wait in the queue."))
    if runtime().clock.forwarded_seconds:
        found.append(_("%(time)s of the clock were skipped.", time=_duration(runtime().clock.forwarded_seconds)))
    for mode in fields(Modes):
        value = getattr(runtime().modes, mode.name)
        if value != mode.default:
            found.append(f"{fault_texts.MODE_LABELS[mode.name]}: {fault_texts.value_label(value)}")
    return found


def _duration(seconds: int) -> str:
    """In the largest unit that fits, whole."""
    if seconds >= 48 * HOUR or seconds == 24 * HOUR:
        text = ngettext("%(num)d day", "%(num)d days", seconds // (24 * HOUR))
    elif seconds >= HOUR:
        text = ngettext("%(num)d hour", "%(num)d hours", seconds // HOUR)
    else:
        text = ngettext("%(num)d second", "%(num)d seconds", seconds)
    return str(text).replace(" ", NO_BREAK)
