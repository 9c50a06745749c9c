"""The optional step: data of an identification that took place before, with its protocol as a PDF."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from werkzeug.datastructures import FileStorage
from wtforms import FileField, StringField
from wtforms.validators import ValidationError
from wtforms.widgets import DateInput, DateTimeLocalInput

from .. import language
from ..language import gettext as _
from ..language import lazy_gettext as _l
from . import checks
from .forms import StepForm, line, one_of, radios, select

PROTOCOL_BYTES = 10 * 1024 * 1024


class IdentificationForm(StepForm):
    """Only of use to those who have been identified already; Cashlink identifies everybody else."""

    identified = radios(
        _l("Have you been identified already?"),
        {
            "false": _l("I have not been identified yet; Cashlink will lead me through it"),
            "true": _l("I have been identified, and have the protocol as a PDF"),
        },
        default="false",
    )
    document_type = select(
        _l("Identity document"),
        one_of("IDCARD", "PASSPORT", missing=_l("Choose the kind of identity document")),
        # IDCARD is documented; PASSPORT is assumed.
        {"IDCARD": _l("Identity card"), "PASSPORT": _l("Passport")},
    )
    document_id = StringField(
        _l("Number of the document"), [line(_l("Enter the number of your identity document"), 50)]
    )
    document_issuer = StringField(
        _l("Issued by"), [line(_l("Enter the authority that issued the document, for example Stadt Köln"))]
    )
    document_valid_from = StringField(_l("Valid from"), widget=DateInput())
    document_valid_to = StringField(_l("Valid until"), widget=DateInput())
    identity_provider = select(
        _l("Identified by"),
        one_of("POSTIDENT", "VIDEOIDENT", "EID", missing=_l("Choose how you have been identified")),
        # POSTIDENT is documented; the others are assumed.
        {"POSTIDENT": "Postident", "VIDEOIDENT": _l("Video identification"), "EID": _l("Online identity card")},
    )
    legitimation_process_id = StringField(
        _l("Process number"), [line(_l("Enter the process number that stands on the protocol"))]
    )
    verified_at = StringField(_l("Identified on"), widget=DateTimeLocalInput())
    protocol = FileField(_l("Protocol (PDF)"))

    # Set by the view: a protocol that was uploaded before stays as long as no other one comes.
    has_protocol = False
    content: bytes | None = None
    filename: str | None = None

    def validate(self, extra_validators: Any = None) -> bool:
        if self.identified.data == "true":
            return bool(super().validate(extra_validators))
        if self.identified.data != "false":
            self.identified.errors = [_("Say whether you have been identified already")]
        return not self.identified.errors

    def validate_document_valid_from(self, field: Any) -> None:
        valid_from = checks.day(field.data or "", _("Enter the day from which the document is valid"))
        if valid_from > language.today():
            raise ValidationError(_("The document is not valid yet"))
        field.clean = valid_from.isoformat()

    def validate_document_valid_to(self, field: Any) -> None:
        valid_to = checks.day(field.data or "", _("Enter the day until which the document is valid"))
        if valid_to < language.today():
            raise ValidationError(_("The document has expired"))
        field.clean = valid_to.isoformat()

    def validate_verified_at(self, field: Any) -> None:
        verified_at = checks.moment(field.data or "", _("Enter when you were identified"))
        if verified_at > datetime.now(UTC):
            raise ValidationError(_("The identification must be in the past"))
        field.clean = verified_at.isoformat()

    def validate_protocol(self, field: Any) -> None:
        upload = field.data if isinstance(field.data, FileStorage) and field.data.filename else None
        if upload is None:
            if not self.has_protocol:
                raise ValidationError(_("Choose the protocol of your identification, a PDF file"))
            return
        content = upload.stream.read(PROTOCOL_BYTES + 1)
        if len(content) > PROTOCOL_BYTES:
            raise ValidationError(_("The file is too large: 10 MB at most"))
        if not content.startswith(b"%PDF-"):
            raise ValidationError(_("This file is not a PDF"))
        self.content, self.filename = content, _harmless(upload.filename)

    @classmethod
    def to_fields(cls, stored: dict[str, Any]) -> dict[str, Any]:
        if not stored:
            return {"identified": False}
        local = language.at_home(datetime.fromisoformat(stored["verified_at"]))
        return {**stored, "identified": True, "verified_at": local.strftime("%Y-%m-%dT%H:%M")}

    def answers(self) -> dict[str, Any]:
        return super().answers() if self.identified.data == "true" else {}

    def shown(self, field: Any) -> str:
        if field.name in ("document_valid_from", "document_valid_to"):
            return language.day(date.fromisoformat(field.data))
        if field.name == "verified_at":
            return language.instant(checks.moment(field.data, ""))
        return super().shown(field)

    def summary(self) -> list[tuple[str, str]]:
        if self.identified.data != "true":
            return [(str(self.identified.label.text), _("No, Cashlink identifies me"))]
        return [row for row in super().summary() if row[0] != str(self.identified.label.text)]


def _harmless(filename: str | None) -> str:
    """The name of an uploaded file, for showing and passing on: no path, nothing invisible."""
    last = (filename or "").replace("\\", "/").rpartition("/")[2]
    try:
        plain = checks.text("".join(c for c in last if c.isprintable()), "", 500)[-100:]
    except ValidationError:
        plain = ""
    return plain if plain.lower().endswith(".pdf") else f"{plain or 'protocol'}.pdf"
