"""POST /api/external/v2/documents/: an upload. Only its size, name, type and digest are kept."""

import hashlib

from flask import Blueprint, g, request

from ..assumptions import UPLOAD_BYTES, UPLOAD_TYPES
from ..models import Document, db, new_id
from ..rules import is_text
from ..runtime import runtime
from .dispatch import Answer, endpoint
from .errors import refused
from .operations import CREATE_DOCUMENT

bp = Blueprint("documents", __name__)


@endpoint(bp, CREATE_DOCUMENT)
def create_document() -> Answer:
    # Read for the idempotency key already when there is one; read here first, the form would eat it.
    request.get_data(cache=True)
    upload = request.files.get("file")
    if upload is None or not upload.filename:
        raise refused({"file": ["No file was submitted."]})
    content = upload.read(UPLOAD_BYTES + 1)
    if len(content) > UPLOAD_BYTES:
        raise refused({"file": [f"At most {UPLOAD_BYTES // 1024 // 1024} MiB are allowed."]})
    if not content:
        raise refused({"file": ["The file is empty."]})
    start = next((start for start, kind in UPLOAD_TYPES.items() if kind == upload.mimetype), None)
    # That the content begins as its type does is our own strictness: the public guide uploads three letters.
    if start is None or (runtime().settings.strict and not content.startswith(start)):
        raise refused({"file": ["A PDF, PNG or JPEG is expected."]})
    if not is_text(upload.filename) or len(upload.filename) > 200:
        raise refused({"file": ["The file name is not usable."]})
    document = Document(
        id=new_id(),
        created_at=runtime().clock.now(),
        name=upload.filename,
        content_type=upload.mimetype,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
    )
    db.session.add(document)
    g.object_id = document.id
    return {"id": document.id}
