"""The pages of the stage. Everybody may press its buttons: a demo has no secrets."""

from __future__ import annotations

from typing import Any

from flask import Response, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from ... import history
from ...accounts import sessions
from ...campaigns.routes import HIGHEST_NUMBER
from .. import cast
from ..blueprint import bp
from .play import Script, stage
from .player import PAGE
from .view import View, read_view

NEW = "new"


def scripts() -> dict[str, Script]:
    """Acts and performances, by name. They are made of the stage's parts, hence imported late."""
    from ..performances import SCRIPTS

    return SCRIPTS


@bp.get("/stage")
def stage_page() -> ResponseReturnValue:
    """The page for the projector."""
    return render_template("stage/page.html", **_shown(read_view(stage().play)))


@bp.get("/stage/view")
def stage_view() -> ResponseReturnValue:
    """The part of it that changes, asked for with the tag of what is shown."""
    view = read_view(stage().play)
    if request.if_none_match.contains_weak(view.etag):
        response = Response(status=304)
    else:
        response = Response(render_template("stage/view.html", **_shown(view)))
    response.set_etag(view.etag)
    return response


@bp.post("/stage/next")
def stage_next() -> ResponseReturnValue:
    """The one key."""
    position = request.form.get("position", "")
    if not position.isascii() or not position.isdigit() or len(position) > len(str(HIGHEST_NUMBER)):
        abort(400)
    stage().press(int(position))
    return redirect(url_for(".stage_page"), 303)


@bp.post("/stage/cast/<name>")
def stage_cast(name: str) -> ResponseReturnValue:
    """Put somebody on stage with one click: one of the cast, or a new person with sample data."""
    if name != NEW and cast.member(name) is None:
        abort(404)
    stage().begin(member=name)
    return redirect(url_for(".stage_page"), 303)


@bp.post("/stage/play/<name>")
def stage_play(name: str) -> ResponseReturnValue:
    """Begin an act or a performance."""
    stage().begin(script=scripts().get(name) or abort(404))
    return redirect(url_for(".stage_page"), 303)


@bp.post("/stage/by-hand")
def stage_by_hand() -> ResponseReturnValue:
    """Sign this browser in as the person on stage, and go where the person acts."""
    play = stage().play
    user = play.find_user() if play else None
    if user is None:
        return redirect(url_for(".stage_page"), 303)
    sessions.sign_in(user, user.password_hash)
    found = history.investments_of(user)
    place = url_for("investments.progress", investment_id=found[0][0].id) if found else PAGE
    return redirect(place, 303)


@bp.get("/stage/script/<name>")
def stage_script(name: str) -> ResponseReturnValue:
    """An act or a performance to print: what to press, and the words to say."""
    return render_template("stage/script.html", script=scripts().get(name) or abort(404))


def _shown(view: View) -> dict[str, Any]:
    from ..acts import ACTS
    from ..performances import PERFORMANCES

    return {"view": view, "members": [member for member in cast.members() if member.shown], "acts": ACTS,
            "performances": PERFORMANCES}  # fmt: skip
