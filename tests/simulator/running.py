"""A simulator behind a real server, a portal's stand-in that receives its webhooks, and a robot for the hosted pages.

The robot knows the fixed interface only: the first POST form of a page is the step, its first button goes on, required
boxes are ticked, default values are sent as they are.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urljoin

import requests
from bs4 import BeautifulSoup, Tag
from werkzeug.serving import make_server

from portal.simulator import create_app
from portal.simulator.config import Settings
from portal.simulator.models import db
from portal.simulator.sender import Sender

T = TypeVar("T")

BOND = "5b1d0c5e-7c1a-4e0b-9a51-0d5f3f1a2b01"
SOLAR = "5b1d0c5e-7c1a-4e0b-9a51-0d5f3f1a2b02"
NOT_OPEN = "5b1d0c5e-7c1a-4e0b-9a51-0d5f3f1a2b03"

CREDENTIALS = {"client_id": "demo-client", "client_secret": "demo-secret"}


def wait_until(condition: Callable[[], T], seconds: float = 10) -> T:
    ends = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > ends:
            raise AssertionError(f"not true within {seconds} s")
        time.sleep(0.01)
    return value


def investor_body() -> dict[str, Any]:
    return {
        "natural_person": {
            "salutation": "MS",
            "forename": "Alice",
            "surname": "Beispiel",
            "birth_date": "1990-08-10",
            "birth_place": "Kiel",
            "citizenship": "DEU",
            "street": "Hauptstr. 37",
            "city": "Frankfurt am Main",
            "zip": "60316",
            "country": "DEU",
            "phone": "+49 69 1234567",
        },
        "bank_account": {"account_holder": "Alice Beispiel", "iban": "DE89370400440532013000"},
        "tax_information": {"tax_identification_number": "12345678901"},
        "is_beneficiary": True,
        "pep_status": False,
        "account_setup_accepted_at": "2026-05-06T07:14:13.630308+00:00",
    }


class Receiver:
    """Keeps every webhook, and answers with the codes it was given, then with 204.

    What is no JSON is kept in `raw` only.
    """

    def __init__(self, *answers: int) -> None:
        self.answers = list(answers)
        self.raw: list[bytes] = []
        self.bodies: list[dict[str, str]] = []
        self.headers: list[dict[str, str]] = []
        self.times: list[float] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.times.append(time.monotonic())
                with suppress(ValueError, RecursionError):
                    receiver.bodies.append(json.loads(body))
                receiver.headers.append(dict(self.headers))
                receiver.raw.append(body)
                self.send_response(receiver.answers.pop(0) if receiver.answers else 204)
                self.send_header("Location", "/elsewhere")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Keep the test's output quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/webhooks/cashlink"

    def statuses(self) -> list[str]:
        return [body["status"] for body in self.bodies]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class RunningSimulator:
    """The application with its server; no sender unless one is started."""

    def __init__(self, path: Path, webhook_url: str = "http://127.0.0.1:9/closed", **settings: Any) -> None:
        self.path = path
        self._probe = make_server("127.0.0.1", 0, lambda *_: iter(()), threaded=True)
        port = self._probe.server_port
        self._probe.server_close()
        self.url = f"http://localhost:{port}"
        self.app = create_app(Settings(database_path=path, public_url=self.url, webhook_url=webhook_url, **settings))
        self._server = make_server("127.0.0.1", port, self.app, threaded=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        self._senders: list[Sender] = []
        self._token = ""

    def start_sender(self) -> Sender:
        sender = Sender(self.app).start()
        self._senders.append(sender)
        return sender

    def close(self) -> None:
        for sender in self._senders:
            sender.close()
        self._server.shutdown()
        self._server.server_close()
        with self.app.app_context():
            db.engine.dispose()

    def token(self, **form: str) -> requests.Response:
        form = {"grant_type": "client_credentials", **CREDENTIALS, **form}
        return requests.post(f"{self.url}/api/external/oauth/token", data=form, timeout=10)

    def call(self, method: str, path: str, body: Any = None, key: str = "", **arguments: Any) -> requests.Response:
        """An API call with a token of all scopes, unless another one is given."""
        if not self._token:
            self._token = self.token().json()["access_token"]
        headers = {"Authorization": f"Bearer {arguments.pop('token', self._token)}"}
        if key:
            headers["X-Idempotency-Key"] = key
        if "content_type" in arguments:
            headers["Content-Type"] = arguments.pop("content_type")
        url = f"{self.url}/api/external{path}"
        return requests.request(method, url, json=body, headers=headers, timeout=10, **arguments)

    def create_investor(self, **changes: Any) -> str:
        body = investor_body()
        body["natural_person"] |= changes
        investor_id = str(self.call("POST", "/v2/investors/", body).json()["id"])
        communication = {"communication": {"email": "alice@example.org", "email_confirmed": True}}
        assert self.call("PATCH", f"/v2/investors/{investor_id}/", communication).status_code == 200
        return investor_id

    def identify_investor(self, investor_id: str) -> None:
        files = {"file": ("protocol.pdf", b"%PDF-1.7 sample", "application/pdf")}
        document_id = self.call("POST", "/v2/documents/", files=files).json()["id"]
        body = identification_body(document_id)
        assert self.call("POST", f"/v2/investors/{investor_id}/identifications/", body).status_code == 201

    def invest(self, campaign_id: str = BOND, investor_id: str = "", key: str = "") -> dict[str, Any]:
        body = {"campaign_id": campaign_id, "investor_id": investor_id or self.create_investor()}
        response = self.call("POST", "/v2/investments/", body, key)
        assert response.status_code == 201, response.text
        return dict(response.json())

    def signed(self, campaign_id: str = BOND, **changes: Any) -> dict[str, Any]:
        """An investment that a robot has signed, with the identification left open."""
        investment = self.invest(campaign_id, self.create_investor(**changes))
        Robot(investment["start_url"]).walk(until="/identification")
        return investment

    def status(self, investment: dict[str, Any]) -> str | None:
        status: str | None = self.call("GET", f"/v2/investments/{investment['id']}/").json()["status"]
        return status

    def control(self, method: str, path: str, body: Any = None) -> Any:
        response = requests.request(method, f"{self.url}/_control/{path}", json=body, timeout=10)
        assert response.status_code == 200, response.text
        return response.json()

    def skip(self, days: int) -> None:
        """Move the clock forward; tokens end by it."""
        self.control("POST", "clock", {"forward_seconds": days * 86400})
        self._token = ""

    def product(self, number: int = 0) -> dict[str, Any]:
        return dict(requests.get(f"{self.url}/api/external-info/", timeout=10).json()["products"][number])


def identification_body(document_id: str) -> dict[str, Any]:
    return {
        "document_type": "IDCARD",
        "document_id": "L01X00T47",
        "document_issuer": "Stadt Kiel",
        "document_valid_from": "2020-08-10",
        "document_valid_to": "2099-08-10",
        "identity_provider": "POSTIDENT",
        "legitimation_process_id": "process-1",
        "legitimation_protocol_id": document_id,
        "verified_at": "2024-08-10T14:06:22.134Z",
    }


class Robot:
    """A browser without JavaScript, at one page at a time."""

    def __init__(self, url: str, language: str = "en") -> None:
        self.session = requests.Session()
        self.session.headers["Accept-Language"] = language
        self.headings: list[str] = []
        self.open(url)

    def open(self, url: str) -> None:
        self._take(self.session.get(urljoin(self.url, url) if hasattr(self, "response") else url, timeout=10))

    @property
    def url(self) -> str:
        return self.response.url

    @property
    def heading(self) -> str:
        return self.headings[-1]

    @property
    def text(self) -> str:
        return " ".join(self.page.get_text(" ").split())

    def form(self, number: int = 0) -> Tag | None:
        forms = self.page.find_all("form", method="post")
        return forms[number] if number < len(forms) else None

    def submit(self, number: int = 0, button: int = 0, **changes: str | None) -> requests.Response:
        """Send a form with its default values; a change to None leaves a field out."""
        form = self.form(number)
        assert form is not None, f"no form {number} on {self.url}"
        data = _defaults(form) | changes
        chosen = form.find_all("button")[button]
        if chosen.get("name"):
            data[str(chosen["name"])] = str(chosen.get("value", ""))
        address = urljoin(self.url, str(chosen.get("formaction") or form["action"]))
        sent = {name: value for name, value in data.items() if value is not None}
        self._take(self.session.post(address, data=sent, timeout=10))
        return self.response

    def walk(self, until: str | None = None) -> None:
        """Submit step after step until a page has no form, or its address ends so."""
        for _ in range(10):
            if self.form() is None or (until and self.url.endswith(until)):
                return
            assert self.submit().status_code == 200, self.text
        raise AssertionError(f"no end at {self.url}")

    def _take(self, response: requests.Response) -> None:
        self.response = response
        self.page = BeautifulSoup(response.text, "html.parser")
        assert self.page.h1 is not None, response.text
        self.headings.append(self.page.h1.get_text())


def _defaults(form: Tag) -> dict[str, str | None]:
    data: dict[str, str | None] = {}
    for field in form.find_all(["input", "select"]):
        name = str(field["name"])
        if field.name == "select":
            chosen = field.find("option", selected=True) or field.find("option")
            data[name] = str(chosen["value"])  # type: ignore[index]
        elif field.get("type") in ("checkbox", "radio"):
            if field.has_attr("required") or field.has_attr("checked"):
                data[name] = str(field.get("value", "on"))
        else:
            data[name] = str(field.get("value", ""))
    return data
