"""The running applications in which the states of `states.py` are found, and the people in them."""

from __future__ import annotations

import secrets
import shutil
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from flask import Flask, Response
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from portal import consents, create_app, history, mail
from portal.accounts import attempts, sessions, tokens
from portal.campaigns import content
from portal.config import Settings
from portal.database import db, now
from portal.investments import news
from portal.language import language
from portal.live import hub
from portal.models import (
    FundingInformation,
    Intent,
    Investment,
    Investor,
    Mail,
    StatusChange,
    User,
    UserSession,
    Withdrawal,
)
from portal.server import ThreadedServer

from .demo.presenting import running_demo
from .journey import Visitor
from .people import ANSWERS, add_user
from .settings import BOND, SOLAR, environment
from .simulator.running import RunningSimulator
from .states import CLOSED, FULL, WITHDRAWAL, Place, State
from .world import free_port

if TYPE_CHECKING:
    from portal.demo.run import Demo

WITHDRAWN = str(uuid.uuid4())
# A mail program shows what the mail brings with it; the portal's own pages have no style inside.
MAIL_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


class Places:
    """All of them.

    Attributes:
        url: the address of each.
        names: what the braces in the states' paths stand for, by place.
    """

    def __init__(self, demo: Demo, bare: Bare, closed: Bare, simulators: dict[Place, RunningSimulator]) -> None:
        self.demo, self.bare = demo, bare
        self.url: dict[Place, str] = {
            "demo": demo.settings.public_url,
            "simulator": demo.simulator_url,
            "bare": bare.url,
            "closed": closed.url,
            **{name: simulator.url for name, simulator in simulators.items()},
        }
        begun = names_of_investments(demo.portal)
        self.names: dict[Place, dict[str, str]] = {"demo": begun, "simulator": begun, "bare": bare.names}

    def address(self, state: State) -> str:
        path = state.path
        for name, value in self.names.get(state.place, {}).items():
            path = path.replace(f"{{{name}}}", value)
        assert "{" not in path, f"the seed has nothing for {path}"
        return self.url[state.place] + path

    def cookies(self, state: State) -> dict[str, str]:
        """Of somebody who is signed in already."""
        if not state.who:
            return {}
        app = self.demo.portal if state.place == "demo" else self.bare.app
        return session_cookie(app, state.who)


@contextmanager
def running_places(folder: Path) -> Iterator[Places]:
    """Portal with cast and simulator; a portal without demo whose Cashlink is away; one without open campaigns; a
    simulator in which nothing has happened, and one that misbehaves."""
    with ExitStack() as stack:
        stack.enter_context(more_campaigns(folder / "campaigns"))
        demo = stack.enter_context(running_demo(folder / "demo"))
        prepare(demo)
        bare = stack.enter_context(Bare(folder / "bare", BOND, FULL, CLOSED))
        bare.fill()
        closed = stack.enter_context(Bare(folder / "closed", CLOSED))
        simulators: dict[Place, RunningSimulator] = {}
        for name in ("empty", "disturbed"):
            simulators[name] = RunningSimulator(folder / f"{name}.sqlite3")  # type: ignore[index]
            stack.callback(simulators[name].close)  # type: ignore[index]
        disturb(simulators["disturbed"])
        yield Places(demo, bare, closed, simulators)


@contextmanager
def more_campaigns(folder: Path) -> Iterator[None]:
    """Beside those of the demo one that is fully funded, and one that is closed."""
    shutil.copytree(content.FOLDER, folder)
    solar = (folder / f"{SOLAR}.toml").read_text(encoding="utf-8")
    (folder / f"{FULL}.toml").write_text(solar, encoding="utf-8")
    closes = "\ncloses = { days = 20 }\n"
    assert closes in solar
    (folder / f"{CLOSED}.toml").write_text(solar.replace(closes, "\ncloses = { days = -3 }\n"), encoding="utf-8")
    before, content.FOLDER = content.FOLDER, folder
    content.load.cache_clear()
    try:
        yield
    finally:
        content.FOLDER = before
        content.load.cache_clear()


