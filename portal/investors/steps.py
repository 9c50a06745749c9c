"""The steps of the investor data: their order, what is still missing, and how one of them is saved.

Only what has passed its form is stored, so a step is complete when it is there.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from .. import integration
from ..database import db, insert_or_ignore
from ..language import lazy_gettext as _l
from ..models import Investor, User
from . import forms
from .identification import IdentificationForm

FORMS: dict[str, type[forms.StepForm]] = {
    "person": forms.PersonForm,
    "birth": forms.BirthForm,
    "address": forms.AddressForm,
    "tax": forms.TaxForm,
    "bank": forms.BankForm,
    "statements": forms.StatementsForm,
    "identification": IdentificationForm,
}
NAMES = tuple(FORMS)
TITLES = {
    "person": _l("Your name"),
    "birth": _l("Birth and citizenship"),
    "address": _l("Address and phone"),
    "tax": _l("Tax"),
    "bank": _l("Bank account for payouts"),
    "statements": _l("Statements"),
    "identification": _l("Identification"),
}
OPTIONAL = frozenset({"identification"})
CHECK = "check"
# Beside the steps in the stored answers: where else than at home a person pays tax, and what was mended after Cashlink
# had refused it.
TAX_COUNTRY = "tax_country"
MENDED = "mended"


def answers_of(investor: Investor | None) -> dict[str, Any]:
    return (investor.answers if investor else None) or {}


def first_missing(answers: dict[str, Any]) -> str | None:
    """The first step without which nothing can be passed on."""
    return next((name for name in NAMES if name not in answers and name not in OPTIONAL), None)


def next_step(answers: dict[str, Any]) -> str:
    """Where a person goes on: the first step that has not been answered, or reading over."""
    return next((name for name in NAMES if name not in answers), CHECK)


def stored_fields(investor: Investor | None, step: str) -> dict[str, Any]:
    """The answers of a step as its form shows them; for an unanswered one what is known from the others."""
    answers = answers_of(investor)
    if step in answers:
        fields = FORMS[step].to_fields(answers[step])
    elif step == "bank" and "person" in answers:
        fields = {"account_holder": f"{answers['person']['forename']} {answers['person']['surname']}"[:100]}
    else:
        fields = {}
    if step == "tax":
        home = answers.get("address", {}).get("country", "DEU")
        fields = {"tax_country": answers.get(TAX_COUNTRY, home), **fields}
    return fields


def save(user: User, step: str, form: forms.StepForm) -> Investor | None:
    """Store a step, whatever another tab stores at the same time; None where the data have been passed on meanwhile."""
    investor = lock(user)
    if not integration.may_edit(investor, step):
        db.session.rollback()
        return None
    answers = {**answers_of(investor), step: form.answers()}
    if isinstance(form, forms.PersonForm):
        investor.forename, investor.surname = answers[step]["forename"], answers[step]["surname"]
    if isinstance(form, forms.TaxForm):
        answers[TAX_COUNTRY] = form.tax_country.data
    if isinstance(form, IdentificationForm):
        _keep_protocol(investor, form)
    if integration.import_state(investor) == "refused":
        answers[MENDED] = sorted({*answers.get(MENDED, []), step})
    investor.answers = answers
    db.session.commit()
    return investor


def forget(user: User, step: str) -> None:
    """Drop the answers of a step that have turned out to exclude the person."""
    investor = lock(user)
    if integration.may_edit(investor, step):
        investor.answers = {name: values for name, values in answers_of(investor).items() if name != step}
    db.session.commit()


def _keep_protocol(investor: Investor, form: IdentificationForm) -> None:
    if form.content is not None:
        investor.protocol, investor.protocol_name = form.content, form.filename
    elif not form.answers():
        investor.protocol = investor.protocol_name = None


def lock(user: User) -> Investor:
    """The person's row, fresh and for this transaction alone. The INSERT makes it, and takes SQLite's write lock."""
    db.session.execute(insert_or_ignore(Investor, user_id=user.id))
    statement = select(Investor).where(Investor.user_id == user.id).with_for_update()
    return db.session.scalars(statement.execution_options(populate_existing=True)).one()
