"""The portfolio: tasks first, newest first, sums of what is known."""

from __future__ import annotations

from datetime import timedelta

import pytest

from portal.investments import texts

from ..settings import BOND, SOLAR
from .person import PATH, START, Page, Person, words


def rows(page: Page) -> list[str]:
    return [words(row) for row in page.soup.select(".holdings tbody tr")]


def tasks(page: Page) -> list[str]:
    return [words(task) for task in page.soup.select(".tasks > li")]


def totals(page: Page) -> list[str]:
    return [words(total) for total in page.soup.select(".totals > div")]


def test_an_empty_portfolio_leads_to_the_campaigns(dana: Person) -> None:
    page = dana.page("/investments")
    assert "You have not invested yet." in page.text
    assert page.soup.select_one('main a.btn[href="/"]') is not None
    assert "Sie haben noch nicht investiert." in dana.page("/investments", "de").text


def test_the_newest_investment_stands_on_top(dana: Person) -> None:
    for number, (campaign, days) in enumerate([(BOND, 1), (SOLAR, 3), (BOND, 2)], 1):
        dana.invest(number=number, campaign=campaign, created_at=START + timedelta(days=days))
    page = dana.page("/investments")
    assert [row.split(" Not signed")[0] for row in rows(page)] == [
        "Solarpark Wendelau",
        "Wärmeanleihe Hollerbrück",
        "Wärmeanleihe Hollerbrück",
    ]
    assert [row.split("Since ")[1].split(" Amount")[0] for row in rows(page)] == [
        "19 November 2026",
        "18 November 2026",
        "17 November 2026",
    ]


def test_who_comes_back_from_cashlink_finds_the_fresh_subscription_on_top(dana: Person) -> None:
    dana.invest(*PATH, number=1, units=50)
    investment = dana.invest(number=2, created_at=START + timedelta(days=1))
    page = dana.page("/investments")
    (task,) = page.soup.select(".tasks > li")
    assert words(task).startswith("Finish your subscription at Cashlink Wärmeanleihe Hollerbrück")
    assert "Signed already? Then we are waiting for Cashlink’s confirmation." in words(task)
    assert task.a is not None
    assert task.a["href"] == f"/investments/{investment}"
    first = page.soup.select_one(".holdings tbody tr a")
    assert first is not None
    assert first["href"] == f"/investments/{investment}"


def test_tasks_are_what_nobody_else_can_do(dana: Person) -> None:
    for number, told in enumerate(
        [(), PATH[:1], PATH[:2], PATH[:3], PATH[:4], PATH[:5], PATH, ("KYC_INSUFFICIENT",)], 1
    ):
        dana.invest(*told, number=number, units=50, created_at=START + timedelta(days=number))
    dana.invest("REJECTION", number=9)
    dana.invest("ON_HOLD", number=10)
    assert [task.split(" Wärmeanleihe")[0] for task in tasks(dana.page("/investments"))] == [
        "Your identity check is incomplete",
        "Accepted: please transfer €5,000.00",
        "Confirm your identity",
        "Finish your subscription at Cashlink",
    ]


def test_only_what_was_delivered_counts_as_invested(dana: Person) -> None:
    dana.invest(*PATH, number=1, units=50)
    dana.invest(*PATH, number=2, units=5)
    dana.invest("ACCEPTED", number=3, units=12)
    dana.invest("KYC_PENDING", number=4)
    dana.invest("REJECTION", number=5, units=70)
    dana.invest("ON_HOLD", number=6, units=3)
    dana.invest(number=7)
    assert totals(dana.page("/investments")) == [
        "Invested €5,500.00 credited to you",
        "Under way €1,500.00 + 1 amount not known yet signed, not credited yet",
    ]
    assert totals(dana.page("/investments", "de"))[0] == "Investiert 5.500,00 € Ihnen gutgeschrieben"


@pytest.mark.parametrize("language", ["en", "de"])
def test_each_row_has_status_day_and_amount(dana: Person, language: str) -> None:
    dana.tell(dana.invest(number=1, units=50), "ACCEPTED", START + timedelta(days=4))
    dana.invest(number=2, created_at=START + timedelta(days=1))
    assert (
        rows(dana.page("/investments", language))
        == {
            "en": [
                "Wärmeanleihe Hollerbrück Not signed yet Since 17 November 2026 Amount not known yet",
                "Wärmeanleihe Hollerbrück Accepted – payment due Since 20 November 2026 Amount €5,000.00",
            ],
            "de": [
                "Wärmeanleihe Hollerbrück Noch nicht unterschrieben Seit 17. November 2026 Betrag noch nicht bekannt",
                "Wärmeanleihe Hollerbrück Angenommen – Zahlung offen Seit 20. November 2026 Betrag 5.000,00 €",
            ],
        }[language]
    )


def test_nobody_sees_the_investments_of_another(dana: Person, mallory: Person) -> None:
    dana.invest("ACCEPTED")
    assert "You have not invested yet." in mallory.page("/investments").text


def test_no_code_is_visible_anywhere(dana: Person) -> None:
    codes = [code for code in texts.TEXTS if code != "STARTED"]
    for number, code in enumerate([*codes, "SOMETHING_NEW"], 1):
        dana.invest(code, number=number)
    text = dana.page("/investments").text
    assert [code for code in [*codes, "SOMETHING_NEW"] if code in text] == []
