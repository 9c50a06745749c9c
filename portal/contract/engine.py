"""Tries checks one after the other and keeps what was found: the engine of doctor, check and demo --check.

Knows nothing of what is tried. See the package's docstring for its use.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import requests

from .texts import Text

State = Literal["ok", "failed", "unknown"]

MARKS: dict[State, Text] = {
    "ok": Text("ok", "gut"),
    "failed": Text("FAILED", "FEHLT"),
    "unknown": Text("unknown", "offen"),
}
REMEDY = Text("What to do", "Was zu tun ist")
ASK = Text("Whom to ask", "Wen Sie fragen")


class NotTried(Exception):
    """The check cannot be tried here; the text says what it lacks."""

    def __init__(self, seen: Text, ask: Text | None = None) -> None:
        super().__init__(seen.en)
        self.seen = seen
        self.ask = ask


@dataclass(frozen=True)
class Finding:
    """What came of a check.

    Attributes:
        seen: what was observed, without secrets and personal data.
        remedy: what to do about it.
        ask: who can help.
    """

    state: State
    seen: Text
    remedy: Text | None = None
    ask: Text | None = None


@dataclass(frozen=True)
class Check:
    """Something that can be tried.

    Attributes:
        needs: ids of checks without whose success this one cannot succeed either.
    """

    id: str
    title: Text
    look: Callable[[], Finding]
    needs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Result:
    """A check with its finding."""

    check: Check
    finding: Finding
    seconds: float = 0.0


def ok(seen: Text) -> Finding:
    return Finding("ok", seen)


def failed(seen: Text, remedy: Text | None = None, ask: Text | None = None) -> Finding:
    return Finding("failed", seen, remedy, ask)


def unknown(seen: Text, remedy: Text | None = None, ask: Text | None = None) -> Finding:
    """It cannot be known from here; no failure."""
    return Finding("unknown", seen, remedy, ask)


def run(checks: Iterable[Check], tell: Callable[[Result], object] = lambda result: None) -> list[Result]:
    """Try all of them, in their order, whatever becomes of those before.

    Args:
        tell: is told of each result at once.
    """
    results: list[Result] = []
    succeeded: set[str] = set()
    for check in checks:
        started = time.monotonic()
        missing = [name for name in check.needs if name not in succeeded]
        finding = _not_tried(missing) if missing else _look(check)
        result = Result(check, finding, time.monotonic() - started)
        if finding.state == "ok":
            succeeded.add(check.id)
        results.append(result)
        tell(result)
    return results


def _not_tried(missing: Sequence[str]) -> Finding:
    names = ", ".join(missing)
    return unknown(Text(f"not tried: it needs {names}", f"nicht versucht: es fehlt {names}"))


def _look(check: Check) -> Finding:
    """The check's own finding, or what its exception means. An exception's text may hold what is secret."""
    try:
        return check.look()
    except NotTried as error:
        return unknown(error.seen, ask=error.ask)
    except (requests.RequestException, OSError) as error:
        kind = type(error).__name__
        return failed(Text(f"no answer ({kind})", f"keine Antwort ({kind})"))
    except Exception as error:
        kind = type(error).__name__
        return failed(Text(f"the answer could not be read ({kind})", f"die Antwort war nicht lesbar ({kind})"))


def line(result: Result, language: str) -> str:
    """One line for a terminal; below it what to do, where there is something to do."""
    finding = result.finding
    mark = MARKS[finding.state].to(language)
    lines = [f"  {mark:<8}{result.check.title.to(language).rstrip('.')}: {finding.seen.to(language)}"]
    for label, text in ((REMEDY, finding.remedy), (ASK, finding.ask)):
        if text is not None and finding.state != "ok":
            lines.append(f"          {label.to(language)}: {text.to(language)}")
    return "\n".join(lines)


def as_data(results: Iterable[Result], language: str) -> list[dict[str, Any]]:
    """For JSON: the same keys in both languages."""
    return [
        {
            "id": result.check.id,
            "title": result.check.title.to(language),
            "state": result.finding.state,
            "seen": result.finding.seen.to(language),
            "remedy": _to(result.finding.remedy, language),
            "ask": _to(result.finding.ask, language),
        }
        for result in results
    ]


def _to(text: Text | None, language: str) -> str | None:
    return None if text is None else text.to(language)


def exit_code(results: Iterable[Result]) -> int:
    """1 when something failed; what is unknown is no failure."""
    return int(any(result.finding.state == "failed" for result in results))
