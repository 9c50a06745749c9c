"""The portfolio: tasks first, newest first, sums of what is known."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from portal.campaigns import content, figures
from portal.investments import texts
from portal.language import day, today

from ..settings import BOND, SOLAR
from .person import PATH, START, Page, Person, words

HEAT = "Wärmeanleihe Hollerbrück"


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
    assert totals(dana.page("/investments"))[:2] == [
        "Invested €5,500.00 credited to you",
        "Under way €1,500.00 + 1 amount not known yet signed, not credited yet",
    ]
    assert totals(dana.page("/investments", "de"))[0] == "Investiert 5.500,00 € Ihnen gutgeschrieben"


@pytest.mark.parametrize("language", ["en", "de"])
def test_each_row_has_status_day_and_amount(dana: Person, language: str) -> None:
    dana.tell(dana.invest(number=1, units=50), "ACCEPTED", START + timedelta(days=4))
    dana.invest(number=2, created_at=START + timedelta(days=1))
    first, second = rows(dana.page("/investments", language))
    if language == "en":
        assert first == f"{HEAT} Not signed yet Since 17 November 2026 Amount not known yet Next payment –"
        assert second == f"{HEAT} Accepted – payment due Since 20 November 2026 Amount €5,000.00 Next payment –"
    else:
        assert first.startswith(f"{HEAT} Noch nicht unterschrieben Seit 17. November 2026 Betrag noch nicht bekannt")
        assert second.startswith(f"{HEAT} Angenommen – Zahlung offen Seit 20. November 2026 Betrag 5.000,00 €")
        assert second.endswith("Nächste Zahlung –")


def test_nobody_sees_the_investments_of_another(dana: Person, mallory: Person) -> None:
    dana.invest("ACCEPTED")
    assert "You have not invested yet." in mallory.page("/investments").text


def test_no_code_is_visible_anywhere(dana: Person) -> None:
    codes = [code for code in texts.TEXTS if code != "STARTED"]
    for number, code in enumerate([*codes, "SOMETHING_NEW"], 1):
        dana.invest(code, number=number)
    text = dana.page("/investments").text
    assert [code for code in [*codes, "SOMETHING_NEW"] if code in text] == []


def years(page: Page) -> list[str]:
    return [words(row) for row in page.soup.select("#expected ~ .scroll tbody tr, #expected ~ .scroll tfoot tr")]


def test_payments_to_come_stand_by_year_for_what_was_delivered(dana: Person) -> None:
    dana.invest(*PATH, number=1, units=50)
    dana.invest(*PATH, number=2, units=25, campaign=SOLAR)
    dana.invest("ACCEPTED", number=3, units=12)
    with dana.app.test_request_context():
        bond, solar = content.load(BOND, today()), content.load(SOLAR, today())
    wanted: dict[int, list[float]] = {}
    for campaign, amount in ((bond, 5000), (solar, 2500)):
        for payment in figures.example(campaign, Decimal(amount)).payments:
            year = wanted.setdefault(payment.on.year, [0, 0])
            year[0] += float(payment.interest)
            year[1] += float(payment.repayment)
    page = dana.page("/investments")
    assert years(page) == [
        *(
            f"{year} €{interest:,.2f} {f'€{repayment:,.2f}' if repayment else '–'} €{interest + repayment:,.2f}"
            for year, (interest, repayment) in sorted(wanted.items())
        ),
        "All years €2,295.00 €7,500.00 €9,795.00",
    ]
    assert "Payments are not guaranteed" in page.text
    assert totals(page)[2] == "Expected payments €9,795.00 not guaranteed"
    assert "Zahlungen sind nicht garantiert" in dana.page("/investments", "de").text


def test_the_next_payment_stands_in_the_row(dana: Person) -> None:
    dana.invest(*PATH, number=1, units=50)
    with dana.app.test_request_context(headers={"Accept-Language": "en"}):
        first = day(content.load(BOND, today()).payment_day(1)).replace("\N{NO-BREAK SPACE}", " ")
    (row,) = rows(dana.page("/investments"))
    assert row.endswith(f"Next payment €287.50 {first}")


def test_a_return_that_depends_on_the_profit_is_not_expected(dana: Person) -> None:
    dana.invest(*PATH, number=1, units=50, campaign="genussrecht-kaeserei-brunnenau")
    assert years(dana.page("/investments")) == []


def test_there_is_a_total_for_each_status(dana: Person) -> None:
    dana.invest(*PATH, number=1, units=50)
    dana.invest(*PATH, number=2, units=5)
    dana.invest("ACCEPTED", number=3, units=12)
    dana.invest("ACCEPTED", number=4)
    dana.invest("REJECTION", number=5, units=70)
    table = dana.page("/investments").soup.select("#states ~ table tbody tr")
    assert [words(row) for row in table] == [
        "Completed 2 €5,500.00",
        "Accepted – payment due 2 €1,200.00 + 1 amount not known yet",
        "Declined by the issuer 1 €7,000.00",
    ]


def test_documents_are_those_of_what_has_not_ended(dana: Person) -> None:
    dana.invest(*PATH, number=1, units=50)
    dana.invest("REJECTION", number=2, units=5, campaign=SOLAR)
    links = [str(link["href"]) for link in dana.page("/investments").soup.select("#documents ~ ul a")]
    assert links[0] == f"/campaigns/{BOND}/documents/information-sheet.pdf"
    assert len(links) == 4
    assert dana.client.get(links[0]).mimetype == "application/pdf"