def session_cookie(app: Flask, who: str) -> dict[str, str]:
    """The cookie of a session. "new" has an account and nothing else; that of "session ended" was signed out since; who
    has "withdrawn" has no account, and the receipt in this browser alone."""
    token = secrets.token_urlsafe(32)
    if who not in ("session ended", "withdrawn"):
        with app.app_context():
            user = db.session.scalars(select(User).where(User.email.like(f"{who}@%"))).one()
            db.session.add(UserSession(token_hash=sessions.hash_token(token), user_id=user.id))
            db.session.commit()
    client = app.test_client()
    with client.session_transaction() as session:
        session.update({"withdrawal": WITHDRAWN} if who == "withdrawn" else {"_user_id": token, "_fresh": True})
    cookie = client.get_cookie("portal_session")
    assert cookie is not None
    return {"portal_session": cookie.value}


def names_of_investments(app: Flask) -> dict[str, str]:
    """Each investment by its person and its newest status: its page, its pages at Cashlink, its id there."""
    names = {}
    with app.app_context():
        for user in db.session.scalars(select(User)):
            for investment, change in history.investments_of(user):
                name = f"{user.email.partition('@')[0]}.{change.status if change else 'STARTED'}"
                names[name] = str(investment.id)
                names[f"{name}.cashlink"] = investment.cashlink_id or ""
                names[f"{name}.hosted"] = urlsplit(investment.start_url or "").path
                if change is None:
                    names[f"{name.partition('.')[0]}.hosted"] = names[f"{name}.hosted"]
            for receipt in consents.of(user.investor):
                names[f"{user.email.partition('@')[0]}.consent"] = str(receipt.id)
    return names


def prepare(demo: Demo) -> None:
    """What the seed leaves out: an investment that is not signed, at its last page, and somebody without data."""
    from portal import integration

    add_user(demo.portal, "new")
    with demo.portal.test_request_context("/", base_url=demo.settings.public_url):
        users = {user.email.partition("@")[0]: user for user in db.session.scalars(select(User))}
        users["new"].language = None
        db.session.delete(users["new"].investor)
        db.session.commit()
        hanna = users["hanna"]
        start_url = integration.start_subscription(hanna, SOLAR, integration.next_number(hanna, SOLAR)).start_url
    assert start_url is not None
    with Visitor(start_url) as visitor:
        visitor.open(start_url)
        while not visitor.path.endswith("/signature"):
            visitor.send(tick=True)


def disturb(simulator: RunningSimulator) -> None:
    for call, fault, times in (("create_investment", "after:lost", 3), ("delivery", "duplicate", None)):
        simulator.control("POST", "faults", {"on": call, "fault": fault, "times": times})
    simulator.control("POST", "deliveries", {"paused": True})


