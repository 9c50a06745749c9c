"""Nothing can be tried without end, whoever tries, at whichever process, before or after a restart."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal import create_app
from portal.accounts import attempts
from portal.config import Settings
from portal.database import db
from portal.models import Attempt, Mail

from ..people import PASSWORD, add_user
from ..schema import migrate
from ..visitor import BASE, Visitor, link_in, mails

ALICE = "alice@example.org"
CLIENT, SECRET = "webhook-client", "webhook-secret-of-the-tests"
OAUTH = {"CASHLINK_WEBHOOK_CLIENT_ID": CLIENT, "CASHLINK_WEBHOOK_CLIENT_SECRET": SECRET}
GRANT = {"grant_type": "client_credentials", "client_id": CLIENT}


pytestmark = pytest.mark.usefixtures("fast_hashes")


@pytest.fixture
def lower(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Make a limit small, so that a test need not try a hundred times."""

    def to(name: str, tries: int) -> None:
        monkeypatch.setattr(attempts, name, getattr(attempts, name)._replace(tries=tries))

    return to


def from_address(app: Flask, address: str) -> Visitor:
    visitor = Visitor(app)
    visitor.client.environ_base["REMOTE_ADDR"] = address
    return visitor


@pytest.fixture
def processes(environ: dict[str, str]) -> Iterator[list[Flask]]:
    """Two applications on one database, as two processes hold them."""
    apps = [create_app(Settings.from_environment(environ)) for _ in range(2)]
    migrate(apps[0])
    yield apps
    for app in apps:
        with app.app_context():
            db.engine.dispose()


@pytest.mark.both_databases
def test_brute_force_is_stopped_across_processes_and_restarts(processes: list[Flask], environ: dict[str, str]) -> None:
    """Forty guesses at once from forty addresses: ten are looked at, and the right password does not help any more."""
    add_user(processes[0], "alice")
    visitors = [from_address(processes[count % 2], f"192.0.2.{count}") for count in range(40)]
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda visitor: visitor.sign_in(ALICE, "a-wrong-password").status, visitors))
    assert sorted(statuses) == [422] * 10 + [429] * 30
    restarted = create_app(Settings.from_environment(environ))
    assert from_address(restarted, "198.51.100.1").sign_in(ALICE, PASSWORD).status == 429
    with restarted.app_context():
        db.engine.dispose()


def test_nobody_closes_an_account_to_its_owner_by_failing(app: Flask) -> None:
    """From where its owner has signed in lately, others' tries do not count; and that helps nobody elsewhere."""
    add_user(app, "alice")
    assert from_address(app, "192.0.2.1").sign_in(ALICE, PASSWORD).status == 303
    stranger = from_address(app, "198.51.100.1")
    assert [stranger.sign_in(ALICE, "a-wrong-password").status for _ in range(11)] == [422] * 10 + [429]
    owner = from_address(app, "192.0.2.1")
    assert [owner.sign_in(ALICE, "a-wrong-password").status for _ in range(9)] == [422] * 9
    assert owner.sign_in(ALICE, PASSWORD).status == 303
    assert from_address(app, "192.0.2.2").sign_in(ALICE, PASSWORD).status == 429


def test_a_place_is_not_the_owners_before_the_address_is_confirmed(app: Flask) -> None:
    """Whoever has registered a stranger's address has no count of tries of their own once the stranger confirms."""
    mallory = from_address(app, "198.51.100.1")
    mallory.register(ALICE, PASSWORD)
    assert mallory.sign_in(ALICE, PASSWORD).location == "/register/sent"
    owner = from_address(app, "192.0.2.1")
    assert owner.submit(link_in(mails(app, ALICE)[0]), new_password="a-new-password-of-alice").status == 303
    others = from_address(app, "203.0.113.1")
    assert [others.sign_in(ALICE, "a-wrong-password").status for _ in range(10)] == [422] * 10
    assert from_address(app, "198.51.100.1").sign_in(ALICE, PASSWORD).status == 429


def test_nobody_keeps_the_owner_from_a_new_password_by_asking_for_one(app: Flask, lower: Any) -> None:
    add_user(app, "alice")
    lower("MAILS_A_DAY", 1)
    from_address(app, "192.0.2.1").sign_in(ALICE, PASSWORD)
    for count in range(3):
        from_address(app, f"198.51.100.{count}").submit("/password/forgotten", email=ALICE)
    assert len(mails(app, ALICE)) == 1
    from_address(app, "192.0.2.1").submit("/password/forgotten", email=ALICE)
    assert len(mails(app, ALICE)) == 2


def test_the_right_password_is_not_tried_without_end_either(app: Flask, lower: Any) -> None:
    add_user(app, "alice")
    lower("SIGN_INS", 3)
    statuses = [from_address(app, f"192.0.2.{count}").sign_in(ALICE, PASSWORD).status for count in range(4)]
    assert statuses == [303] * 3 + [429]


def test_registrations_and_mails_are_limited_per_address(app: Flask, lower: Any) -> None:
    """Whether the addresses that are typed are known makes no difference."""
    add_user(app, "alice")
    lower("MAIL_ADDRESS", 3)
    visitor = from_address(app, "192.0.2.1")
    assert visitor.register(ALICE, PASSWORD).status == 303
    assert visitor.register("bob@example.org", PASSWORD).status == 303
    assert visitor.submit("/password/forgotten", email="carol@example.org").status == 303
    for answer in (
        visitor.register("dana@example.org", PASSWORD),
        visitor.submit("/password/forgotten", email=ALICE),
        visitor.post("/register/sent"),
        visitor.post("/confirm-email/invented/again"),
    ):
        assert answer.status == 429
        assert answer.heading == "Too many attempts"
        assert int(answer.response.headers["Retry-After"]) > 3000
    assert from_address(app, "192.0.2.2").register("dana@example.org", PASSWORD).status == 303


