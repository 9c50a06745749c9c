"""Compresses text on its way out, with the standard library: gzip is understood by every browser.

Knows nothing of what it compresses. Streams pass as they are; what is compressed already (pictures, fonts, PDF), too.
That the secret of a form stands masked in each page (`web.MaskedCsrf`) is what makes this safe (BREACH).
"""

from __future__ import annotations

import gzip
from functools import lru_cache

from flask import Flask, Response, request

TYPES = frozenset({"application/json", "application/manifest+json", "image/svg+xml"})
# Bytes below which the head of a compressed answer eats up what it saves.
SMALLEST = 500
# A page is compressed with each request: this level costs a third of the next and saves nearly as much.
PAGE_LEVEL = 5
FILE_LEVEL = 9


def set_up(app: Flask) -> None:
    """Must be the first to add an `after_request`: those run in reverse order, and this one goes last."""
    app.after_request(compress)


def compress(response: Response) -> Response:
    if not _is_text(response):
        return response
    # Caches keep both forms apart, also where this one is as it was.
    response.vary.add("Accept-Encoding")
    tag, _ = response.get_etag()
    if tag is not None:
        # One tag for both forms must be a weak one (RFC 9110, 8.8.1).
        response.set_etag(tag, weak=True)
    if response.status_code == 200 and request.accept_encodings["gzip"] and "Content-Encoding" not in response.headers:
        _shorten(response)
    return response


def _is_text(response: Response) -> bool:
    kind = response.mimetype or ""
    if kind not in TYPES and not kind.startswith("text/"):
        return False
    # A file is passed through in pieces, too, but it ends.
    return response.direct_passthrough or not response.is_streamed


def _shorten(response: Response) -> None:
    compress_it = _compressed_file if response.direct_passthrough else _compressed_page
    response.direct_passthrough = False
    content = response.get_data()
    if len(content) >= SMALLEST:
        response.set_data(compress_it(content))
        response.headers["Content-Encoding"] = "gzip"


def _compressed_page(content: bytes) -> bytes:
    return gzip.compress(content, PAGE_LEVEL, mtime=0)


@lru_cache(maxsize=64)
def _compressed_file(content: bytes) -> bytes:
    return gzip.compress(content, FILE_LEVEL, mtime=0)