class Bare:
    """A portal without demo. Its Cashlink does not answer, and no loop runs: what is unknown stays so."""

    def __init__(self, folder: Path, *campaigns: str) -> None:
        from portal import migrations

        folder.mkdir()
        port = free_port()
        self.url = f"http://localhost:{port}"
        mapped = ",".join(f"{slug}={uuid.uuid4()}={slug}" for slug in campaigns)
        settings = {
            **environment(folder, self.url),
            "CASHLINK_CAMPAIGNS": mapped,
            "CASHLINK_COMPANY": "Cashlink-Simulator",
        }
        self.app = create_app(Settings.from_environment(settings))
        migrations.migrate(self.app)
        self.names: dict[str, str] = {}
        self.app.add_url_rule("/broken", view_func=break_down)
        self.app.add_url_rule("/database-away", view_func=lose_database)
        self.app.add_url_rule("/mail/<name>", view_func=show_mail)
        self._server = ThreadedServer(self.app, port)

    def __enter__(self) -> Bare:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        # Else open streams would keep their threads.
        hub(self.app).close()
        self._server.close()
        with self.app.app_context():
            db.engine.dispose()

    def fill(self) -> None:
        """People whose data and investments are in every state that the demo does not have."""
        for name in ("nora", "ulla", "alice", "rita", "ida", "paul", "ulrich", "kira", "resi", "wanda"):
            add_user(self.app, name, consented=name in ("rita", "ida", "paul", "ulrich", "kira"))
        with self.app.test_request_context("/", base_url=self.url):
            users = {user.email.partition("@")[0]: user for user in db.session.scalars(select(User))}
            for user in users.values():
                user.language = None
                assert user.investor is not None
                user.investor.answers = {**ANSWERS, "identification": {}}
            db.session.delete(users["nora"].investor)
            users["ulla"].email_confirmed_at = None
            self._import(users["ida"].investor, result=None)
            self._import(users["paul"].investor, result="parked", reason="not_found")
            refused = {"bank_account.iban": ["IBAN?"]}
            self._import(users["rita"].investor, result="refused", field_errors=refused)
            for name, status in (("ulrich", "SOMETHING_NEW"), ("kira", None)):
                self._invest(users[name], status)
            assert users["wanda"].investor is not None
            consents.give(users["wanda"].investor, "…", "de")
            consents.withdraw(users["wanda"].investor)
            db.session.add(Withdrawal(id=uuid.UUID(WITHDRAWN), language="de", **WITHDRAWAL))
            self.names["change"] = tokens.issue(users["resi"], tokens.CHANGE, "resi.new@example.org")
            self.names["confirmation"] = tokens.issue(users["ulla"], tokens.CONFIRM)
            self.names["reset"] = tokens.issue(users["resi"], tokens.RESET)
            db.session.add(self._funding())
            db.session.commit()
            for _try in range(attempts.SIGN_IN.tries):
                attempts.take((attempts.SIGN_IN, "many@example.org"))
        begun = names_of_investments(self.app)
        self.names |= begun | {"ulrich.UNKNOWN": begun["ulrich.SOMETHING_NEW"]}

    @staticmethod
    def _import(investor: Investor | None, **columns: Any) -> None:
        assert investor is not None
        closed = now() if columns["result"] else None
        db.session.add(Intent(kind="investor", investor_id=investor.id, body=b"{}", closed_at=closed, **columns))

    @staticmethod
    def _invest(user: User, status: str | None) -> None:
        """With a status that Cashlink has told; or begun, and Cashlink has not answered."""
        assert user.investor is not None
        user.investor.imported_at, user.investor.cashlink_id = now(), f"investor-of-{user.id}"
        investment = Investment(user_id=user.id, campaign=BOND, number=1)
        db.session.add(investment)
        db.session.flush()
        row = Intent(kind="investment", investment_id=investment.id, body=b"{}")
        db.session.add(row)
        if status:
            row.result, row.closed_at = "done", now()
            investment.cashlink_id, investment.units = f"investment-of-{user.id}", 20
            investment.start_url = "http://localhost:9/subscribe/invented"
            change = StatusChange(
                investment_id=investment.cashlink_id, changed_at=now() - timedelta(hours=2), status=status
            )
            db.session.add(change)

    @staticmethod
    def _funding() -> FundingInformation:
        volume = {"amount": "2500000000", "decimals": 3, "currency": "EUR"}
        products = [
            {"name": name, "type": "BOND", "volume": volume, "investment_sum": volume, "investment_count": 540}
            for name in (FULL, CLOSED)
        ]
        return FundingInformation(id=1, products=products, answered_at=now(), next_fetch_at=now() + timedelta(days=1))


def break_down() -> Response:
    raise RuntimeError("as asked for")


def lose_database() -> Response:
    raise OperationalError("SELECT", {}, Exception("as asked for"))


def show_mail(name: str) -> Response:
    """The HTML form of a mail, in the language of the request."""
    if name == "status":
        html = told_by_mail(language())
    else:
        html = mail.compose(name, language(), link="https://portal.example/link", at=now(), **WITHDRAWAL).html
    return Response(html, mimetype="text/html", headers={"Content-Security-Policy": MAIL_POLICY})


def told_by_mail(speaks: str) -> str:
    investment = db.session.scalars(select(Investment).where(Investment.units.is_not(None))).one()
    assert investment.user is not None
    investment.user.language = speaks
    news.tell(investment, StatusChange(status="ACCEPTED"))
    db.session.flush()
    html = db.session.scalars(select(Mail.body_html).where(Mail.user_id == investment.user_id)).one()
    db.session.rollback()
    return html or ""
