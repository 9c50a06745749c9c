"""What rules have found, as lines, JSON, JUnit, Markdown and a page. A self-check: it certifies nothing.

The texts of findings hold no secret and no person's data, so a report can be sent on.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any
from xml.etree import ElementTree

from . import engine
from .engine import Check, Finding, Result
from .rules import Rule
from .texts import Text

DOCUMENTATION = "https://docs.cashlink.de"
RESULTS: dict[engine.State, Text] = {
    "ok": Text("kept", "eingehalten"),
    "failed": Text("not kept", "nicht eingehalten"),
    "unknown": Text("not tried", "nicht versucht"),
}
NO_NOTE = Text("", "")
ORDER: tuple[engine.State, ...] = ("failed", "unknown", "ok")


@dataclass(frozen=True)
class Verdict:
    """A rule with what was found."""

    rule: Rule
    finding: Finding
    seconds: float

    def as_result(self) -> Result:
        return Result(Check(self.rule.id, self.rule.sentence, lambda: self.finding), self.finding, self.seconds)


@dataclass(frozen=True)
class Report:
    """All verdicts about one subject.

    Attributes:
        subject: what was tried, as a title.
        place: where: a host or an address without secrets.
        note: what a reader should know besides.
    """

    subject: Text
    place: str
    day: date
    verdicts: Sequence[Verdict]
    note: Text = NO_NOTE

    def count(self, state: engine.State) -> int:
        return sum(verdict.finding.state == state for verdict in self.verdicts)

    @property
    def exit_code(self) -> int:
        return engine.exit_code(verdict.as_result() for verdict in self.verdicts)

    def ordered(self) -> list[Verdict]:
        """What is not kept comes first."""
        return sorted(self.verdicts, key=lambda verdict: ORDER.index(verdict.finding.state))


def judge(
    rules: Iterable[Rule], subject: Any, tell: Callable[[Verdict], object] = lambda verdict: None
) -> list[Verdict]:
    """Try the rules' probes on a subject, in their order.

    Args:
        tell: is told of each verdict at once.
    """
    verdicts: list[Verdict] = []
    by_id = {rule.id: rule for rule in rules}

    def take(result: Result) -> None:
        verdicts.append(Verdict(by_id[result.check.id], result.finding, result.seconds))
        tell(verdicts[-1])

    engine.run((Check(rule.id, rule.sentence, partial(rule.probe, subject)) for rule in by_id.values()), take)
    return verdicts


def line(verdict: Verdict, language: str) -> str:
    """For a terminal."""
    finding, rule = verdict.finding, verdict.rule
    text = engine.line(verdict.as_result(), language)
    if finding.state == "failed" and finding.remedy is None:
        text += f"\n          {engine.REMEDY.to(language)}: {rule.remedy.to(language)}"
    return text


def summary(report: Report, language: str) -> str:
    parts = (f"{report.count(state)} {RESULTS[state].to(language)}" for state in reversed(ORDER))
    return ", ".join(parts)


def rows(report: Report, language: str) -> list[dict[str, Any]]:
    """What stands in JSON, and on the page."""
    return [
        {
            "id": verdict.rule.id,
            "rule": verdict.rule.sentence.to(language),
            "state": verdict.finding.state,
            "result": RESULTS[verdict.finding.state].to(language),
            "seen": verdict.finding.seen.to(language),
            "why": verdict.rule.why.to(language),
            "remedy": (verdict.finding.remedy or verdict.rule.remedy).to(language),
            "ask": verdict.finding.ask.to(language) if verdict.finding.ask else None,
            "known": verdict.rule.state().to(language),
            "source": f"{DOCUMENTATION}, {verdict.rule.source}" if verdict.rule.source else None,
            "ours": verdict.rule.places(),
        }
        for verdict in report.ordered()
    ]


def as_json(report: Report, language: str) -> str:
    data: dict[str, Any] = {
        "kind": "self-check, no certificate",
        "subject": report.subject.to(language),
        "place": report.place,
        "date": report.day.isoformat(),
        "note": report.note.to(language),
        "counts": {state: report.count(state) for state in ORDER},
        "rules": rows(report, language),
    }
    return json.dumps(data, ensure_ascii=False, indent=2) + "\n"


def as_junit(report: Report, language: str) -> str:
    """For a CI: a rule is a test case, one that was not tried is skipped."""
    counts = {"tests": len(report.verdicts), "failures": report.count("failed"), "skipped": report.count("unknown")}
    numbers = {name: str(count) for name, count in counts.items()}
    root = ElementTree.Element("testsuites", numbers)
    suite = ElementTree.SubElement(root, "testsuite", {"name": "portal check", **numbers})
    for verdict in report.verdicts:
        finding, rule = verdict.finding, verdict.rule
        attributes = {"classname": f"contract.{rule.about}", "name": rule.id, "time": f"{verdict.seconds:.3f}"}
        case = ElementTree.SubElement(suite, "testcase", attributes)
        if finding.state != "ok":
            kind = "failure" if finding.state == "failed" else "skipped"
            element = ElementTree.SubElement(case, kind, {"message": finding.seen.to(language)})
            element.text = "\n".join(text.to(language) for text in (rule.sentence, rule.why, rule.remedy))
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def as_page(report: Report, language: str) -> str:
    """HTML in one file, without scripts."""
    # Imported on first use: lines for a terminal need no templates.
    from jinja2 import Environment, PackageLoader

    templates = Environment(loader=PackageLoader(__name__.rpartition(".")[0], ""), autoescape=True)
    page = templates.get_template("page.html")
    return page.render(report=report, rows=rows(report, language), summary=summary(report, language), language=language)


MARKDOWN = {
    "head": Text("Self-check of", "Selbsttest von"),
    "known": Text("known so far", "bisher bekannt"),
    "rule": Text("rule", "Regel"),
    "seen": Text("seen", "gesehen"),
    "result": Text("result", "Ergebnis"),
    "why": Text("Why it matters", "Warum es zählt"),
}


def as_markdown(report: Report, language: str) -> str:
    """A report to be sent on."""
    words = {name: text.to(language) for name, text in MARKDOWN.items()}
    found = rows(report, language)
    lines = [f"# {words['head']} {report.subject.to(language)}: {report.place}, {report.day}", ""]
    lines += [f"{summary(report, language)}.", *filter(None, [report.note.to(language)]), ""]
    lines += [
        f"| {words['rule']} | {words['known']} | {words['result']} | {words['seen']} |",
        "| --- | --- | --- | --- |",
    ]
    lines += [f"| `{row['id']}` | {row['known']} | {row['result']} | {_cell(row['seen'])} |" for row in found]
    for row in found:
        if row["state"] == "failed":
            lines += ["", f"## `{row['id']}`", "", row["rule"], "", f"{words['seen'].title()}: {row['seen']}."]
            lines += [f"{words['why']}: {row['why']}"]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
