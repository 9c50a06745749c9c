"""Several `portal serve` on one database, as behind a balancer: what one receives the other shows; each ends in order.

B reaches no Cashlink at all: what it shows it can only have from the database.
"""

from __future__ import annotations

import re
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import requests
from bs4 import BeautifulSoup

from portal.accounts.sessions import hash_token
from portal.database import db, now
from portal.models import UserSession

from ..acts import Acts
from ..investments.listening import Listening
from ..investments.person import Person
from ..people import add_user
from ..settings import BOND, WEBHOOK_TOKEN
from ..world import free_port, wait_until
from .serving import Served

pytestmark = pytest.mark.slow

METRICS = "a-token-for-prometheus"
NEW_KEY = "another-key-that-only-the-tests-know-32"


class Machine(Served):
    """Another `portal serve` on the database of the first, with settings of its own."""

    def __init__(self, first: Served, folder: Path, **environ: str) -> None:
        self.app, self.port, self._workers = first.app, free_port(), 1
        self.url = f"http://localhost:{self.port}"
        self.environ = {**first.environ, **environ}
        self._log = (folder / "second.log").open("ab")
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Machine:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self._log.close()


@pytest.fixture(scope="module")
def machines(tmp_path_factory: pytest.TempPathFactory, postgres: object) -> Iterator[tuple[Served, Machine]]:
    """A and B on PostgreSQL. B reaches no Cashlink, and has the next secret key already."""
    from ..postgres import new_database

    folder = tmp_path_factory.mktemp("machines")
    # What is killed leaves its folder for metrics behind.
    shared = {"PORTAL_DATABASE_URL": new_database(postgres), "PORTAL_METRICS_TOKEN": METRICS, "TMPDIR": str(folder)}
    with Served(folder, **shared) as first:
        key = first.environ["PORTAL_SECRET_KEY"]
        alone = {"CASHLINK_API_URL": "http://localhost:9/api/external", "PORTAL_SECRET_KEY": NEW_KEY}
        with Machine(first, folder, **alone, PORTAL_SECRET_KEY_BEFORE=key) as second:
            yield first, second


def tell(machine: Served, cashlink_id: str, status: str) -> None:
    told = {"investment_id": cashlink_id, "status": status, "changed_at": now().isoformat()}
    headers = {"Authorization": f"Bearer {WEBHOOK_TOKEN}"}
    assert requests.post(f"{machine.url}/webhooks/cashlink", json=told, headers=headers, timeout=10).status_code == 204


def test_a_page_held_by_b_moves_after_a_webhook_to_a(machines: tuple[Served, Machine]) -> None:
    first, second = machines
    # Signed in at A: the cookie is signed with the key that B knows as the one before.
    dana = Person.create(first.app, "dana@example.org", "Dana", "Muster")
    investment = dana.invest("KYC_PENDING")
    with Listening(second.url, dana, investment) as page:
        page.next_event()

        def delay(status: str) -> float:
            begun = time.monotonic()
            tell(first, dana.cashlink_id(investment), status)
            return page.next_event().at - begun

        # The best of five: a busy machine may delay single ones, but not all.
        assert min(delay(status) for status in ("REVIEW_PENDING", "WAITING_FOR_ACCEPTANCE", "ACCEPTED", "PAID")) < 1
    shown = requests.get(f"{second.url}/investments/{investment}", cookies=dana.cookie, timeout=10)
    assert 'data-status="PAID"' in shown.text


def test_whichever_process_is_asked_answers_for_its_machine(machines: tuple[Served, Machine]) -> None:
    """And the secrets of all others are not needed for it."""
    first, _ = machines
    for _ in range(8):
        requests.get(f"{first.url}/help", timeout=10)

    def help_pages() -> float:
        answer = requests.get(f"{first.url}/metrics", headers={"Authorization": f"Bearer {METRICS}"}, timeout=10)
        found = re.search(r'portal_request_seconds_count{method="GET",route="/help",status="200"} (\S+)', answer.text)
        return float(found[1]) if found else 0

    # Two processes, of which either may answer.
    assert [help_pages() for _ in range(4)] == [8.0] * 4


def test_told_to_end_a_process_closes_its_streams_and_finishes_its_requests(tmp_path: Path) -> None:
    with Served(tmp_path, workers=1) as machine, ExitStack() as stack:
        assert machine.process is not None
        acts = Acts(machine)  # type: ignore[arg-type]
        alice = imported(machine, "alice")
        investments = [alice.invest("PAID", number=number) for number in (1, 2, 3)]
        pages = [stack.enter_context(Listening(machine.url, alice, investment)) for investment in investments]
        for page in pages:
            page.next_event()
        answers: list[requests.Response] = []
        click = threading.Thread(target=lambda: answers.append(press_invest(machine.url, alice)), daemon=True)
        acts.arm("create_investment", "late")
        click.start()
        wait_until(lambda: acts.requests("/v2/investments/", "POST"), 20, "the call under way")
        begun = time.monotonic()
        machine.process.send_signal(signal.SIGTERM)
        # Long before the server would lose patience, which is after ten seconds.
        assert max(page.ends() for page in pages) - begun < 5
        assert machine.process.wait(20) == 0
        machine.process = None
        click.join(10)
    (answer,) = answers
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith(machine.simulator_url)


def imported(machine: Served, name: str) -> Person:
    """Somebody whose data are at Cashlink, signed in."""
    user_id = add_user(machine.app, name, consented=True)
    assert Acts(machine).import_investor(user_id) == "done"  # type: ignore[arg-type]
    person = Person(machine.app, user_id, "a-token-of-a-session")
    with machine.app.app_context():
        db.session.add(UserSession(token_hash=hash_token(person.token), user_id=user_id))
        db.session.commit()
    return person


def press_invest(url: str, person: Person) -> requests.Response:
    opened = requests.get(f"{url}/campaigns/{BOND}", cookies=person.cookie, timeout=10)
    page = BeautifulSoup(opened.text, "html.parser")
    fields = {str(field["name"]): str(field["value"]) for field in page.select("form[data-invest] input")}
    cookies = {"portal_session": opened.cookies["portal_session"]}
    address = f"{url}/campaigns/{BOND}/invest"
    return requests.post(address, data=fields, cookies=cookies, timeout=20, allow_redirects=False)
