"""Withdrawing from a contract by two buttons: declare it, confirm it, and get a receipt with the instant.

The portal takes the declaration and hands it to the operator; the issuer cancels the subscription, and Cashlink reports
it. Source: BGB § 356a, which asks for name, contract, and an address for the receipt, and for nothing else.
"""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from typing import Any

from flask import Response, current_app, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from wtforms import EmailField, HiddenField, StringField
from wtforms.validators import ValidationError

from .. import history, mail
from ..accounts import attempts
from ..accounts.forms import is_email
from ..accounts.routes import client_address, too_many
from ..campaigns.content import campaign
from ..config import settings
from ..database import db, insert_unless_there, now
from ..investments.progress import reference
from ..investors import checks
from ..language import NO_BREAK_SPACE, day, language
from ..language import gettext as _
from ..language import lazy_gettext as _l
from ..models import Withdrawal
from ..web import Form, show_form
from .routes import bp

# The mail stays; a browser may be another person's an hour later.
SHOWN_FOR = timedelta(hours=1)


class WithdrawalForm(Form):
    name = StringField(_l("Your name"))
    contract = StringField(_l("Contract"))
    email = EmailField(_l("Email address for the receipt"), [is_email])
    declaration = HiddenField()

    def validate_name(self, field: Any) -> None:
        field.clean = checks.name(field.data or "", _("Enter your name as it stands in the contract"))
        _refuse_addresses(field)

    def validate_contract(self, field: Any) -> None:
        field.clean = checks.text(field.data or "", _("Name the campaign, or the reference of the subscription"), 200)
        _refuse_addresses(field)

    def validate_declaration(self, field: Any) -> None:
        """The number of the declaration; the first page has none yet."""
        try:
            field.clean = uuid.UUID(field.data) if field.data else uuid.uuid4()
        except ValueError:
            raise ValidationError(_("This request cannot be read")) from None


def _refuse_addresses(field: Any) -> None:
    """What is typed goes out by mail in the portal's name, to any address: it must not lead anybody elsewhere."""
    if re.search(r"://|www\.", field.clean, re.IGNORECASE):
        raise ValidationError(_("Write it without an address of the web"))


@bp.route("/withdraw", methods=["GET", "POST"])
def withdraw() -> ResponseReturnValue:
    """First step: which contract, whose, and where the receipt goes. Nothing is declared yet."""
    form = WithdrawalForm(data=_known())
    if form.validate_on_submit() and "change" not in request.form:
        return render_template("pages/withdraw_confirm.html", form=form)
    return _show(form)


@bp.post("/withdraw/confirm")
def confirm_withdrawal() -> ResponseReturnValue:
    """Second step: the declaration itself. The number in the form makes two clicks one declaration."""
    form = WithdrawalForm()
    if not form.validate_on_submit():
        return _show(form)
    try:
        is_theirs = _declare(form)
    except attempts.TooManyError as error:
        return too_many(form, error, lambda: _show(form))
    if is_theirs:
        session["withdrawal"] = str(form.declaration.clean)
    return redirect(url_for(".withdrawal_receipt"), 303)


@bp.get("/withdraw/receipt")
def withdrawal_receipt() -> ResponseReturnValue:
    """What was declared and when, to print; the same goes out by mail. Only in the browser that has declared it, for an
    hour, and where somebody was signed in only for that person."""
    key = session.get("withdrawal")
    declared = db.session.get(Withdrawal, uuid.UUID(key)) if key else None
    if declared is None or now() - declared.declared_at > SHOWN_FOR or declared.user_id not in (None, _user_id()):
        return redirect(url_for(".withdraw"), 303)
    return render_template("pages/withdraw_receipt.html", declared=declared)


def _show(form: WithdrawalForm) -> Response:
    return show_form("pages/withdraw.html", form, contracts=_contracts())


def _known() -> dict[str, str]:
    """What is known of somebody who is signed in; a progress page names its own subscription in the address."""
    if not current_user.is_authenticated:
        return {}
    investor = current_user.investor
    name = f"{investor.forename} {investor.surname}" if investor and investor.surname else ""
    contracts, wanted = _contracts(), request.args.get("reference", "")
    meant = [contract for contract in contracts if wanted and contract.endswith(wanted)] or contracts
    return {"email": current_user.email, "name": name, "contract": meant[0] if len(meant) == 1 else ""}


def _contracts() -> list[str]:
    """The person's own subscriptions, to choose from."""
    if not current_user.is_authenticated:
        return []
    return [
        _(
            "%(campaign)s, begun on %(day)s, reference %(reference)s",
            campaign=_name(row.campaign),
            day=day(row.created_at),
            reference=reference(row),
        ).replace(NO_BREAK_SPACE, " ")
        for row, newest in history.investments_of(current_user)
        if newest is not None
    ]


def _name(slug: str) -> str:
    found = campaign(slug)
    return found.name if found else slug


def _user_id() -> int | None:
    return current_user.id if current_user.is_authenticated else None


def _declare(form: WithdrawalForm) -> bool:
    """Write it down with both mails, in one commit; nothing where it is there already.

    Returns:
        Whether what stands there is what was typed; else somebody has sent another one's number.
    """
    values = {"name": form.name.clean, "contract": form.contract.clean, "email": form.email.clean}
    if (there := db.session.get(Withdrawal, form.declaration.clean)) is not None:
        return values == {name: getattr(there, name) for name in values}
    address = (attempts.WITHDRAWAL_FROM, client_address())
    attempts.take((attempts.WITHDRAWAL, form.email.clean), address)
    user = current_user._get_current_object() if current_user.is_authenticated else None
    declared = {**values, "declared_at": now(), "language": language(), "user_id": _user_id()}
    if insert_unless_there(Withdrawal, id=form.declaration.clean, **declared) is not None:
        told = {**values, "at": declared["declared_at"]}
        mail.send_to(form.email.clean, "withdrawal", language(), user, **told)
        if settings().operator_email:
            mail.send_to(settings().operator_email, "withdrawal_operator", "de", **told)
        # Without its number, which stands in the form that makes it.
        current_app.logger.warning("a withdrawal was declared")
    db.session.commit()
    return True