def test_a_mailbox_gets_one_mail_a_minute_whoever_asks(app: Flask) -> None:
    add_user(app, "alice")
    for count in range(4):
        answer = from_address(app, f"192.0.2.{count}").submit("/password/forgotten", email=ALICE)
        assert answer.location == "/password/sent"
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Mail)) == 1


@pytest.mark.parametrize("path", ["/password", "/confirm-email"])
def test_guessing_mailed_links_is_limited_per_address(app: Flask, lower: Any, path: str) -> None:
    lower("LINK_ADDRESS", 3)
    visitor = from_address(app, "192.0.2.1")
    statuses = [visitor.get(f"{path}/guess-{count}").status for count in range(5)]
    assert statuses == [410] * 3 + [429] * 2
    assert from_address(app, "192.0.2.2").get(f"{path}/guess").status == 410


def test_an_ipv6_network_counts_as_one_address(app: Flask, lower: Any) -> None:
    lower("LINK_ADDRESS", 2)
    statuses = [from_address(app, f"2001:db8:1:1::{n}").get(f"/password/guess-{n}").status for n in range(3)]
    assert statuses == [410, 410, 429]
    assert from_address(app, "2001:db8:1:2::1").get("/password/guess").status == 410


def test_ipv4_on_a_listener_of_both_is_not_one_address(app: Flask, lower: Any) -> None:
    lower("LINK_ADDRESS", 1)
    addresses = ("::ffff:192.0.2.1", "::ffff:192.0.2.1", "192.0.2.1", "::ffff:192.0.2.2", "unknown")
    statuses = [from_address(app, address).get("/password/guess").status for address in addresses]
    assert statuses == [410, 429, 429, 410, 410]


@pytest.mark.parametrize(("name", "same_address"), [("TOKEN_ADDRESS", True), ("TOKEN_CLIENT", False)])
def test_guessing_the_secret_of_the_webhooks_is_limited(
    environ: dict[str, str], lower: Any, name: str, same_address: bool
) -> None:
    app = create_app(Settings.from_environment({**environ, **OAUTH}))
    migrate(app)
    lower(name, 3)

    def ask(count: int, secret: str) -> int:
        address = {"REMOTE_ADDR": "192.0.2.1" if same_address else f"192.0.2.{count}"}
        data = {**GRANT, "client_secret": secret}
        return app.test_client().post("/oauth/token", base_url=BASE, data=data, environ_base=address).status_code

    # Successes do not count.
    assert [ask(count, SECRET) for count in range(5)] == [200] * 5
    assert [ask(count, "a-wrong-secret") for count in range(10, 14)] == [401] * 3 + [429]
    assert ask(19, SECRET) == 429
    # Who has had tokens from its place goes on, whatever strangers do elsewhere.
    assert ask(1, SECRET) == (429 if same_address else 200)
    with app.app_context():
        db.engine.dispose()


def test_whoever_names_no_client_closes_the_token_endpoint_to_nobody(environ: dict[str, str], lower: Any) -> None:
    app = create_app(Settings.from_environment({**environ, **OAUTH}))
    migrate(app)
    lower("TOKEN_CLIENT", 3)

    def ask(address: str, **data: str) -> int:
        data = {"grant_type": "client_credentials", **data}
        place = {"REMOTE_ADDR": address}
        return app.test_client().post("/oauth/token", base_url=BASE, data=data, environ_base=place).status_code

    assert [ask(f"192.0.2.{count}") for count in range(6)] == [401] * 6
    # An IPv6 network is one address here, too.
    lower("TOKEN_ADDRESS", 2)
    assert [ask(f"2001:db8:1:1::{count}") for count in range(3)] == [401, 401, 429]
    assert ask("198.51.100.1", client_id=CLIENT, client_secret=SECRET) == 200
    with app.app_context():
        db.engine.dispose()


@pytest.mark.parametrize(("proxies", "counted"), [("0", "127.0.0.1"), ("1", "203.0.113.7")])
def test_a_forwarded_address_is_believed_only_behind_a_declared_proxy(
    environ: dict[str, str], proxies: str, counted: str
) -> None:
    app = create_app(Settings.from_environment({**environ, "PORTAL_PROXIES": proxies}))
    migrate(app)
    forwarded = {"X-Forwarded-For": "198.51.100.9, 203.0.113.7"}
    app.test_client().get("/password/guess", base_url=BASE, headers=forwarded)
    with app.app_context():
        keys = set(db.session.scalars(select(Attempt.key_hash)))
        assert keys == {attempts._key(attempts.LINK_ADDRESS, counted)}
        db.engine.dispose()


def test_the_table_of_tries_does_not_grow_without_end(app: Flask, tmp_path: Path) -> None:
    with app.app_context():
        for count in range(250):
            db.session.add(Attempt(key_hash=str(count)))
        db.session.flush()
        db.session.execute(db.update(Attempt).values(at=attempts.now() - attempts.LONGEST * 2))
        db.session.commit()
        for count in range(100):
            attempts.take((attempts.SIGN_IN, str(count)))
        assert (db.session.scalar(select(func.count()).select_from(Attempt)) or 0) <= 150
