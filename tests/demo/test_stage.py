"""The stage without JavaScript: one button at a time, in both languages, signed out and in, by key and by hand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ..journey import Visitor
from ..world import wait_until
from .presenting import Presenter

pytest.importorskip("portal.demo", reason="the demo has been deleted")
pytestmark = pytest.mark.slow


@pytest.fixture
def presenter(demo: Any) -> Iterator[Presenter]:
    demo.start_over()
    with Presenter(demo.settings.public_url) as someone:
        yield someone


@pytest.mark.parametrize(
    ("name", "label", "dots"),
    [
        ("alice", "Press “Invest now”", ["todo"] * 6),
        ("bob", "Confirm identity", ["done", "now", "todo", "todo", "todo", "todo"]),
        ("carol", "Mark as paid", ["done"] * 4 + ["now", "todo"]),
        ("dana", "Confirm identity", ["done", "problem", "todo", "todo", "todo", "todo"]),
        ("new", "Press “Invest now”", ["todo"] * 6),
    ],
)
def test_one_click_puts_somebody_on_stage(presenter: Presenter, name: str, label: str, dots: list[str]) -> None:
    presenter.put_on_stage(name)
    assert (presenter.next_label, presenter.dots, presenter.trouble) == (label, dots, "")


def test_the_one_button_leads_from_the_first_click_to_the_credit(presenter: Presenter) -> None:
    labels = []
    presenter.put_on_stage("alice")
    while presenter.next_label:
        labels.append(presenter.next_label)
        presenter.press()
        wait_until(lambda last=labels[-1]: presenter.look().next_label != last)
    assert labels == [
        "Press “Invest now”",
        "Sign at Cashlink",
        "Confirm identity",
        "Review passed",
        "Accept",
        "Mark as paid",
        "Credit securities",
    ]
    assert presenter.dots == ["done"] * 6


def test_a_click_travels_from_the_studio_to_the_page(presenter: Presenter) -> None:
    presenter.put_on_stage("carol").press()
    wait_until(lambda: presenter.look().way == ["done"] * 4, what="the last station")
    passed = [int(stop.select("span")[0].get_text().strip("+ ms")) for stop in presenter.page.select(".way > li")[1:]]
    assert passed == sorted(passed), "one after the other"
    assert len(presenter.lines) <= 5
    assert any(line.startswith("Cashlink tells the portal: PAID") for line in presenter.lines)


def test_a_second_press_of_the_same_button_does_nothing(presenter: Presenter) -> None:
    presenter.put_on_stage("carol")
    form = presenter.form('form[action="/stage/next"]')
    for _ in range(2):
        answer = presenter.browser.post(presenter.home + form.action, data=form.values, timeout=20)
        assert answer.status_code == 200
    wait_until(lambda: presenter.look().next_label == "Credit securities")


def test_a_verdict_goes_when_the_next_step_begins(presenter: Presenter) -> None:
    """It spoke of the act before; beside what comes next it would be wrong."""
    presenter.begin("everything-goes-wrong")
    while not presenter.verdict:
        presenter.press()
    assert presenter.look().verdict.startswith("PASS"), "it stays as long as nothing else happens"
    assert presenter.press().verdict == ""


def test_each_step_can_be_done_by_hand_and_the_stage_goes_on_from_there(demo: Any, presenter: Presenter) -> None:
    presenter.begin("happy-path")
    while presenter.next_label != "Review passed":
        presenter.press()
    with Visitor(demo.settings.public_url) as issuer:
        link = presenter.page.select_one(".stage__hand a")
        assert link is not None
        for action in ("review", "accept"):
            button = f'button[formaction$="/{action}"]'
            wait_until(lambda: issuer.open(str(link["href"])).page.select_one(button))  # noqa: B023
            issuer.send(form=f"form:has({button})", button=button)
    wait_until(lambda: presenter.look().next_label == "Mark as paid", what="the step after those done by hand")
    presenter.press().press().press()
    assert presenter.verdict.startswith("PASS")


def test_the_investors_side_can_be_played_by_hand(presenter: Presenter) -> None:
    presenter.put_on_stage("new").send(form='form[action="/stage/by-hand"]')
    assert presenter.path.startswith("/campaigns/")
    presenter.send(form="form[data-invest]")
    assert "/subscribe/" in presenter.url
    assert presenter.look().next_label == "Sign at Cashlink"
    presenter.send(form='form[action="/stage/by-hand"]')
    assert presenter.path.startswith("/investments/")


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("signed_in", [False, True])
def test_it_works_in_both_languages_signed_out_and_in(demo: Any, language: str, signed_in: bool) -> None:
    demo.start_over()
    with Presenter(demo.settings.public_url, language) as presenter:
        if signed_in:
            presenter.open("/login").send(form='form[action="/demo/sign-in/dana"]')
        presenter.put_on_stage("carol")
        assert presenter.page.html is not None
        assert presenter.page.html["lang"] == language
        assert presenter.next_label == {"de": "Zahlung buchen", "en": "Mark as paid"}[language]
        presenter.press()
        wait_until(lambda: presenter.look().dots == ["done"] * 5 + ["now"])
        assert (presenter.open("/account").path == "/account") == signed_in, "the stage signs nobody in"


def test_a_step_that_fails_is_told_and_can_be_tried_again(demo: Any, presenter: Presenter) -> None:
    presenter.put_on_stage("carol")
    url, demo.portal.extensions["settings"] = demo.portal.extensions["settings"], _without_simulator(demo)
    try:
        presenter.send(form='form[action="/stage/next"]')
        assert "has not succeeded" in presenter.trouble
    finally:
        demo.portal.extensions["settings"] = url
    demo.portal.extensions["stage"].play.control.url = demo.simulator_url
    presenter.press()
    wait_until(lambda: presenter.look().next_label == "Credit securities")


def _without_simulator(demo: Any) -> Any:
    from dataclasses import replace

    return replace(demo.portal.extensions["settings"], api_url="http://localhost:9/api/external")


def test_on_an_empty_stage_the_one_key_begins_the_happy_path(presenter: Presenter) -> None:
    assert presenter.look().sentence == "Choose who takes the stage, or begin."
    assert presenter.next_label == "The happy path in three minutes"
    assert presenter.open("/stage/view").sentence == "Choose who takes the stage, or begin."
    presenter.look().send(form="form:has(#next)")
    assert presenter.next_label == "Create an account"


def test_the_part_that_changes_is_sent_only_when_it_has_changed(presenter: Presenter) -> None:
    presenter.put_on_stage("dana")

    def ask_twice() -> tuple[int, int]:
        first = presenter.browser.get(f"{presenter.home}/stage/view", timeout=5)
        again = presenter.browser.get(
            f"{presenter.home}/stage/view", headers={"If-None-Match": first.headers["ETag"]}, timeout=5
        )
        return first.status_code, again.status_code

    # News of putting her there may come between the two.
    wait_until(lambda: ask_twice() == (200, 304), what="an answer that nothing has changed", known=ask_twice)
