"""`portal demo --check`: whether a presentation can begin, in ten seconds, each point with its remedy.

Looks only, and changes nothing. A demo that runs is asked by HTTP; one that does not is looked at from outside.
"""

from __future__ import annotations

import os
import socket
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
import requests
from sqlalchemy import make_url

from ..config import ConfigurationError, Settings
from ..database import now
from ..terminal import check_port
from ..translations import update as catalogues
from .run import environment, sqlite_file
from .snapshots import Snapshots

TIMEOUT = 3.0
PAGES = ("/", "/login", "/stage")
WORDS = {"de": "Kampagnen", "en": "Campaigns"}


class Bad(Exception):
    """A point is not as it should be; the text names the remedy."""


@dataclass(frozen=True)
class Point:
    """One thing that a presentation needs."""

    name: str
    look: Callable[[], str]


def run_checks(port: int, simulator_port: int) -> bool:
    """Print a line for each point; whether all are well."""
    environ = environment(port, simulator_port, os.environ)
    results = [_say(point) for point in _points(environ, port, simulator_port)]
    click.echo("The presentation can begin." if all(results) else "Not yet: see what is marked.")
    return all(results)


def _say(point: Point) -> bool:
    try:
        click.echo(f"  ok    {point.name}: {point.look()}")
    except Bad as error:
        click.echo(f"  BAD   {point.name}: {error}")
        return False
    return True


def _points(environ: dict[str, str], port: int, simulator_port: int) -> Iterator[Point]:
    settings = _settings(environ)
    urls = (environ["PORTAL_PUBLIC_URL"], environ["SIMULATOR_PUBLIC_URL"])
    running = all(_answers(url) for url in urls)
    yield Point("ports", lambda: "the demo is running" if running else _free(port, simulator_port))
    yield Point("database", lambda: _database(settings))
    yield Point("seed", lambda: _seed(settings, environ))
    yield Point("languages", lambda: _spoken(urls[0]) if running else _catalogues())
    yield Point("offline", lambda: _offline(urls, running))


def _settings(environ: dict[str, str]) -> Settings:
    try:
        return Settings.from_environment(environ)
    except ConfigurationError as error:
        raise click.ClickException(str(error)) from error


@contextmanager
def _direct() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        yield session


def _answers(url: str) -> bool:
    with _direct() as session:
        try:
            return session.get(f"{url}/healthz", timeout=TIMEOUT).ok
        except requests.RequestException:
            return False


def _free(port: int, simulator_port: int) -> str:
    for number, name in ((port, "--port"), (simulator_port, "--simulator-port")):
        try:
            check_port(number, name)
        except click.ClickException as error:
            raise Bad(error.message) from error
    return f"{port} and {simulator_port} are free"


def _database(settings: Settings) -> str:
    """Readable, and writable: the lock for writing is taken and given back."""
    file = sqlite_file(settings.database_url)
    if file is None:
        return make_url(settings.database_url).get_backend_name()
    if not file.exists():
        return "will be made at the first start"
    try:
        with closing(sqlite3.connect(file, timeout=TIMEOUT, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
    except sqlite3.Error as error:
        raise Bad(f"{error}. Remove the folder {settings.data_dir} to begin anew") from error
    return f"{file.name} can be read and written"


def _seed(settings: Settings, environ: dict[str, str]) -> str:
    simulator = Path(environ.get("SIMULATOR_DATABASE_PATH") or settings.data_dir / "simulator.sqlite3")
    day = Snapshots(sqlite_file(settings.database_url), simulator, settings.data_dir / "seed").day()
    if day is None:
        raise Bad("there is none yet. Run: portal demo")
    age = (now().date() - day).days
    if age:
        raise Bad(f"it is {age} days old, and the next start makes it anew. Run: portal demo")
    return "of today"


def _spoken(url: str) -> str:
    for language, word in WORDS.items():
        with _direct() as session:
            page = session.get(url, headers={"Accept-Language": language}, timeout=TIMEOUT)
        if word not in page.text:
            raise Bad(f"the portal does not speak {language}. Run: make messages")
    return "German and English are spoken"


def _catalogues() -> str:
    missing = [str(domain.mo) for domain in catalogues.DOMAINS if not domain.mo.exists()]
    if missing:
        raise Bad(f"{', '.join(missing)} is missing. Run: make messages")
    return "both catalogues are there"


def _offline(urls: tuple[str, ...], running: bool) -> str:
    """Nothing leaves this machine: all addresses lead to it, and the pages load nothing from elsewhere."""
    for url in urls:
        host = urlsplit(url).hostname or ""
        if not all(_is_loopback(address) for address in _addresses(host)):
            raise Bad(f"{host} is not this machine. Unset PORTAL_PUBLIC_URL and SIMULATOR_PUBLIC_URL")
    if running:
        _check_pages(urls[0])
    return "no page needs a network" if running else "all addresses are of this machine"


def _addresses(host: str) -> list[Any]:
    try:
        return [found[4][0] for found in socket.getaddrinfo(host, None)]
    except OSError as error:
        raise Bad(f"{host} is not known. Add it to the hosts file") from error


def _is_loopback(address: str) -> bool:
    return address == "::1" or address.startswith("127.")


def _check_pages(url: str) -> None:
    for path in PAGES:
        with _direct() as session:
            policy = session.get(url + path, timeout=TIMEOUT).headers.get("Content-Security-Policy", "")
        if "default-src 'none'" not in policy:
            raise Bad(f"{path} may load from elsewhere")
