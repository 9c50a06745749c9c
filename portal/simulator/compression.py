"""Compresses pages and static files for browsers; the API's answers go as they are. What is secret in a page must
differ from answer to answer (`web.csrf_token`), or its length would tell it.
"""

import gzip
from functools import lru_cache

from flask import Response, request

COMPRESSED = {"text/html", "text/css", "text/javascript", "image/svg+xml"}


def compress(response: Response) -> Response:
    """An `after_request` function."""
    if response.mimetype not in COMPRESSED or response.status_code in (206, 304):
        return response
    response.vary.add("Accept-Encoding")
    if request.method == "HEAD" or not request.accept_encodings["gzip"]:
        return response
    # A static file is handed over as an open one.
    response.direct_passthrough = False
    body = response.get_data()
    response.set_data(_compressed(body) if request.endpoint == "static" else gzip.compress(body, 5, mtime=0))
    response.content_encoding = "gzip"
    tag, _weak = response.get_etag()
    if tag:
        # Other bytes for the same content.
        response.set_etag(tag, weak=True)
    return response


@lru_cache(maxsize=8)
def _compressed(body: bytes) -> bytes:
    """Static files: once."""
    return gzip.compress(body, 9, mtime=0)
