"""Where a person may be sent: own pages only, and only known hosts of Cashlink."""

from __future__ import annotations

from urllib.parse import urlsplit


def own_path(target: str | None, default: str = "/") -> str:
    """A path of this portal, or the default for anything that a browser might read as another site.

    `//evil`, `/\\evil` and `https:evil` leave the portal, and browsers drop tabs and newlines inside an address.
    """
    if not target or not target.startswith("/") or target[1:2] in ("/", "\\"):
        return default
    if any(ord(character) < 33 or character == "\\" for character in target):
        return default
    return target


def allowed_start_url(url: str, hosts: tuple[str, ...]) -> bool:
    """Whether an investor may be sent to this `start_url`: https (http only for local hosts), a listed host, no tricks.

    Args:
        url: as Cashlink answered it.
        hosts: of `CASHLINK_START_URL_HOSTS`, with a port where it is not the usual one.
    """
    if any(ord(character) < 33 or ord(character) == 127 or character == "\\" for character in url):
        return False
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    host = (parts.hostname or "").lower()
    if "@" in parts.netloc or (parts.scheme != "https" and not (parts.scheme == "http" and _is_loopback(host))):
        return False
    usual = port is None or port == (443 if parts.scheme == "https" else 80)
    return (host if usual else f"{host}:{port}") in hosts


def _is_loopback(host: str) -> bool:
    return host in ("localhost", "127.0.0.1", "::1")
