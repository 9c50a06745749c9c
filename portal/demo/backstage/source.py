"""Where in the portal's code a call was made: the places on the stack, and the lines around them.

Only files of the portal are named and shown, by their path below the package.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import FrameType
from typing import Any

import portal

from .highlight import Piece, marked

ROOT = Path(portal.__file__).resolve().parent
# Stands on every stack and tells nothing: the layer of headers, and the client's own machinery.
MACHINERY = frozenset({"_call", "_send", "_valid_token", "add_missing"})
AROUND = 7


@dataclass(frozen=True)
class Place:
    """A line of the portal: `file` below the package's folder, as in `portal/integration.py`."""

    file: str
    line: int
    function: str


@dataclass(frozen=True)
class Line:
    number: int
    pieces: list[Piece]
    is_meant: bool

    @property
    def text(self) -> str:
        return "".join(piece.text for piece in self.pieces)


def places_on_stack() -> tuple[Place, ...]:
    """The way through the portal's code to here, outermost first, without the demo and the client's machinery."""
    places = [_place(frame) for frame in _frames() if _tells_something(frame)]
    return tuple(reversed(places))


def place_of(function: Callable[..., Any]) -> Place:
    """Where a function begins."""
    code = function.__code__
    return Place(_name(code.co_filename), code.co_firstlineno, code.co_name)


def caller(places: tuple[Place, ...]) -> Place:
    """The innermost place outside the client: the portal's own line that makes the call."""
    own = [place for place in places if not place.file.startswith("portal/cashlink/")]
    return own[-1] if own else Place("", 0, "")


def excerpt(place: Place, around: int = AROUND) -> list[Line]:
    """The lines around a place as the file holds them now; none for a file that is not the portal's."""
    path = (ROOT.parent / place.file).resolve()
    if not path.is_relative_to(ROOT) or path.suffix != ".py" or not path.is_file():
        return []
    lines = _marked_file(path, path.stat().st_mtime_ns)
    first = max(place.line - around, 1)
    return [
        Line(number, pieces, number == place.line)
        for number, pieces in enumerate(lines[first - 1 : place.line + around], start=first)
    ]


@lru_cache(maxsize=32)
def _marked_file(path: Path, _changed: int) -> list[list[Piece]]:
    """The lines of a file; read again once it has changed."""
    return marked(path.read_text(encoding="utf-8"))


def _frames() -> Iterator[FrameType]:
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        yield frame
        frame = frame.f_back


def _tells_something(frame: FrameType) -> bool:
    path = Path(frame.f_code.co_filename)
    return (
        path.is_relative_to(ROOT)
        and not path.is_relative_to(ROOT / "demo")
        and frame.f_code.co_name not in MACHINERY
        and not frame.f_code.co_name.startswith("<")
    )


def _place(frame: FrameType) -> Place:
    return Place(_name(frame.f_code.co_filename), frame.f_lineno, frame.f_code.co_name)


def _name(filename: str) -> str:
    return Path(filename).relative_to(ROOT.parent).as_posix()
