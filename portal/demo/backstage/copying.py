"""A recorded call as commands that somebody can run against the real API: for curl, and in Python.

What was masked becomes a placeholder: secrets a variable of the environment, personal data the name of their field.
"""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from typing import Any, Literal

from ...cashlink.client import SCOPE
from ...cashlink.observation import MASK
from .record import Entry

INFO = "/api/external-info/"
CREDENTIALS = {
    "grant_type": "client_credentials",
    "scope": SCOPE,
    "client_id": "$CASHLINK_CLIENT_ID",
    "client_secret": "$CASHLINK_CLIENT_SECRET",
}
FILE = "protocol.pdf"
# As the portal writes bodies: a repeat under the same key must be the same bytes.
COMPACT = (",", ":")


@dataclass(frozen=True)
class Request:
    """What a command must say. A `$NAME` is a variable of the environment.

    Attributes:
        token: variable of the bearer token; None where there is none.
        body: what `kind` calls for; the fields of a JSON body or of a form.
    """

    method: str
    base: str
    path: str
    token: str | None
    key: str | None
    kind: Literal["json", "form", "file", "none"]
    body: Any = None

    @property
    def headers(self) -> dict[str, str]:
        told = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        told |= {"X-Idempotency-Key": self.key} if self.key else {}
        return told | ({"Content-Type": "application/json"} if self.kind == "json" else {})


def request_of(entry: Entry) -> Request:
    """The request of an entry, with placeholders."""
    body = with_placeholders(json.loads(entry.request)) if _is_json(entry.request) else None
    kind: Literal["json", "none"] = "none" if body is None else "json"
    if entry.kind == "webhook":
        return Request("POST", "$PORTAL_PUBLIC_URL", entry.path, "$CASHLINK_WEBHOOK_TOKENS", None, kind, body)
    if entry.path == INFO:
        return Request("GET", "$CASHLINK_INFO_URL", "", None, None, "none")
    base, token = "$CASHLINK_API_URL", "$CASHLINK_TOKEN"
    if entry.path == "/oauth/token":
        return Request("POST", base, entry.path, None, None, "form", CREDENTIALS)
    if entry.path == "/v2/documents/":
        return Request("POST", base, entry.path, token, entry.idempotency_key, "file")
    return Request(entry.method, base, entry.path, token, entry.idempotency_key, kind, body)


def as_curl(entry: Entry) -> str:
    """A command for a shell; `export` the variables before."""
    wanted = request_of(entry)
    parts = [f'curl --request {wanted.method} "{wanted.base}{wanted.path}"']
    parts += [f'--header "{name}: {value}"' for name, value in wanted.headers.items()]
    if wanted.kind == "json":
        parts.append(f"--data {shlex.quote(json.dumps(wanted.body, separators=COMPACT))}")
    elif wanted.kind == "form":
        parts += [f'--data-urlencode "{name}={value}"' for name, value in wanted.body.items()]
    elif wanted.kind == "file":
        parts.append(f'--form "file=@{FILE};type=application/pdf"')
    return " \\\n  ".join(parts)


def as_python(entry: Entry) -> str:
    """A program of its own, with requests."""
    wanted = request_of(entry)
    path = f" + {_literal(wanted.path)}" if wanted.path else ""
    arguments = [_literal(wanted.method), _literal(wanted.base) + path]
    if wanted.headers:
        arguments.append(f"headers={_literal(wanted.headers)}")
    if wanted.kind == "json":
        arguments.append('data=json.dumps(body, separators=(",", ":"))')
    elif wanted.kind == "form":
        arguments.append(f"data={_literal(wanted.body)}")
    elif wanted.kind == "file":
        arguments.append(f'files={{"file": ("{FILE}", open("{FILE}", "rb"), "application/pdf")}}')
    arguments.append("timeout=8")
    call = "".join(f"    {argument},\n" for argument in arguments)
    before = f"import json\nimport os\n\nimport requests\n\nbody = {_literal(wanted.body, 0)}\n"
    before = before if wanted.kind == "json" else "import os\n\nimport requests\n\n"
    return f"{before}answer = requests.request(\n{call})\nprint(answer.status_code, answer.text)"


def with_placeholders(value: Any, name: str = "") -> Any:
    """A masked body with `<name of the field>` in place of what was masked."""
    if isinstance(value, dict):
        return {key: with_placeholders(inner, key) for key, inner in value.items()}
    if isinstance(value, list):
        return [with_placeholders(inner, name) for inner in value]
    return f"<{name}>" if value == MASK else value


def _literal(value: Any, depth: int = 1) -> str:
    """A value as Python, formatted as people do; a `$NAME` in a text is read from the environment."""
    if isinstance(value, dict):
        inner = "    " * (depth + 1)
        lines = [f"{inner}{_text(name)}: {_literal(item, depth + 1)},\n" for name, item in value.items()]
        return f"{{\n{''.join(lines)}{'    ' * depth}}}" if lines else "{}"
    if isinstance(value, list):
        return f"[{', '.join(_literal(item, depth) for item in value)}]"
    if not isinstance(value, str):
        return repr(value)
    before, dollar, variable = value.partition("$")
    read = f'os.environ["{variable}"]'
    return _text(value) if not dollar else f"{_text(before)} + {read}" if before else read


def _text(value: str) -> str:
    """In double quotes; JSON's texts are Python's."""
    return json.dumps(value, ensure_ascii=False)


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
