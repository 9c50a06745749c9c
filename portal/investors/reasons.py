"""Why each field of the investor data is asked for: one sentence per field, shown below it, folded.

A reason that serves several fields is written once. tests/investors/test_steps.py holds that no field lacks its reason.
"""

from __future__ import annotations

from ..language import lazy_gettext as _l

COMPARED = _l("Cashlink compares your name with your identity document. If it differs, the identification fails.")
PART_OF_ADDRESS = _l("It belongs to your address.")
DOCUMENT = _l("The law demands the data of the document that you showed.")

WHY = {
    "salutation": _l("So that letters address you properly."),
    "forename": COMPARED,
    "surname": COMPARED,
    "birth_date": _l("Only adults may invest, and Cashlink compares the date with your identity document."),
    "birth_place": _l("The law on money laundering demands it for the identification."),
    "citizenship": _l(
        "The law on money laundering demands it for the identification. If you have more than one, choose the one of "
        "the document that you will show."
    ),
    "street": _l("The contract names you with your address."),
    "zip": PART_OF_ADDRESS,
    "city": PART_OF_ADDRESS,
    "country": _l("It decides which rules of tax and supervision apply to you."),
    "phone": _l("So that Cashlink can reach you when something is unclear."),
    "tax_country": _l("It decides by which rules the number is checked. It is not passed on."),
    "tax_identification_number": _l("Who pays interest reports it to the tax office under this number."),
    "non_assessment_certificate": _l("With such a certificate no tax is withheld from your interest."),
    "account_holder": _l("Banks compare the name with the account."),
    "iban": _l("Interest and repayment are transferred to it."),
    "bic": _l("Banks outside of Germany sometimes need it."),
    "bank": _l("So that a mistake in the number is noticed."),
    "is_beneficiary": _l("The law on money laundering demands to know for whom somebody acts."),
    "pep_status": _l("For such persons the law on money laundering demands a closer look. It is no obstacle."),
    "is_subject_to_us_tax": _l("Cashlink does not take on persons who are subject to tax in the USA."),
    "identified": _l("An identification that Cashlink accepts saves you a second one."),
    "identity_provider": _l("Cashlink must know how you have been identified."),
    "verified_at": _l("An identification loses its value with time."),
    "legitimation_process_id": _l("By it Cashlink finds the identification again."),
    "document_type": DOCUMENT,
    "document_id": DOCUMENT,
    "document_issuer": DOCUMENT,
    "document_valid_from": DOCUMENT,
    "document_valid_to": _l("An expired document cannot be accepted."),
    "protocol": _l("It is the proof. We pass it on and do not keep it."),
}
