"""The layout of the documents: one column on A4, a watermark and a remark on every page."""

from __future__ import annotations

import io
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any, NamedTuple

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import KeepTogether, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

if TYPE_CHECKING:
    from .documents import Section

MARGIN = 22 * mm
INK, PALE, LINE = HexColor("#17221f"), HexColor("#e6ebe9"), HexColor("#c4cdc9")
TEXT = ParagraphStyle("text", fontName="Helvetica", fontSize=10, leading=14.5, textColor=INK, spaceAfter=5)
STRONG = ParagraphStyle("strong", parent=TEXT, fontName="Helvetica-Bold")
TITLE = ParagraphStyle("title", parent=TEXT, fontName="Times-Bold", fontSize=22, leading=27, spaceAfter=2)
SUBTITLE = ParagraphStyle("subtitle", parent=TEXT, fontSize=11, spaceAfter=14)
HEADING = ParagraphStyle("heading", parent=TEXT, fontName="Times-Bold", fontSize=14, leading=18, spaceBefore=12)


class Labels(NamedTuple):
    """What stands around the sections.

    Attributes:
        watermark: across each page.
        remark: at the foot of each page.
        page: with %(number)s.
        language: of all texts, for screen readers.
        author: who shows the document.
    """

    title: str
    subtitle: str
    watermark: str
    remark: str
    page: str
    language: str
    author: str


def lay_out(labels: Labels, sections: Sequence[Section]) -> tuple[bytes, int]:
    """The PDF and how many pages it has."""
    pages: list[int] = []

    def decorate(canvas: Any, _template: Any) -> None:
        pages.append(canvas.getPageNumber())
        _decorate(canvas, labels)

    target = io.BytesIO()
    template = SimpleDocTemplate(
        target,
        pagesize=A4,
        leftMargin=MARGIN,
        rightMargin=MARGIN,
        topMargin=MARGIN,
        bottomMargin=MARGIN,
        title=f"{labels.title} – {labels.subtitle}",
        lang=labels.language,
        author=labels.author,
        invariant=1,
    )
    story: list[Any] = [Paragraph(escape(labels.title), TITLE), Paragraph(escape(labels.subtitle), SUBTITLE)]
    for section in sections:
        story += _flow(section, template.width)
    template.build(story, onFirstPage=decorate, onLaterPages=decorate)
    return target.getvalue(), len(pages)


def _flow(section: Section, width: float) -> list[Any]:
    heading = Paragraph(escape(section.title), HEADING)
    parts: list[Any] = [Paragraph(escape(text), TEXT) for text in section.paragraphs]
    if section.rows:
        cells = [[Paragraph(escape(name), STRONG), Paragraph(escape(value), TEXT)] for name, value in section.rows]
        table = Table(cells, colWidths=[width * 0.36, width * 0.64])
        table.setStyle(TableStyle([("LINEBELOW", (0, 0), (-1, -2), 0.4, LINE), ("VALIGN", (0, 0), (-1, -1), "TOP")]))
        parts.append(table)
    # A heading never stands alone at the end of a page; a long table may begin below it and go on.
    if section.rows and len(section.rows) > 6:
        return [heading, *parts, Spacer(1, 4)]
    return [KeepTogether([heading, *parts[:1]]), *parts[1:]]


def _decorate(canvas: Any, labels: Labels) -> None:
    width, height = A4
    canvas.saveState()
    canvas.setFillColor(PALE)
    canvas.setFont("Helvetica-Bold", 96)
    canvas.translate(width / 2, height / 2)
    canvas.rotate(52)
    canvas.drawCentredString(0, -30, labels.watermark)
    canvas.restoreState()
    canvas.saveState()
    canvas.setFillColor(INK)
    canvas.setFont("Helvetica", 8)
    canvas.drawString(MARGIN, 12 * mm, labels.remark)
    canvas.drawRightString(width - MARGIN, 12 * mm, labels.page % {"number": canvas.getPageNumber()})
    canvas.restoreState()
