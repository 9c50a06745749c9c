"""docs/nginx.conf as it is, but for name, ports and certificate, between browsers and `portal serve`."""

from __future__ import annotations

import os
import re
import shutil
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPSConnection
from pathlib import Path

import pytest
import requests
from flask import Flask, request

from portal import create_app
from portal.config import Settings
from portal.database import now
from portal.server import ThreadedServer

from ..investments.person import Person
from ..people import PASSWORD, add_user
from ..settings import WEBHOOK_TOKEN
from ..world import free_port, wait_until
from .serving import Served

NGINX = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
CONFIGURATION = Path(__file__).resolve().parents[2] / "docs" / "nginx.conf"
FRAME = """
{user}
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
client_body_temp_path {folder};
proxy_temp_path {folder};
fastcgi_temp_path {folder};
uwsgi_temp_path {folder};
scgi_temp_path {folder};
{configuration}
}}
"""


@dataclass
class Front:
    """nginx in front of one port or several."""

    folder: Path
    upstreams: tuple[int, ...]
    port: int
    plain_port: int

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}"

    @property
    def certificate(self) -> str:
        return str(self.folder / "portal.crt")


@dataclass
class Behind(Front):
    """A served portal behind it."""

    served: Served


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Behind]:
    folder = tmp_path_factory.mktemp("proxy")
    port = free_port()
    settings = {"PORTAL_PUBLIC_URL": f"https://localhost:{port}", "PORTAL_PROXIES": "1"}
    with Served(folder, workers=1, **settings) as served:
        running = Behind(folder, (served.port,), port, free_port(), served)
        with in_front(running):
            yield running


@contextmanager
def in_front(front: Front) -> Iterator[None]:
    if NGINX is None:
        pytest.skip("nginx is not installed")
    process = start_nginx(front)
    try:
        wait_until(lambda: process.poll() is not None or answers(front), 10, "an answer of nginx")
        assert process.poll() is None, (front.folder / "error.log").read_text()
        yield
    finally:
        process.terminate()
        process.wait(10)


def start_nginx(front: Front) -> subprocess.Popen[bytes]:
    certificate = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    key = ["-addext", "subjectAltName=DNS:localhost", "-keyout", "portal.key", "-out", "portal.crt"]
    subprocess.run([*certificate, *key], cwd=front.folder, check=True, capture_output=True)
    text = CONFIGURATION.read_text()
    machine = re.search(r"^ *server 127\.0\.0\.1:8000.*\n", text, re.MULTILINE)
    assert machine is not None
    machines = [machine[0].replace(":8000", f":{port}") for port in front.upstreams]
    text = text.replace(machine[0], "".join(machines))
    for written, here in (
        ("https://portal.example", front.url),
        ("portal.example", "localhost"),
        ("listen 80;", f"listen 127.0.0.1:{front.plain_port};"),
        ("listen 443 ", f"listen 127.0.0.1:{front.port} "),
        ("/etc/ssl/", f"{front.folder}/"),
        ("/var/log/nginx/", f"{front.folder}/"),
    ):
        assert written in text, written
        text = text.replace(written, here)
    user = "user root;" if os.geteuid() == 0 else ""
    (front.folder / "nginx.conf").write_text(FRAME.format(folder=front.folder, user=user, configuration=text))
    assert NGINX is not None
    return subprocess.Popen([NGINX, "-c", str(front.folder / "nginx.conf")], stderr=subprocess.DEVNULL)


def answers(front: Front) -> bool:
    """Whatever it is: even that nobody is behind it."""
    try:
        return bool(get(front, "/healthz").status_code)
    except requests.RequestException:
        return False


def get(front: Front, path: str) -> requests.Response:
    return requests.get(front.url + path, verify=front.certificate, timeout=10)


def logged(front: Front) -> str:
    """All that nginx has written."""
    return "".join((front.folder / name).read_text() for name in ("portal.log", "portal-error.log", "error.log"))


