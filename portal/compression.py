"""Compresses texts for browsers: pages, stylesheets, scripts and drawings. Streams and answers to machines go as they
are. What is secret in a page must differ from answer to answer (`web.MaskedCsrf`), or its length would tell it.
"""

from __future__ import annotations

import gzip
from functools import lru_cache

from flask import Response, request

COMPRESSED = {"text/html", "text/css", "text/javascript", "image/svg+xml"}
# Below this the headers cost as much as is saved.
SMALLEST = 600
# More gains little and takes twice the time.
LEVEL = 5


def compress(response: Response) -> Response:
    """An `after_request` function."""
    # The status first: it costs webhooks nothing.
    if response.status_code in (204, 206, 304) or response.mimetype not in COMPRESSED:
        return response
    if "Content-Encoding" in response.headers:
        return response
    response.vary.add("Accept-Encoding")
    if request.method == "HEAD" or not request.accept_encodings["gzip"]:
        return response
    # A static file is handed over as an open one.
    response.direct_passthrough = False
    body = response.get_data()
    if len(body) < SMALLEST:
        return response
    response.set_data(_compressed(body) if request.endpoint == "static" else gzip.compress(body, LEVEL, mtime=0))
    response.content_encoding = "gzip"
    tag, _weak = response.get_etag()
    if tag:
        # Other bytes for the same content.
        response.set_etag(tag, weak=True)
    return response


@lru_cache(maxsize=32)
def _compressed(body: bytes) -> bytes:
    """Static files: once, and thoroughly."""
    return gzip.compress(body, 9, mtime=0)
