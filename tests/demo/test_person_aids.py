"""The presenter's aids on the person's way: cast, mailbox, sample data. Production has none of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from portal import create_app, migrations, sending
from portal.accounts.passwords import hash_password
from portal.config import Settings
from portal.database import db, now
from portal.demo import cast
from portal.investors import steps
from portal.models import User

from ..visitor import Visitor, link_in, mails

pytestmark = pytest.mark.slow

EMAIL = "robin@example.org"
PASSWORD = "a-password-of-robin"


@pytest.fixture
def visitor(demo_app: Flask) -> Visitor:
    return Visitor(demo_app)


def add_cast(app: Flask) -> None:
    with app.app_context():
        password_hash = hash_password(cast.PASSWORD)
        for member in cast.members():
            db.session.add(User(email=member.email, password_hash=password_hash, email_confirmed_at=now()))
        db.session.commit()


def test_the_cast_is_the_one_that_was_decided() -> None:
    shown = [member for member in cast.members() if member.shown]
    assert [(member.full_name, member.email) for member in shown] == [
        ("Alice Beispiel", "alice@example.org"),
        ("Bob Muster", "bob@example.org"),
        ("Carol Beispiel", "carol@example.org"),
        ("Dana Muster", "dana@example.org"),
    ]
    assert {member.password for member in cast.members()} == {"wind-ember-lantern-42"}


@pytest.mark.parametrize("name", [member.name for member in cast.members()] + ["sample"])
def test_all_data_of_the_cast_pass_the_forms(demo_app: Flask, name: str) -> None:
    """What stands in the file is what the forms would store: same fields, same clean forms."""
    member = cast.member(name)
    answers: dict[str, Any] = member.answers if member else cast.sample()
    with demo_app.test_request_context("/", base_url="http://localhost:8000"):
        for step, form in steps.FORMS.items():
            if not answers[step]:
                continue
            filled = form(None, data=form.to_fields(answers[step]))
            assert filled.validate(), (step, filled.errors)
            assert filled.answers() == answers[step]


def test_the_cast_is_invented() -> None:
    people = [member.answers for member in cast.members()] + [cast.sample()]
    ibans = [answers["bank"]["iban"] for answers in people]
    assert len(set(ibans)) == len(people)
    # No German bank code begins with 9.
    assert all(iban.startswith("DE") and iban[4:12] == "90000000" for iban in ibans)
    assert len({answers["tax"]["tax_identification_number"] for answers in people}) == len(people)
    assert all(answers["person"]["surname"] in ("Beispiel", "Muster") for answers in people)
    # The Bundesnetzagentur keeps these numbers free for films.
    assert all(answers["address"]["phone"].startswith("+493023125") for answers in people)


def test_one_click_signs_in_as_each_of_the_cast(demo_app: Flask, visitor: Visitor) -> None:
    add_cast(demo_app)
    page = visitor.get("/login?next=/investments")
    buttons = [form for form in page.soup.select("form") if str(form["action"]).startswith("/demo/sign-in/")]
    assert [str(form["action"]).rpartition("/")[2] for form in buttons] == ["alice", "bob", "carol", "dana"]
    for form in buttons:
        data = {str(field["name"]): str(field["value"]) for field in form.select("input")}
        answer = Visitor(demo_app)
        data["csrf_token"] = str(answer.get("/login").typed("csrf_token"))
        response = answer.client.post(str(form["action"]), base_url="http://localhost:8000", data=data)
        assert response.headers["Location"] == "/investments"
        assert str(form["action"]).rpartition("/")[2] in answer.get("/account").text


def test_the_cast_can_sign_in_with_its_password(demo_app: Flask, visitor: Visitor) -> None:
    add_cast(demo_app)
    assert visitor.sign_in("carol@example.org", "wind-ember-lantern-42").status == 303


def test_signing_in_leads_to_no_other_site(demo_app: Flask, visitor: Visitor) -> None:
    add_cast(demo_app)
    assert visitor.post("/demo/sign-in/alice", next="//evil.example").location == "/"


def test_an_empty_demo_says_so(visitor: Visitor) -> None:
    for name in ("alice", "mallory"):
        assert visitor.post(f"/demo/sign-in/{name}").location == "/login"
        assert "has not been filled" in visitor.get("/login").text


def test_the_mailbox_shows_messages_with_working_links_newest_first(demo_app: Flask, visitor: Visitor) -> None:
    assert "No messages yet" in visitor.get("/mailbox").text
    visitor.register("first@example.org", PASSWORD)
    visitor.register(EMAIL, PASSWORD)
    hint = visitor.get("/register/sent").soup.select_one("main a[href='/mailbox']")
    assert hint is not None
    page = visitor.get("/mailbox")
    assert page.soup.select_one(".demo a[href='/mailbox']") is not None
    articles = page.soup.select("article")
    assert [EMAIL in article.text for article in articles] == [True, False]
    link = str(articles[0].select("a")[0]["href"]).removeprefix("http://localhost:8000")
    assert link == link_in(mails(demo_app, EMAIL)[0])
    assert visitor.submit(link, password=PASSWORD).location == "/investor"


def test_the_mailbox_escapes(demo_app: Flask, visitor: Visitor) -> None:
    demo_app.extensions["settings"] = replace(demo_app.extensions["settings"], brand="<script>x</script>")
    visitor.register(EMAIL, PASSWORD)
    assert "<script>x" not in visitor.get("/mailbox").response.text


def test_nothing_is_mailed_from_a_demo(environ: dict[str, str]) -> None:
    app = create_app(Settings.from_environment({**environ, "PORTAL_MAIL_URL": "smtp://127.0.0.1:9"}), demo=True)
    migrations.migrate(app)
    Visitor(app).register(EMAIL, PASSWORD)
    with app.app_context():
        assert sending.send_due() == 0
    assert mails(app, EMAIL)[0].attempts == 0


def new_person(app: Flask) -> Visitor:
    visitor = Visitor(app)
    visitor.register(EMAIL, PASSWORD)
    visitor.submit(link_in(mails(app, EMAIL)[0]), password=PASSWORD)
    return visitor


def test_a_button_fills_each_step_with_sample_data(demo_app: Flask) -> None:
    """From nothing to the consent without typing a letter."""
    visitor = new_person(demo_app)
    for step in steps.NAMES:
        button = visitor.get(f"/investor/{step}").soup.select_one("#main-form button[name=sample]")
        assert button is not None
        page = visitor.post(f"/investor/{step}", sample="1")
        assert (page.status, page.summary) == (200, [])
        fields = [
            field["name"] for field in page.form().select("input[name], select[name]") if field["name"] != "protocol"
        ]
        data = {str(name): page.typed(str(name)) for name in fields if page.typed(str(name)) is not None}
        answer = visitor.client.post(f"/investor/{step}", base_url="http://localhost:8000", data=data)
        assert answer.status_code == 303
    page = visitor.get("/investor/check")
    assert "Robin" in page.text
    assert "No, Cashlink identifies me" in page.text
    assert "to the built-in simulator and to nobody else" in page.text


def test_the_sample_is_for_those_who_are_signed_in(visitor: Visitor) -> None:
    assert visitor.post("/investor/person", sample="1").location == "/login?next=/investor/person"


def test_pages_say_what_the_simulator_does_not_ask(demo_app: Flask, app: Flask) -> None:
    """The law's limits stand there, and that Cashlink asks for what they depend on."""
    note = "the simulator leaves out the question about assets and income"
    for path in ("/campaigns/solarpark-wendelau", "/risks"):
        assert note in Visitor(demo_app).get(path).text
        assert "Cashlink asks for this" in Visitor(app).get(path).text
        assert note not in Visitor(app).get(path).text


def test_production_has_no_aids(app: Flask) -> None:
    visitor = Visitor(app)
    assert visitor.get("/mailbox").status == 404
    assert visitor.post("/demo/sign-in/alice").status == 404
    for path in ("/login", "/register"):
        text = visitor.get(path).response.text
        assert "demo" not in text.lower().replace("demo-register", "")
    visitor.register(EMAIL, PASSWORD)
    assert "/mailbox" not in visitor.get("/register/sent").response.text
    visitor.submit(link_in(mails(app, EMAIL)[0]), password=PASSWORD)
    assert 'name="sample"' not in visitor.get("/investor/person").response.text
    answer = visitor.post("/investor/person", sample="1")
    assert answer.status == 422
