"""`portal check --api`: the rules about the API, tried at an address with a partner's credentials."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

from ..report import Report, Verdict, judge
from ..rules import VERIFIED_FILE, rules, verified
from ..texts import Text
from .client import MARK, Access, Api

SUBJECT = Text("Cashlink's API", "Cashlinks API")


def check_api(access: Access, tell: Callable[[Verdict], object] = lambda verdict: None) -> Report:
    """Try each rule once. Without `access.write` nothing is created."""
    api = Api(access)
    try:
        verdicts = judge(rules("api"), api, tell)
        note = Text("Nothing was created.", "Es wurde nichts angelegt.")
        if api.created:
            note = Text(
                f"{len(api.created)} objects were created; their persons bear the name {MARK}.",
                f"{len(api.created)} Objekte wurden angelegt; ihre Personen heißen {MARK}.",
            )
        return Report(SUBJECT, access.host, datetime.now(UTC).date(), verdicts, note)
    finally:
        api.close()


def record(report: Report, path: Path = VERIFIED_FILE) -> list[str]:
    """Write the day of each rule that was kept into the committed file; returns their ids."""
    kept = [verdict.rule.id for verdict in report.verdicts if verdict.finding.state == "ok"]
    days: dict[str, date] = {**verified(path), **dict.fromkeys(kept, report.day)}
    head, _, _ = path.read_text().partition("[verified]")
    lines = [f"{name} = {day}" for name, day in sorted(days.items())]
    path.write_text("\n".join([f"{head}[verified]", *lines]) + "\n")
    return kept
