"""Marks keywords, texts and comments of Python source, so that an excerpt can be read at a glance."""

from __future__ import annotations

import io
import keyword
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Piece:
    """A part of a line; `kind` is "keyword", "text", "comment" or empty."""

    text: str
    kind: str = ""


def marked(source: str) -> list[list[Piece]]:
    """The lines of a file in pieces; joined they are the lines as they were."""
    lines = source.splitlines()
    spans: list[list[tuple[int, int, str]]] = [[] for _ in lines]
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if kind := _kind(token):
            for row, start, end in _rows(token, lines):
                spans[row].append((start, end, kind))
    return [list(_pieces(line, found)) for line, found in zip(lines, spans, strict=True)]


def _kind(token: tokenize.TokenInfo) -> str:
    if token.type == tokenize.COMMENT:
        return "comment"
    # From Python 3.12 on an f-string is several tokens.
    if token.type == tokenize.STRING or tokenize.tok_name[token.type].startswith("FSTRING"):
        return "text"
    return "keyword" if token.type == tokenize.NAME and keyword.iskeyword(token.string) else ""


def _rows(token: tokenize.TokenInfo, lines: list[str]) -> Iterator[tuple[int, int, int]]:
    """Row from 0, first and last column of a token that may go over several lines."""
    (first, start), (last, end) = token.start, token.end
    for row in range(first, last + 1):
        yield row - 1, start if row == first else 0, end if row == last else len(lines[row - 1])


def _pieces(line: str, spans: list[tuple[int, int, str]]) -> Iterator[Piece]:
    done = 0
    for start, end, kind in spans:
        if start > done:
            yield Piece(line[done:start])
        yield Piece(line[start:end], kind)
        done = end
    if done < len(line):
        yield Piece(line[done:])
