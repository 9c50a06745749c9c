"""The cast of the demo, read from its one data file."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("cast.toml")


@dataclass(frozen=True)
class Member:
    """A person of the cast.

    Attributes:
        answers: complete investor data, in the form in which `Investor.answers` holds them.
        shown: whether there is a button to sign in as this one.
        summaries: where this one stands, by language.
    """

    name: str
    email: str
    password: str
    answers: dict[str, Any]
    shown: bool
    summaries: dict[str, str]

    @property
    def full_name(self) -> str:
        return f"{self.answers['person']['forename']} {self.answers['person']['surname']}"

    @property
    def summary(self) -> str:
        return self.summaries["en"]


@cache
def _file() -> dict[str, Any]:
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


def members() -> list[Member]:
    """All of them, those with a button first."""
    return [
        Member(
            name=row["name"],
            email=row["email"],
            password=_file()["password"],
            answers=row["answers"],
            shown=row["shown"],
            summaries=row["summary"],
        )
        for row in _file()["member"]
    ]


def member(name: str) -> Member | None:
    return next((member for member in members() if member.name == name), None)


def sample() -> dict[str, Any]:
    """Investor data of "a new person", step by step, as `Investor.answers` holds them."""
    return dict(_file()["sample"])


PASSWORD: str = _file()["password"]