@pytest.mark.slow
def test_through_nginx(behind: Behind) -> None:
    """Sign in as a browser does, over TLS, with all that guards a form."""
    plain = requests.get(f"http://localhost:{behind.plain_port}/login?x=1", allow_redirects=False, timeout=10)
    assert (plain.status_code, plain.headers["Location"]) == (301, f"{behind.url}/login?x=1")
    add_user(behind.served.app, "alice")
    with requests.Session() as browser:
        browser.verify, browser.trust_env = behind.certificate, False
        page = browser.get(f"{behind.url}/login", timeout=10)
        assert page.headers["Content-Encoding"] == "gzip"
        assert "max-age" in page.headers["Strict-Transport-Security"]
        assert page.headers["Server"] == "nginx"
        token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
        assert token is not None
        form = {"email": "alice@example.org", "password": PASSWORD, "csrf_token": token[1]}
        address = f"{behind.url}/login"
        signed_in = browser.post(address, form, headers={"Referer": address}, allow_redirects=False, timeout=10)
        assert (signed_in.status_code, signed_in.headers["Location"]) == (303, "/")
        assert signed_in.headers["Set-Cookie"].startswith("__Host-portal_session=")
        assert "; Secure" in signed_in.headers["Set-Cookie"]
        assert browser.get(f"{behind.url}/account", timeout=10).status_code == 200
    for path in ("/metrics", "/readyz"):
        assert get(behind, path).status_code == 404
    for path in ("/password", "/confirm-email", "/account/email"):
        get(behind, f"{path}/a-secret-link")
        wait_until(lambda line=f"{path}/...": line in logged(behind), 5, "its line")  # type: ignore[misc]
    assert not re.search(r"a-secret-link|127\.0\.0\.1", logged(behind))


@pytest.mark.slow
def test_who_is_back_is_asked_at_once(tmp_path: Path) -> None:
    """While machines are restarted one after another none is held for dead, and no log tells who was refused."""
    front = Front(tmp_path, (free_port(), free_port()), free_port(), free_port())
    with in_front(front):
        assert get(front, "/password/a-secret-link").status_code == 502
        machine = ThreadedServer(Flask("back"), front.upstreams[1]).start()
        answered = {get(front, "/").status_code for _ in range(4)}
        machine.close()
    assert answered == {404}
    wait_until(lambda: "/password/... 502" in logged(front), 5, "its line")
    assert not re.search(r"a-secret-link|127\.0\.0\.1", logged(front))


@pytest.mark.slow
def test_a_stream_is_passed_on_at_once(behind: Behind) -> None:
    dana = Person.create(behind.served.app, "dana@example.org", "Dana", "Muster")
    investment = dana.invest("KYC_PENDING")
    with closing(
        HTTPSConnection("localhost", behind.port, context=ssl.create_default_context(cafile=behind.certificate))
    ) as connection:
        cookie = f"__Host-portal_session={dana.cookie['portal_session']}"
        connection.request("GET", f"/investments/{investment}/events", headers={"Cookie": cookie})
        stream = connection.getresponse()
        begun = time.monotonic()
        while not stream.readline().startswith(b"event: "):
            pass
        assert time.monotonic() - begun < 2

        def delay(status: str) -> float:
            told = {"investment_id": dana.cashlink_id(investment), "status": status, "changed_at": now().isoformat()}
            headers = {"Authorization": f"Bearer {WEBHOOK_TOKEN}"}
            address = f"{behind.url}/webhooks/cashlink"
            begun = time.monotonic()
            answer = requests.post(address, json=told, headers=headers, verify=behind.certificate, timeout=10)
            assert answer.status_code == 204
            while not stream.readline().startswith(b"event: "):
                pass
            return time.monotonic() - begun

        # A proxy that gathers would let it wait for the next kilobytes, which never come.
        assert min(delay(status) for status in ("REVIEW_PENDING", "WAITING_FOR_ACCEPTANCE", "ACCEPTED")) < 2


@pytest.mark.parametrize(("proxies", "address"), [("0", "127.0.0.1"), ("1", "198.51.100.7"), ("2", "203.0.113.9")])
def test_only_so_many_proxies_are_believed(environ: dict[str, str], proxies: str, address: str) -> None:
    app: Flask = create_app(Settings.from_environment({**environ, "PORTAL_PROXIES": proxies}))
    app.add_url_rule("/who", view_func=lambda: f"{request.remote_addr}")
    headers = {"X-Forwarded-For": "6.6.6.6, 203.0.113.9, 198.51.100.7"}
    assert app.test_client().get("/who", headers=headers).text == address
