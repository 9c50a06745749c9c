"""`make scan`: the black-box scanner wapiti against `portal serve` behind TLS, signed out and signed in.

Usage: python -m tests.security.scan PATH_OF_WAPITI [SECONDS_PER_RUN]
"""

from __future__ import annotations

import json
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from pathlib import Path

import requests
import urllib3
from bs4 import BeautifulSoup

from ..faults.serving import Served
from ..people import PASSWORD, add_user
from ..settings import BOND
from ..world import free_port

# All that attack or judge a web application; not those that ask hosts elsewhere or look for other people's products.
MODULES = (
    "backup,cookieflags,crlf,csp,csrf,exec,file,htaccess,http_headers,ldap,methods,permanentxss,redirect,shellshock,"
    "sql,timesql,upload,xss,xxe"
)
STARTS = ("/login", "/register", "/password/forgotten", f"/campaigns/{BOND}", "/investor/person", "/account")
# What the scanner asks for and the portal leaves out: frame-ancestors does it; ASVS 3.4.6 calls the header obsolete.
ACCEPTED = ("X-Frame-Options is not set",)
# They would end the session, or never end.
LEFT_OUT = ("/logout", "/account/sign-out-everywhere", "/account/delete", "/investments/*/events")


class Tls:
    """What the reverse proxy does in production: TLS with a certificate of its own, in front of a port."""

    def __init__(self, folder: Path, port: int, behind: int) -> None:
        key, certificate = folder / "key.pem", folder / "certificate.pem"
        command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
        subprocess.run([*command, "-keyout", key, "-out", certificate], check=True, capture_output=True)
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate, key)
        self._listening, self._behind = socket.create_server(("127.0.0.1", port), backlog=128), behind
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            connection, _ = self._listening.accept()
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError), self._context.wrap_socket(connection, server_side=True) as outside:
            inside = socket.create_connection(("127.0.0.1", self._behind))
            threading.Thread(target=self._pump, args=(inside, outside), daemon=True).start()
            self._pump(outside, inside)

    @staticmethod
    def _pump(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
        with suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)


def cookies(url: str) -> str:
    """Those of Alice, signed in."""
    with requests.Session() as browser:
        browser.verify, browser.trust_env = False, False
        # The certificate is our own, of a minute ago.
        urllib3.disable_warnings()
        page = BeautifulSoup(browser.get(f"{url}/login", timeout=20).text, "html.parser")
        token = page.select_one("#main-form [name=csrf_token]")
        assert token is not None
        data = {"csrf_token": str(token["value"]), "email": "alice@example.org", "password": PASSWORD}
        answer = browser.post(f"{url}/login", data=data, timeout=20, allow_redirects=False)
        assert answer.status_code == 303, answer.text
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in browser.cookies)


def scan(wapiti: str, url: str, folder: Path, seconds: str, cookie: str = "") -> dict[str, list[dict[str, str]]]:
    """What wapiti has found, by kind; its log goes to the terminal."""
    report = folder / "report.json"
    places = [part for place in LEFT_OUT for part in ("-x", url + place)]
    places += [part for place in STARTS for part in ("-s", url + place)]
    # Each page bears a token of its own, so that forms never look the same twice: depth and time end the crawl.
    limits = ["-d", "3", "--max-scan-time", seconds, "--max-attack-time", seconds, "-t", "20", "--tasks", "8"]
    command = [wapiti, "-u", f"{url}/", "--scope", "folder", "-m", MODULES, "--flush-session", "-v", "0", "--color"]
    command += [
        "--no-bugreport",
        "--skip",
        "csrf_token",
        "--store-session",
        folder,
        "-f",
        "json",
        "-o",
        report,
        *limits,
    ]
    if cookie:
        command += ["-H", f"Cookie: {cookie}", "--drop-set-cookie"]
    subprocess.run([*command, *places], check=True)
    told = json.loads(report.read_text())
    print(f"{told['infos'].get('crawled_pages_nbr')} pages were crawled")
    return {kind: found for part in ("vulnerabilities", "anomalies") for kind, found in told[part].items() if found}


def main() -> None:
    wapiti, seconds = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "120"
    port = free_port()
    url = f"https://localhost:{port}"
    findings = 0
    with tempfile.TemporaryDirectory() as name, Served(Path(name), PORTAL_PUBLIC_URL=url) as served:
        Tls(Path(name), port, served.port)
        add_user(served.app, "alice")
        for who, cookie in (("signed out", ""), ("signed in", cookies(url))):
            found = scan(wapiti, url, Path(name), seconds, cookie)
            for kind, items in found.items():
                for item in items:
                    is_accepted = item["info"] in ACCEPTED
                    findings += not is_accepted
                    told = f"{kind}: {item['method']} {item['path']} {item['parameter']}: {item['info']}"
                    print(f"{who}: {'accepted: ' if is_accepted else ''}{told}")
        failed = [line for line in served.log().splitlines() if '"status": 5' in line]
    print(f"{findings} findings, {len(failed)} answers of 5xx")
    print("\n".join(failed[:20]))
    sys.exit(1 if findings or failed else 0)


if __name__ == "__main__":
    main()
