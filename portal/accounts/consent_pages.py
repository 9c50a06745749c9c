"""The person's consents: receipts, withdrawal for the future, and what was passed on."""

from __future__ import annotations

from flask import abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_required

from .. import consents as receipts
from ..language import gettext as _
from . import passed_on as log
from .routes import bp


@bp.get("/account/consents")
@login_required
def consents() -> ResponseReturnValue:
    """All consents ever given, and whether one is in force."""
    investor = current_user.investor
    in_force = investor is not None and receipts.is_in_force(investor)
    return render_template("accounts/consents.html", consents=receipts.of(investor), in_force=in_force)


@bp.get("/account/consents/<int:consent_id>")
@login_required
def receipt(consent_id: int) -> ResponseReturnValue:
    """What was agreed to, when and to whom: to read, print and keep."""
    mine = receipts.of(current_user.investor)
    found = next((consent for consent in mine if consent.id == consent_id), None)
    if found is None:
        abort(404)
    investor = current_user.investor
    in_force = found is mine[0] and receipts.is_in_force(investor)
    return render_template("accounts/receipt.html", consent=found, in_force=in_force, investor=investor)


@bp.get("/account/consents/withdraw")
@login_required
def withdraw_consent() -> ResponseReturnValue:
    """Withdraw the consent for the future: as easy as giving it, so without a password."""
    investor = current_user.investor
    if investor is None or not receipts.is_in_force(investor):
        return redirect(url_for(".consents"), 303)
    return render_template("accounts/withdraw_consent.html")


@bp.post("/account/consents/withdraw")
@login_required
def withdrawn() -> ResponseReturnValue:
    """The button behind it. Pressing it twice is pressing it once."""
    investor = current_user.investor
    if investor is not None and receipts.withdraw(investor):
        flash(_("Your consent is withdrawn. From now on we pass nothing on to Cashlink."))
    return redirect(url_for(".consents"), 303)


@bp.get("/account/passed-on")
@login_required
def passed_on() -> ResponseReturnValue:
    """Each call that has carried data of this person."""
    return render_template("accounts/passed_on.html", calls=log.read(current_user))
