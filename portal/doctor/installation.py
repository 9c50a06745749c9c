"""What the checks look at: the settings as far as they can be read, the portal's database, and two ways out."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

import requests
from flask import Flask

from .. import create_app
from ..campaigns.content import is_there
from ..config import Settings
from ..contract import Check, Finding, NotTried, Text, failed
from ..contract.api.client import Access, Api
from ..contract.http import Answer, new_session
from ..database import db, now

NETWORK = Text("whoever runs your network", "wer Ihr Netz betreibt")
HOSTING = Text("whoever runs your web server and DNS", "wer Ihren Webserver und Ihr DNS betreibt")
OPERATOR = Text("whoever operates this server", "wer diesen Server betreibt")


class Installation:
    """One portal with its surroundings. What several checks need is asked once."""

    def __init__(self, environ: Mapping[str, str], start_url: str = "") -> None:
        self.environ = environ
        self.start_url = start_url
        self.settings, self.problems = Settings.read(environ)
        self._wrong = {problem.partition(":")[0] for problem in self.problems}
        settings = self.settings
        self.api = Api(
            Access(
                settings.api_url,
                settings.client_id,
                settings.client_secret,
                proxy=settings.proxy,
                ca_file=settings.ca_file,
            )
        )
        # The portal's own address: not by the proxy that leads to Cashlink.
        self.session = new_session()

    def __enter__(self) -> Installation:
        return self

    def __exit__(self, *_: Any) -> None:
        self.api.close()
        self.session.close()
        if "app" in self.__dict__:
            with self.app.app_context():
                db.engine.dispose()

    def check(
        self,
        name: str,
        title: Text,
        look: Callable[[Installation], Finding],
        *,
        uses: tuple[str, ...] = (),
        needs: tuple[str, ...] = (),
    ) -> Check:
        """A check that is not tried while a setting which it uses is wrong."""

        def look_if_set() -> Finding:
            wrong = ", ".join(variable for variable in uses if variable in self._wrong)
            if wrong:
                raise NotTried(Text(f"not tried: set {wrong} first", f"nicht versucht: setzen Sie zuerst {wrong}"))
            return look(self)

        return Check(name, title, look_if_set, needs)

    @cached_property
    def app(self) -> Flask:
        """The portal, for its database; a campaign without a file is another check's business."""
        there = tuple(mapping for mapping in self.settings.campaigns if is_there(mapping.slug))
        return create_app(replace(self.settings, campaigns=there))

    @cached_property
    def token_answer(self) -> tuple[Answer, timedelta | None]:
        """The token endpoint's answer, and by how much its clock is ahead of ours."""
        before = now()
        answer = self.api.ask_token()
        return answer, _ahead(answer, before + (now() - before) / 2)


def _ahead(answer: Answer, asked_at: datetime) -> timedelta | None:
    from email.utils import parsedate_to_datetime

    try:
        return parsedate_to_datetime(answer.headers.get("Date", "")) - asked_at
    except (TypeError, ValueError, OverflowError):
        return None


def no_answer(error: Exception, whom: Text) -> Finding:
    """Why nothing came back, and what to do about it. The exception's own text may hold an address with secrets.

    Args:
        whom: to ask about it; NETWORK where the way led to Cashlink.
    """
    seen, remedy = _reason(error, to_cashlink=whom is NETWORK)
    return failed(seen, remedy, whom)


def _reason(error: BaseException, *, to_cashlink: bool) -> tuple[Text, Text]:
    causes = {type(cause).__name__ for cause in _causes(error)}
    if "NameResolutionError" in causes or any(isinstance(cause, socket.gaierror) for cause in _causes(error)):
        return Text("the host's name is not known", "der Name des Servers ist unbekannt"), Text(
            "Correct the address, or let the name be resolved on this server.",
            "Berichtigen Sie die Adresse, oder lassen Sie den Namen auf diesem Server auflösen.",
        )
    if any(isinstance(cause, requests.exceptions.SSLError | ssl.SSLError) for cause in _causes(error)):
        seen = Text("its certificate is not trusted", "dem Zertifikat wird nicht vertraut")
        if not to_cashlink:
            return seen, Text(
                "Renew the certificate with its whole chain.", "Erneuern Sie das Zertifikat mit der ganzen Kette."
            )
        return seen, Text(
            "Renew the certificate with its whole chain; if a proxy opens TLS on the way, set CASHLINK_CA_FILE.",
            "Erneuern Sie das Zertifikat mit der ganzen Kette; wenn ein Proxy auf dem Weg TLS öffnet, setzen Sie"
            " CASHLINK_CA_FILE.",
        )
    if "ProxyError" in causes:
        return Text("the proxy does not let it through", "der Proxy lässt es nicht durch"), Text(
            "Correct CASHLINK_PROXY, or have the host allowed there.",
            "Berichtigen Sie CASHLINK_PROXY, oder lassen Sie den Server dort freigeben.",
        )
    if isinstance(error, requests.Timeout | TimeoutError):
        return Text("no answer in time", "keine Antwort in der Zeit"), Text(
            "Have the way there opened in the firewall.", "Lassen Sie den Weg dorthin in der Firewall öffnen."
        )
    return Text("no connection", "keine Verbindung"), Text(
        "Correct address and port, start what should answer there, or have the way opened in the firewall.",
        "Berichtigen Sie Adresse und Port, starten Sie, was dort antworten soll, oder lassen Sie den Weg in der"
        " Firewall öffnen.",
    )


def _causes(error: BaseException) -> list[BaseException]:
    """The error with what it was made of: urllib3 and requests wrap each other's."""
    found: list[BaseException] = []
    wanted: list[Any] = [error]
    while wanted:
        cause = wanted.pop()
        if isinstance(cause, BaseException) and cause not in found:
            found.append(cause)
            wanted += [cause.__cause__, cause.__context__, getattr(cause, "reason", None), *cause.args]
    return found
