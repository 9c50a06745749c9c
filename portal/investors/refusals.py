"""Cashlink's own messages about fields, sorted to the fields of the steps where they can be mended."""

from __future__ import annotations

from .. import integration
from ..language import gettext as _
from ..models import Investor
from . import steps
from .forms import StepForm

# The API's name of a field: step and field of ours. The last part of the path decides, as `integration` gives it.
PLACES = {
    "salutation": ("person", "salutation"),
    "forename": ("person", "forename"),
    "surname": ("person", "surname"),
    "birth_date": ("birth", "birth_day"),
    "birth_place": ("birth", "birth_place"),
    "citizenship": ("birth", "citizenship"),
    "street": ("address", "street"),
    "zip": ("address", "zip"),
    "city": ("address", "city"),
    "country": ("address", "country"),
    "phone": ("address", "phone"),
    "tax_identification_number": ("tax", "tax_identification_number"),
    "non_assessment_certificate": ("tax", "non_assessment_certificate"),
    "account_holder": ("bank", "account_holder"),
    "iban": ("bank", "iban"),
    "bic": ("bank", "bic"),
    "bank": ("bank", "bank"),
    "is_beneficiary": ("statements", "is_beneficiary"),
    "pep_status": ("statements", "pep_status"),
    "is_pep": ("statements", "pep_status"),
    "is_subject_to_us_tax": ("statements", "is_subject_to_us_tax"),
    "document_type": ("identification", "document_type"),
    "document_id": ("identification", "document_id"),
    "document_issuer": ("identification", "document_issuer"),
    "document_valid_from": ("identification", "document_valid_from"),
    "document_valid_to": ("identification", "document_valid_to"),
    "identity_provider": ("identification", "identity_provider"),
    "legitimation_process_id": ("identification", "legitimation_process_id"),
    "legitimation_protocol_id": ("identification", "protocol"),
    "verified_at": ("identification", "verified_at"),
    "file": ("identification", "protocol"),
}


def by_step(investor: Investor | None) -> dict[str, dict[str, list[str]]]:
    """Messages by step and field, until the step is mended. What fits no field of ours stands under ""."""
    if investor is None or integration.import_state(investor) != "refused":
        return {}
    mended = steps.answers_of(investor).get(steps.MENDED, [])
    found: dict[str, dict[str, list[str]]] = {}
    for name, messages in integration.field_errors(investor).items():
        step, field = PLACES.get(name, ("", name))
        if step not in mended:
            said = [_("Cashlink says: %(message)s", message=message) for message in messages]
            found.setdefault(step, {}).setdefault(field, []).extend(said)
    return found


def show_in(form: StepForm, messages: dict[str, list[str]]) -> None:
    """Put the messages beside the fields of a form that is shown for the first time."""
    for name, texts in messages.items():
        form[name].errors = [*form[name].errors, *texts]
