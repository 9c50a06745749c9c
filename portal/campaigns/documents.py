"""The campaign's documents, made from the data file that its page is made of, and marked as samples on every page."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date, timedelta
from functools import lru_cache
from typing import NamedTuple

from flask_babel import LazyString

from ..config import settings
from ..language import day, language, money, today, whole_money
from ..language import gettext as _
from ..language import lazy_gettext as _l
from . import figures
from .content import Campaign, Share, load
from .wording import Wording


class Section(NamedTuple):
    """A heading with paragraphs, or with rows of a name and its value below."""

    title: str
    paragraphs: tuple[str, ...] = ()
    rows: tuple[tuple[str, str], ...] = ()


class Document(NamedTuple):
    """A document that every campaign has.

    Attributes:
        name: as in its address.
        write: its sections, in the language of the request.
    """

    name: str
    title: LazyString
    write: Callable[[Campaign, Wording], list[Section]]


class File(NamedTuple):
    """A document as it is downloaded.

    Attributes:
        key: the document's name in its address.
        name: of the file.
    """

    key: str
    name: str
    title: str
    content: bytes
    pages: int
    made: date

    @property
    def kilobytes(self) -> int:
        return max(1, round(len(self.content) / 1000))


def _information_sheet(campaign: Campaign, said: Wording) -> list[Section]:
    return [
        Section(_("Warning"), (*_notice(campaign, said), said(campaign.product.check))),
        Section(_("Key facts"), rows=_facts(campaign, said)),
        Section(said(campaign.project.title), tuple(said(text) for text in campaign.project.paragraphs)),
        Section(_("What the money is for"), rows=_amounts(campaign.uses, said)),
        Section(_("Where the money comes from"), rows=_amounts(campaign.sources, said)),
        Section(_("Risks"), tuple(f"{said(risk.title)}: {said(risk.what)}" for risk in campaign.risks)),
        Section(_("How much you may invest"), (said(campaign.product.limits), said(campaign.product.sheet))),
    ]


def _terms(campaign: Campaign, said: Wording) -> list[Section]:
    """The clauses follow the key facts one by one: what the page says and what is agreed are the same."""
    clauses = enumerate(_facts(campaign, said), start=1)
    return [Section(f"§ {number} {name}", (f"{value}.",)) for number, (name, value) in clauses]


def _costs(campaign: Campaign, said: Wording) -> list[Section]:
    sections = [
        Section(
            _("What it costs you"),
            (
                _(
                    "You pay the amount of your subscription and nothing on top: no premium, no fee for the account, "
                    "none for payments."
                ),
            ),
        ),
        Section(
            _("What it costs the issuer"),
            rows=(
                (_("Costs of the issue"), said.words["issue_costs"]),
                (_("Share of the volume"), said.words["issue_costs_share"]),
            ),
        ),
    ]
    for amount in campaign.examples:
        example = figures.example(campaign, amount)
        sections.append(
            Section(
                _("An example: %(amount)s", amount=whole_money(amount)),
                rows=(
                    (_("You pay"), money(amount)),
                    (_("Costs for you"), money(0)),
                    (_("Interest in all, as planned"), money(example.interest)),
                    (_("You receive in all, as planned"), money(example.total)),
                    (_("You receive in the loss case"), money(example.received_in_loss)),
                ),
            )
        )
    sections.append(
        Section(
            _("The loss case"),
            (_("After the issuer's insolvency nothing more is paid. Then the money invested may be lost completely."),),
        )
    )
    return sections


def _risks(campaign: Campaign, said: Wording) -> list[Section]:
    risks = enumerate(campaign.risks, start=1)
    return [
        Section(_("Warning"), _notice(campaign, said)),
        *(
            Section(f"{number}. {said(risk.title)}", (said(risk.what), said(risk.effect), said(risk.reaction)))
            for number, risk in risks
        ),
    ]


def _notice(campaign: Campaign, said: Wording) -> tuple[str, ...]:
    return tuple(said(sentence) for sentence in campaign.product.notice)


def _amounts(shares: tuple[Share, ...], said: Wording) -> tuple[tuple[str, str], ...]:
    return tuple((said(share.name), whole_money(share.amount)) for share in shares)


def _facts(campaign: Campaign, said: Wording) -> tuple[tuple[str, str], ...]:
    return tuple(
        (said(fact.name), f"{said(fact.value)}; {said(fact.detail)}" if fact.detail else said(fact.value))
        for fact in campaign.facts
    )


DOCUMENTS = {
    document.name: document
    for document in (
        Document("information-sheet", _l("Information sheet"), _information_sheet),
        Document("terms", _l("Terms of the product"), _terms),
        Document("costs", _l("Information on costs"), _costs),
        Document("risks", _l("Information on risks"), _risks),
    )
}


# Before the subscription begins: the first to subscribe have read them, too.
DRAWN_UP = timedelta(days=7)
# One thread at a time: ReportLab fills its tables at first use, and another thread would find them empty.
_MAKING = threading.Lock()


def titles() -> list[tuple[str, str]]:
    """Name and title of the documents that every campaign has, without making them."""
    return [(document.name, str(document.title)) for document in DOCUMENTS.values()]


def files(campaign: Campaign) -> list[File]:
    """All documents of a campaign in the language of the request."""
    return [file(campaign, name) for name in DOCUMENTS]


def file(campaign: Campaign, name: str) -> File:
    """The document of this name; it is made once a day for each language.

    Raises:
        KeyError: there is no such document.
    """
    with _MAKING:
        return _file(campaign.slug, name, language(), settings().brand, today())


@lru_cache(maxsize=64)
def _file(slug: str, name: str, spoken: str, brand: str, present: date) -> File:
    document = DOCUMENTS[name]
    # Imported here: it costs a quarter of a second, and not every process shows a campaign.
    from . import pdf

    campaign = load(slug, present)
    made = min(present, campaign.opens - DRAWN_UP)
    labels = pdf.Labels(
        title=str(document.title),
        subtitle=f"{campaign.name} · {Wording(campaign)(campaign.issuer)}",
        watermark=_("SAMPLE"),
        remark=f"{brand} · {_('Sample document, freely invented, no offer. As of %(day)s.', day=day(made))}",
        page=_("Page %(number)s"),
        language=spoken,
        author=brand,
    )
    content, pages = pdf.lay_out(labels, document.write(campaign, Wording(campaign)))
    return File(name, f"{slug}-{name}.pdf", str(document.title), content, pages, made)
