"""What a rule is, and all of them in their order. A rule is one decorated probe; removed, it is gone everywhere.

`verified.toml` holds the days on which a rule was seen to hold at Cashlink itself.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

from .engine import Finding
from .texts import Text

ROOT = Path(__file__).resolve().parents[2]
VERIFIED_FILE = Path(__file__).with_name("verified.toml")

About = Literal["api", "app"]
Basis = Literal["documented", "seen", "assumed"]
# What trying it takes: reading only, test data, or the simulator's /_control/.
Needs = Literal["read", "write", "control"]

Probe = Callable[[Any], Finding]

BASES: dict[Basis, Text] = {
    "documented": Text("documented", "dokumentiert"),
    "seen": Text("seen", "gesehen"),
    "assumed": Text("assumed", "angenommen"),
}


@dataclass(frozen=True)
class Rule:
    """One sentence that is true of the API, or of an application that uses it.

    Attributes:
        why: why it matters.
        remedy: what to do where it does not hold.
        source: the page of docs.cashlink.de; empty where none says it.
        ours: where this project does it right, as `path:function`.
        mode: the mode of the simulator that keeps it otherwise.
    """

    id: str
    about: About
    sentence: Text
    why: Text
    remedy: Text
    source: str
    basis: Basis
    needs: Needs
    ours: tuple[str, ...]
    probe: Probe
    mode: str = ""

    def state(self) -> Text:
        """documented, seen, assumed, or verified on a day."""
        day = verified().get(self.id)
        return BASES[self.basis] if day is None else Text(f"verified on {day}", f"geprüft am {day}")

    def places(self) -> list[str]:
        """Our lines that do it right, as they stand now: `path:line function`."""
        return [_place(*named.split(":")) for named in self.ours]


def _place(path: str, function: str) -> str:
    found = re.search(rf"^ *(def|class) {function}\b", (ROOT / path).read_text(encoding="utf-8"), re.MULTILINE)
    if found is None:
        return f"{path} {function}"
    return f"{path}:{found.string.count(chr(10), 0, found.start()) + 1} {function}"


_RULES: list[Rule] = []


def rule(
    name: str,
    *,
    sentence: Text,
    why: Text,
    remedy: Text,
    basis: Basis,
    ours: tuple[str, ...],
    source: str = "",
    about: About = "api",
    needs: Needs = "read",
    mode: str = "",
) -> Callable[[Probe], Probe]:
    """Make a rule of its probe."""

    def register(probe: Probe) -> Probe:
        _RULES.append(Rule(name, about, sentence, why, remedy, source, basis, needs, ours, probe, mode))
        return probe

    return register


def rules(about: About) -> list[Rule]:
    """All rules about the API, or about an application, in their order."""
    # The modules register their rules when they are imported, and they import this one.
    from . import api, app  # noqa: F401

    return [found for found in _RULES if found.about == about]


def verified(path: Path = VERIFIED_FILE) -> dict[str, date]:
    """By rule: the day on which Cashlink itself was seen to keep it."""
    with path.open("rb") as file:
        return dict(tomllib.load(file).get("verified", {}))
