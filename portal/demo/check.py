"""`portal demo --check`: whether a presentation can begin, in ten seconds, each point with its remedy.

Looks only, and changes nothing. A demo that runs is asked by HTTP; one that does not is looked at from outside.
"""

from __future__ import annotations

import os
import socket
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import click
import requests
from sqlalchemy import make_url

from ..config import ConfigurationError, Settings
from ..contract import Check, Finding, Text, exit_code, failed, line, ok, run
from ..contract.texts import same, usual_language
from ..database import now
from ..terminal import check_port
from ..translations import update as catalogues
from .run import environment, sqlite_file
from .snapshots import Snapshots

TIMEOUT = 3.0
PAGES = ("/", "/login", "/stage")
WORDS = {"de": "Kampagnen", "en": "Campaigns"}
READY = Text("The presentation can begin.", "Die Vorführung kann beginnen.")
NOT_YET = Text("Not yet: see what is marked.", "Noch nicht: Sehen Sie, was markiert ist.")


def run_checks(port: int, simulator_port: int, given: Mapping[str, str]) -> bool:
    """Print a line for each point; whether all are well.

    Args:
        given: settings that are not the demo's own.
    """
    environ, language = environment(port, simulator_port, given), usual_language(os.environ)
    results = run(_checks(environ, port, simulator_port), lambda result: click.echo(line(result, language)))
    well = exit_code(results) == 0
    click.echo((READY if well else NOT_YET).to(language))
    return well


def _checks(environ: dict[str, str], port: int, simulator_port: int) -> list[Check]:
    settings = _settings(environ)
    urls = (environ["PORTAL_PUBLIC_URL"], environ["SIMULATOR_PUBLIC_URL"])
    running = all(_answers(url) for url in urls)
    there = ok(Text("the demo is running", "die Demo läuft"))
    return [
        Check("ports", Text("ports", "Ports"), lambda: there if running else _free(port, simulator_port)),
        Check("database", Text("database", "Datenbank"), lambda: _database(settings)),
        Check("seed", Text("seed", "Anfangsdaten"), lambda: _seed(settings, environ, running)),
        Check("languages", Text("languages", "Sprachen"), lambda: _spoken(urls[0]) if running else _catalogues()),
        Check("offline", Text("offline", "ohne Netz"), lambda: _offline(urls, running)),
    ]


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


def _free(port: int, simulator_port: int) -> Finding:
    for number, name in ((port, "--port"), (simulator_port, "--simulator-port")):
        try:
            check_port(number, name)
        except click.ClickException:
            return failed(
                Text(f"port {number} is busy", f"Port {number} ist belegt"),
                Text(
                    f"End what runs there, or choose another port with {name}.",
                    f"Beenden Sie, was dort läuft, oder wählen Sie mit {name} einen anderen.",
                ),
            )
    return ok(Text(f"{port} and {simulator_port} are free", f"{port} und {simulator_port} sind frei"))


def _database(settings: Settings) -> Finding:
    """Readable, and writable: the lock for writing is taken and given back."""
    file = sqlite_file(settings.database_url)
    if file is None:
        return ok(same(make_url(settings.database_url).get_backend_name()))
    if not file.exists():
        return ok(Text("will be made at the first start", "entsteht beim ersten Start"))
    try:
        with closing(sqlite3.connect(file, timeout=TIMEOUT, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
    except sqlite3.Error as error:
        return failed(
            same(str(error)),
            Text(
                f"Remove the folder {settings.data_dir} to begin anew.",
                f"Entfernen Sie den Ordner {settings.data_dir}, um neu zu beginnen.",
            ),
        )
    return ok(Text(f"{file.name} can be read and written", f"{file.name} ist lesbar und beschreibbar"))


def _seed(settings: Settings, environ: dict[str, str], running: bool) -> Finding:
    simulator = Path(environ["SIMULATOR_DATABASE_PATH"])
    snapshots = Snapshots(sqlite_file(settings.database_url), simulator, settings.data_dir / "seed")
    day = snapshots.day()
    start = Text("Run: portal demo", "Führen Sie aus: portal demo")
    if day is None and running:
        return failed(
            Text("its stories are still being played", "ihre Geschichten werden noch gespielt"),
            Text("Wait some seconds, and check again.", "Warten Sie einige Sekunden, und prüfen Sie noch einmal."),
        )
    if day is None:
        return failed(Text("there is none yet", "noch keine da"), start)
    age = (now().date() - day).days
    if age:
        return failed(Text(f"{age} days old; a start makes it anew", f"{age} Tage alt; ein Start erneuert sie"), start)
    if lost := snapshots.lost():
        return failed(
            Text(f"the simulator lacks {lost} subscriptions", f"dem Simulator fehlen {lost} Zeichnungen"),
            Text("Run: portal demo --reset", "Führen Sie aus: portal demo --reset"),
        )
    return ok(Text("of today", "von heute"))


MESSAGES = Text("Run: make messages", "Führen Sie aus: make messages")


def _spoken(url: str) -> Finding:
    for language, word in WORDS.items():
        with _direct() as session:
            page = session.get(url, headers={"Accept-Language": language}, timeout=TIMEOUT)
        if word not in page.text:
            return failed(
                Text(f"the portal does not speak {language}", f"das Portal spricht nicht {language}"), MESSAGES
            )
    return ok(Text("German and English are spoken", "Deutsch und Englisch werden gesprochen"))


def _catalogues() -> Finding:
    missing = ", ".join(str(domain.mo) for domain in catalogues.DOMAINS if not domain.mo.exists())
    if missing:
        return failed(Text(f"{missing} is missing", f"{missing} fehlt"), MESSAGES)
    return ok(Text("both catalogues are there", "beide Kataloge sind da"))


def _offline(urls: tuple[str, ...], running: bool) -> Finding:
    """Nothing leaves this machine: all addresses lead to it, and the pages load nothing from elsewhere."""
    for url in urls:
        host = urlsplit(url).hostname or ""
        if not _is_this_machine(host):
            return failed(
                Text(f"{host} is not this machine", f"{host} ist nicht dieser Rechner"),
                Text(
                    "Unset PORTAL_PUBLIC_URL and SIMULATOR_PUBLIC_URL; localhost must be in the hosts file.",
                    "Nehmen Sie PORTAL_PUBLIC_URL und SIMULATOR_PUBLIC_URL zurück; localhost muss bekannt sein.",
                ),
            )
    if not running:
        return ok(Text("all addresses are of this machine", "alle Adressen sind von diesem Rechner"))
    loading = [path for path in PAGES if "default-src 'none'" not in _policy(urls[0] + path)]
    if loading:
        return failed(Text(f"{loading[0]} may load from elsewhere", f"{loading[0]} darf von anderswo laden"))
    return ok(Text("no page needs a network", "keine Seite braucht ein Netz"))


def _is_this_machine(host: str) -> bool:
    try:
        addresses = [str(found[4][0]) for found in socket.getaddrinfo(host, None)]
    except OSError:
        return False
    return all(address == "::1" or address.startswith("127.") for address in addresses)


def _policy(url: str) -> str:
    with _direct() as session:
        return str(session.get(url, timeout=TIMEOUT).headers.get("Content-Security-Policy", ""))
