"""The take-home: one file without scripts that tells what has happened."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import requests
from bs4 import BeautifulSoup
from flask import Flask

from portal import create_app
from portal.config import VARIABLES, Settings

from ..acts import Acts
from ..people import add_user
from ..visitor import Visitor, words
from ..world import World, wait_until

pytest.importorskip("portal.demo.takehome", reason="the demo has been deleted")

from portal.demo import takehome
from portal.demo.takehome.settings import MEANINGS

from .test_backstage_record import invest, recorder_of, signed_in

pytestmark = pytest.mark.slow

SECOND_BRAND = Path(__file__).resolve().parents[1] / "second_brand"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The answer to Alice's click gets lost; the loop finishes it, she signs, a webhook arrives."""
    with World(tmp_path_factory.mktemp("world"), demo=True, background=False) as running:
        acts = Acts(running)
        add_user(running.app, "alice", identified=True)
        acts.import_investor(1)
        browser = signed_in(running, "alice")
        acts.arm("create_investment", "after:lost")
        assert "/investments/" in invest(running, browser)
        acts.loop_until(lambda: acts.intents()[-1][1] == "done", "the repeat")
        acts.sign(invest(running, browser))
        wait_until(lambda: acts.status(acts.state()["investments"][0]["id"]), what="the webhook")
        yield running


def file_of(world: World, language: str = "en") -> BeautifulSoup:
    answer = requests.get(f"{world.url}/backstage/take-home", headers={"Accept-Language": language})
    assert answer.headers["Content-Disposition"] == 'attachment; filename="take-home.html"'
    return BeautifulSoup(answer.text, "html.parser")


def test_it_is_one_file_without_scripts_and_without_addresses(world: World) -> None:
    soup = file_of(world)
    assert soup.select("script, link, img, iframe, object, form, [onclick], [src]") == []
    assert {str(link["href"])[0] for link in soup.select("a")} == {"#"}
    targets = {element["id"] for element in soup.select("[id]")}
    assert {str(link["href"])[1:] for link in soup.select("a")} <= targets
    assert len(targets) == len(soup.select("[id]"))
    policy = soup.select('meta[http-equiv="Content-Security-Policy"]')[0]["content"]
    assert policy == "default-src 'none'; style-src 'unsafe-inline'"


def test_the_diagram_and_the_list_tell_the_same(world: World) -> None:
    soup = file_of(world)
    told = [entry for entry in recorder_of(world).entries() if not entry.is_routine]
    assert len(soup.select(".arrow--ask")) == len(soup.select("article")) == len(told)
    drawn = dict.fromkeys(str(link["href"]) for link in soup.select("svg a"))
    assert list(drawn) == [f"#{article['id']}" for article in soup.select("article")]
    (lost,) = soup.select("svg a:has(.arrow--lost)")
    assert words(lost) == "no answer"
    assert "no answer" in words(soup.select(str(lost["href"]))[0])
    (told_by_webhook,) = (words(arrow) for arrow in soup.select(".arrow--ask") if "webhook" in words(arrow))
    assert told_by_webhook == "webhook REVIEW_PENDING"


def test_one_datum_changes_the_picture_and_the_list(world: World) -> None:
    entries = [entry for entry in recorder_of(world).entries() if not entry.is_routine]
    changed = [replace(entry, status=503, error="http-503") if entry.kind == "webhook" else entry for entry in entries]
    with world.app.test_request_context("/", base_url=world.url, headers={"Accept-Language": "en"}):
        before, after = (BeautifulSoup(takehome.render(told, "x"), "html.parser") for told in (entries, changed))
    for selector in (".arrow--failed", "article h4"):
        found = [sum("503" in words(part) for part in soup.select(selector)) for soup in (before, after)]
        assert found == [0, 1], selector


def test_each_exchange_has_its_bodies_its_source_and_code_to_copy(world: World) -> None:
    soup = file_of(world)
    article = next(found for found in soup.select("article") if "create the investment · 201" in words(found))
    text = words(article)
    assert "Step 2 of 3" in text
    assert '"start_url": "•••"' in text
    assert "curl --request POST" in text
    assert "requests.request(" in text
    assert "return client().create_investment(body, key)" in words(article.select(".line--meant")[0])
    assert re.search(r"X-Idempotency-Key: [0-9a-f-]{36}", text)


def test_the_settings_to_change_are_those_of_the_portal(world: World) -> None:
    assert set(MEANINGS) <= {variable.name for variable in VARIABLES}
    assert {variable.name for variable in VARIABLES if variable.default is None} <= set(MEANINGS)
    table = words(file_of(world).select("table")[0])
    assert world.environ["CASHLINK_API_URL"] in table
    for secret in ("CASHLINK_CLIENT_SECRET", "CASHLINK_WEBHOOK_TOKENS", "PORTAL_SECRET_KEY"):
        assert f"{secret} •••" in table
        assert world.environ[secret] not in table


def test_it_speaks_german(world: World) -> None:
    soup = file_of(world, "de")
    assert soup.html is not None
    assert soup.html["lang"] == "de"
    assert "Das Portal lässt Cashlink die Zeichnung anlegen · 201" in soup.text
    assert "Mit der echten API" in soup.text


def test_before_anything_has_happened_it_says_so(demo_app: Flask) -> None:
    text = Visitor(demo_app).get("/backstage/take-home").soup.text
    assert "Nothing has happened yet." in text
    assert "CASHLINK_API_URL" in text


def test_it_wears_the_brand(environ: dict[str, str]) -> None:
    look = {"PORTAL_BRAND": "Musterbank", "PORTAL_BRAND_DIR": str(SECOND_BRAND)}
    app = create_app(Settings.from_environment({**environ, **look}), demo=True)
    with app.test_request_context("/"):
        soup = BeautifulSoup(takehome.render([], "x"), "html.parser")
    assert words(soup.select(".brand")[0]).startswith("Musterbank")
    assert "--brand:#14357a" in soup.select("style")[0].text


@pytest.mark.slow
@pytest.mark.long
def test_both_performances_are_exported_in_both_languages(tmp_path: Path) -> None:
    from portal.demo.performances import PERFORMANCES
    from portal.demo.takehome.export import export

    contents, *files = export(tmp_path)
    links = BeautifulSoup(contents.read_text(), "html.parser").select("a")
    assert {str(link["href"]) for link in links} == {file.name for file in files}
    assert len(files) == 2 * len(PERFORMANCES)
    for file in files:
        soup = BeautifulSoup(file.read_text(), "html.parser")
        assert soup.select("script, link, img") == []
        assert soup.html is not None
        assert str(soup.html["lang"]) == file.name.split(".")[1]
        script = next(script for script in PERFORMANCES if script.name == file.name.split(".")[0])
        assert len(soup.select(".script > li")) == len(script.steps)
        verdicts = [words(verdict) for verdict in soup.select(".verdict")]
        assert verdicts
        assert all(verdict.startswith(("OK", "PASS")) for verdict in verdicts)
        assert "DELIVERED" in words(soup.select("svg")[0])
        assert "@example.org" not in soup.text
