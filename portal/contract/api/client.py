"""Calls of the API for probes: with any token, any key, any body. What is created bears the name SELFCHECK.

Not an example of a client: it commits nothing before a call, since losing test data does no harm. See the rules' `ours`
for how it is done.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from ..control import Control
from ..engine import NotTried
from ..http import Answer, new_session, send
from ..texts import Text

SCOPES = "investors:write investors:read investments:write investments:read documents:write"
KEY_HEADER = "X-Idempotency-Key"
MARK = "SELFCHECK"
PDF = b"%PDF-1.4\n% SELFCHECK: a sample without content\n%%EOF\n"
CASHLINK = Text("your contact person at Cashlink", "Ihre Ansprechperson bei Cashlink")


@dataclass(frozen=True)
class Access:
    """What a partner has been given.

    Attributes:
        hosts: where a start_url may lead, as host or host:port.
        write: whether test data may be created.
        control_url: the simulator's, or "".
    """

    url: str
    client_id: str
    client_secret: str
    info_url: str = ""
    campaign_id: str = ""
    hosts: tuple[str, ...] = ()
    proxy: str = ""
    ca_file: str = ""
    write: bool = False
    control_url: str = ""

    @classmethod
    def from_environment(cls, environ: Mapping[str, str], *, write: bool, control_url: str) -> Access:
        """From the settings CASHLINK_* that the portal has too; none of the portal's own is needed.

        Raises:
            ValueError: names what is missing.
        """
        required = ("CASHLINK_API_URL", "CASHLINK_CLIENT_ID", "CASHLINK_CLIENT_SECRET")
        if missing := [name for name in required if not environ.get(name)]:
            raise ValueError(f"{', '.join(missing)}: not set. Your contact person at Cashlink hands them out.")
        campaigns = [entry.split("=") for entry in environ.get("CASHLINK_CAMPAIGNS", "").split(",") if "=" in entry]
        hosts = environ.get("CASHLINK_START_URL_HOSTS", "").split(",")
        return cls(
            url=environ["CASHLINK_API_URL"].rstrip("/"),
            client_id=environ["CASHLINK_CLIENT_ID"],
            client_secret=environ["CASHLINK_CLIENT_SECRET"],
            info_url=environ.get("CASHLINK_INFO_URL", ""),
            campaign_id=campaigns[0][1].strip() if campaigns else "",
            hosts=tuple(host.strip() for host in hosts if host.strip()),
            proxy=environ.get("CASHLINK_PROXY", ""),
            ca_file=environ.get("CASHLINK_CA_FILE", ""),
            write=write,
            control_url=control_url,
        )

    @property
    def host(self) -> str:
        return urlsplit(self.url).netloc.rpartition("@")[2]

    @property
    def is_this_machine(self) -> bool:
        return is_this_machine(urlsplit(self.url).hostname or "")


def is_this_machine(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


class Api:
    """One run against one API; what the first probe creates serves the later ones."""

    def __init__(self, access: Access) -> None:
        self.access = access
        self.session = new_session(access.proxy, access.ca_file)
        # A repeat with the same key gives the same id, and has created nothing.
        self.created: set[str] = set()
        self._control = Control(access.control_url) if access.control_url else None
        self._token = ""
        self._made: dict[str, str] = {}
        self._investment: Answer | None = None

    def close(self) -> None:
        self.session.close()
        if self._control:
            self._control.close()

    @property
    def control(self) -> Control:
        if self._control is None:
            raise NotTried(
                Text("only the simulator does this when asked", "nur der Simulator tut das auf Bitte"),
                CASHLINK,
            )
        return self._control

    # Tokens.

    def ask_token(self, scope: str = SCOPES, **form: str) -> Answer:
        data = {
            "grant_type": "client_credentials",
            "scope": scope,
            "client_id": self.access.client_id,
            "client_secret": self.access.client_secret,
            **form,
        }
        return send(self.session, "POST", f"{self.access.url}/oauth/token", data=data)

    def new_token(self, scope: str = SCOPES) -> str:
        answer = self.ask_token(scope)
        token = answer.text("access_token")
        if not answer.is_success or not token:
            raise NotTried(Text(f"no token ({answer.status})", f"kein Token ({answer.status})"), CASHLINK)
        return token

    # Calls.

    def call(self, method: str, path: str, body: Any = None, *, key: str = "", token: str = "", **more: Any) -> Answer:
        """A call with the token of all scopes, unless another one is given; a token that has ended is renewed once."""
        first = token or self._token or self.new_token()
        answer = self._send(method, path, body, key, first, more)
        if answer.status == 401 and not token:
            first = self.new_token()
            answer = self._send(method, path, body, key, first, more)
        self._token = self._token if token else first
        if method == "POST" and answer.is_success and answer.text("id"):
            self.created.add(answer.text("id"))
        return answer

    def _send(self, method: str, path: str, body: Any, key: str, token: str, more: dict[str, Any]) -> Answer:
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        if key:
            headers[KEY_HEADER] = key
        return send(self.session, method, self.access.url + path, json=body, headers=headers, **more)

    # Test data.

    def must_write(self) -> None:
        if not self.access.write:
            raise NotTried(Text("needs test data: --write", "braucht Testdaten: --write"))

    def create_investor(self, key: str = "", **person: str) -> Answer:
        self.must_write()
        return self.call("POST", "/v2/investors/", investor_body(**person), key=key or new_key())

    def investor(self) -> str:
        """The id of the investor that probes share."""
        return self._shared("investor", self.create_investor)

    def document(self) -> str:
        def upload() -> Answer:
            self.must_write()
            files = {"file": (f"{MARK}.pdf", PDF, "application/pdf")}
            return self.call("POST", "/v2/documents/", key=new_key(), files=files)

        return self._shared("document", upload)

    def _shared(self, name: str, create: Any) -> str:
        if name not in self._made:
            self._made[name] = created_id(create(), name)
        return self._made[name]

    def create_investment(self, campaign_id: str = "") -> Answer:
        self.must_write()
        campaign = campaign_id or self.access.campaign_id
        if not campaign:
            raise NotTried(Text("no campaign is set: CASHLINK_CAMPAIGNS", "keine Kampagne gesetzt: CASHLINK_CAMPAIGNS"))
        body = {"campaign_id": campaign, "investor_id": self.investor()}
        return self.call("POST", "/v2/investments/", body, key=new_key())

    def investment(self) -> Answer:
        """The answer to the investment that probes share, with id and start_url."""
        if self._investment is None:
            self._investment = self.create_investment()
            created_id(self._investment, "investment")
        return self._investment


def created_id(answer: Answer, name: str) -> str:
    found = answer.text("id")
    if not answer.is_success or not found:
        seen = f"{name}: {answer.status}"
        raise NotTried(Text(f"not created, so not tried ({seen})", f"nicht angelegt, daher nicht versucht ({seen})"))
    return found


def new_key() -> str:
    return str(uuid.uuid4())


def investor_body(**person: str) -> dict[str, Any]:
    """An invented person; the bank has the code of documentation examples."""
    return {
        "natural_person": {
            "salutation": "MR",
            "forename": MARK,
            "surname": MARK,
            "birth_date": "1990-08-10",
            "birth_place": "Musterstadt",
            "citizenship": "DEU",
            "street": "Musterweg 1",
            "city": "Frankfurt am Main",
            "zip": "60316",
            "country": "DEU",
            "phone": "+49 69 90009999",
            **person,
        },
        "bank_account": {
            "account_holder": MARK,
            "iban": "DE89370400440532013000",
            "bic": "MUSTDEFFXXX",
            "bank": MARK,
            "country": "DEU",
            "currency": "EUR",
        },
        "tax_information": {"tax_identification_number": "86095742719", "non_assessment_certificate": False},
        "is_beneficiary": True,
        "pep_status": False,
        "account_setup_accepted_at": datetime.now(UTC).isoformat(),
    }
