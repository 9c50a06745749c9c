"""Subscribes once at the small application, as a browser would; twice at a time where the round wants it."""

import os
import sys
import urllib.error
import urllib.parse
import urllib.request
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

data = urllib.parse.urlencode({"person": f"person-{uuid.uuid4().hex[:8]}"}).encode()


def click(_: int) -> None:
    # Under a fault the way may end before the page.
    with suppress(urllib.error.URLError, OSError):
        urllib.request.urlopen(f"{sys.argv[1]}/invest", data, timeout=8).close()


with ThreadPoolExecutor(2) as pool:
    list(pool.map(click, range(2 if os.environ["CHECK_ROUND"] == "calm" else 1)))
