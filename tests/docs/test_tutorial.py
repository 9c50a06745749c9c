"""The tutorial's code, as it stands on the page, subscribes at the simulator and survives what it says it survives."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
import requests

pytest.importorskip("portal.simulator", reason="the simulator has been deleted")

from portal.contract.app.knocks import Target
from portal.contract.app.rounds import PLANS, Plan
from portal.contract.app.run import check_app

from ..journey import Visitor
from ..simulator.running import Robot, RunningSimulator
from ..world import free_port, wait_until
from .shop import CAMPAIGN_ID, PAGE, TOKEN, Shop, files, write

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSimulator]:
    port = free_port()
    running = RunningSimulator(
        tmp_path_factory.mktemp("simulator") / "simulator.sqlite3",
        f"http://localhost:{port}/webhooks/cashlink",
        webhook_token=TOKEN,
        return_url=f"http://localhost:{port}/investments",
    )
    running.start_sender()
    yield running
    running.close()


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, simulator: RunningSimulator) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("tutorial") / "shop"
    write(folder)
    port = int(simulator.app.extensions["simulator"].settings.webhook_url.split(":")[2].split("/")[0])
    running = Shop(folder, port, simulator.url)
    yield running
    running.close()


@pytest.fixture
def kim(shop: Shop) -> Iterator[Visitor]:
    """The user of the page, signed in."""
    with signed_in(shop, "kim@example.org") as visitor:
        yield visitor


def signed_in(shop: Shop, email: str) -> Visitor:
    return Visitor(shop.url).open("/login").send({"email": email, "password": "try-me"}, form="form")


def state(simulator: RunningSimulator) -> dict[str, Any]:
    return dict(simulator.control("GET", "state"))


def test_each_file_of_the_page_is_shown_and_named_in_its_table() -> None:
    rows = re.findall(r"^\| (`.*?) \|", PAGE, re.MULTILINE)
    assert {name for row in rows for name in re.findall(r"`(\w+\.py)`", row)} == set(files())


def test_the_pages_code_runs_a_subscription(simulator: RunningSimulator, shop: Shop, kim: Visitor) -> None:
    """With a lost answer, an outage, a double click and a duplicate on the way."""
    for call, fault in (
        ("create_investor", "after:lost"),
        ("create_investment", "before:503"),
        ("delivery", "duplicate"),
    ):
        simulator.control("POST", "faults", {"on": call, "fault": fault, "times": 1})
    kim.send(form="form")
    wait_until(lambda: state(simulator)["investors"], 20, "the investor")
    kim.open("/campaign")
    assert kim.send(form="form").url == f"{shop.url}/investments"

    def start_url() -> str:
        link = kim.open("/investments").page.select_one("a")
        return str(link["href"]) if link else ""

    wait_until(start_url, 30, "the way on to Cashlink", known=shop.log.read_text)
    again = kim.browser.post(f"{shop.url}/invest", data={"number": "9"}, allow_redirects=False, timeout=20)
    assert again.headers["Location"] == start_url()
    Robot(start_url()).walk(until="/identification")
    wait_until(lambda: kim.open("/investments").status == "KYC_PENDING", 20, "the status", known=shop.log.read_text)

    (investment,) = state(simulator)["investments"]
    assert investment["campaign_id"] == CAMPAIGN_ID
    (investor,) = state(simulator)["investors"]
    assert investor["has_communication"]
    # Signed: only now a second one is granted, and only once.
    for _ in range(2):
        kim.browser.post(f"{shop.url}/invest", data={"number": "2"}, allow_redirects=False, timeout=20)
    assert len(state(simulator)["investments"]) == 2


def test_clicks_at_the_same_moment_are_one_investor_and_one_investment(simulator: RunningSimulator, shop: Shop) -> None:
    shop.add_user("ari@example.org")
    before, together = state(simulator)["counts"], Barrier(12)
    with signed_in(shop, "ari@example.org") as visitor, ThreadPoolExecutor(12) as pool:

        def click() -> requests.Response:
            together.wait(20)
            return visitor.browser.post(f"{shop.url}/invest", data={"number": "1"}, allow_redirects=False, timeout=20)

        answers = [pool.submit(click) for _ in range(12)]
        assert {answer.result().status_code for answer in answers} == {303}

    def rows() -> list[str]:
        mine = "SELECT state FROM intent JOIN user ON user.id = user_id WHERE email = 'ari@example.org'"
        return [row["state"] for row in shop.sql(mine)]

    # A click that finds a row taken, by another or by the loop, goes away without waiting: the loop makes what is left.
    wait_until(lambda: set(rows()) == {"done"}, 20, "the end of all calls", known=shop.log.read_text)
    assert len(rows()) == 3
    after = state(simulator)["counts"]
    assert after["investors"] == before["investors"] + 1
    assert after["investments"] == before["investments"] + 1


def test_a_lost_webhook_and_a_wrong_one_are_put_right_by_asking(
    simulator: RunningSimulator, shop: Shop, kim: Visitor
) -> None:
    investment = next(row for row in state(simulator)["investments"] if row["status"])
    wrong = {"investment_id": investment["id"], "status": "DELIVERED", "changed_at": "2020-10-19T08:00:00Z"}
    answer = post_webhook(shop, wrong)
    assert answer.status_code == 204
    # Old news, and not what the person is shown.
    assert kim.open("/investments").page.select_one('[data-status="DELIVERED"]') is None
    simulator.control("POST", "faults", {"on": "delivery", "fault": "drop", "times": 1})
    Robot(f"{simulator.url}/studio/investments/{investment['id']}").submit()
    ask_at_once = {"investment_id": investment["id"], "status": "SOMETHING_NEW", "changed_at": "2020-10-19T09:00:00Z"}
    assert post_webhook(shop, ask_at_once).status_code == 204
    wanted = next(row["status"] for row in state(simulator)["investments"] if row["id"] == investment["id"])
    assert wanted == "REVIEW_PENDING"
    wait_until(
        lambda: kim.open("/investments").page.select_one(f'[data-status="{wanted}"]'),
        20,
        "the status that no webhook brought",
        known=shop.log.read_text,
    )


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"{}", {"Authorization": "Bearer wrong"}, 401),
        (b"{}", {"Authorization": "Bearer t\xc3\xb6ken"}, 401),
        (b"{}", {}, 401),
        (b" " * 65537, {"Authorization": f"Bearer {TOKEN}"}, 413),
        (b"[" * 60000, {"Authorization": f"Bearer {TOKEN}"}, 204),
        (b'{"kind": "registry_statement"}', {"Authorization": f"Bearer {TOKEN}"}, 204),
        (b'{"investment_id": "\\u0000", "status": "PAID"}', {"Authorization": f"bearer {TOKEN}"}, 204),
        (b'{"investment_id": "x", "status": "PAID", "changed_at": 5}', {"Authorization": f"bearer {TOKEN}"}, 204),
    ],
)
def test_the_receiver_answers_whatever_comes(shop: Shop, body: bytes, headers: dict[str, str], status: int) -> None:
    url = f"{shop.url}/webhooks/cashlink/"
    assert requests.post(url, data=body, headers=headers, allow_redirects=False, timeout=10).status_code == status


def test_an_investor_who_exists_is_adopted_and_not_created(simulator: RunningSimulator, shop: Shop) -> None:
    before = len(state(simulator)["investors"])
    existing = simulator.create_investor()
    shop.add_user("robin@example.org")
    assert "http-404" in shop.flask("adopt", "robin@example.org", "no-such-investor").stderr
    adopted = shop.flask("adopt", "robin@example.org", existing)
    assert adopted.returncode == 0, adopted.stderr
    with signed_in(shop, "robin@example.org") as visitor:
        visitor.browser.post(f"{shop.url}/invest", data={"number": "1"}, allow_redirects=False, timeout=20)
    there = state(simulator)
    assert len(there["investors"]) == before + 1
    assert existing in [row["investor_id"] for row in there["investments"]]


def test_the_pages_code_passes_the_self_check(
    simulator: RunningSimulator, shop: Shop, request: pytest.FixtureRequest
) -> None:
    """In the long form all rounds; each takes some seconds, since the application waits before it repeats."""

    def subscribe(plan: Plan) -> None:
        shop.add_user(f"{plan.name}@example.org")
        with signed_in(shop, f"{plan.name}@example.org") as visitor:
            for _ in range(2 if plan.name == "calm" else 1):
                visitor.open(f"{shop.url}/campaign").send(form="form")

    target = Target(f"{shop.url}/webhooks/cashlink", TOKEN)
    is_long = request.config.getoption("--long")
    plans = [plan for plan in PLANS if is_long or plan.name in ("calm", "lost", "elsewhere")]
    report = check_app(target, simulator.url, subscribe, plans=plans)
    found = {verdict.rule.id: verdict.finding for verdict in report.verdicts}
    not_tried = {} if is_long else {"app-outage": "unknown", "app-new-token": "unknown", "app-no-redirect": "unknown"}
    assert {name: finding.state for name, finding in found.items() if finding.state != "ok"} == not_tried
    assert len(found) > 10


def test_a_process_that_is_killed_in_the_middle_of_a_call_loses_and_doubles_nothing(
    simulator: RunningSimulator, shop: Shop
) -> None:
    """The last one: the application's web process is dead afterwards, and its loop finishes alone."""
    shop.add_user("sam@example.org")
    before = state(simulator)["counts"]
    simulator.control("POST", "faults", {"on": "create_investor", "fault": "after:timeout", "times": 1})
    with signed_in(shop, "sam@example.org") as visitor, ThreadPoolExecutor(1) as pool:
        click = pool.submit(visitor.browser.post, f"{shop.url}/invest", data={"number": "1"}, timeout=20)
        wait_until(lambda: state(simulator)["counts"]["investors"] > before["investors"], 20, "the investor")
        shop.kill_web_process()
        assert isinstance(click.exception(), requests.ConnectionError)
    # As if the killed process's claim had ended.
    shop.sql("UPDATE intent SET next_try_at = '2026-01-01 00:00:00.000000' WHERE state = 'open'")
    wait_until(
        lambda: not shop.sql("SELECT id FROM intent WHERE state = 'open'"), 20, "the loop", known=shop.log.read_text
    )
    after = state(simulator)
    assert after["counts"]["investors"] == before["investors"] + 1
    assert after["counts"]["investments"] == before["investments"] + 1
    assert all(investor["has_communication"] for investor in after["investors"])
    log = shop.log.read_text()
    assert [secret for secret in ("DE539000", "21345678998", "/subscribe/", TOKEN) if secret in log] == []
    assert "Traceback" not in log


def post_webhook(shop: Shop, event: dict[str, str]) -> Any:
    url = f"{shop.url}/webhooks/cashlink"
    return requests.post(url, json=event, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=10)
