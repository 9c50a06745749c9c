"""Kills a flow at its k-th commit or call, as SQLite's own tests do: k = 1, 2, 3 … until the flow passes.

A kill is a BaseException that no code of the portal catches. The points are before each commit and after each request:
between them nothing is written, so a death anywhere else leaves the same behind. The portal holds no line for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask
from sqlalchemy import event

from portal.cashlink.client import Client
from portal.database import db


class Killed(BaseException):
    """The process is gone."""


class Points:
    """Counts the points of one process's life, and ends it at the k-th."""

    def __init__(self, kill_at: int | None) -> None:
        self.kill_at = kill_at
        self.count = 0
        self.passed: list[str] = []

    def reach(self, name: str) -> None:
        self.count += 1
        self.passed.append(name)
        if self.count == self.kill_at:
            raise Killed(name)


@contextmanager
def points(app: Flask, kill_at: int | None) -> Iterator[Points]:
    """Within the block the process dies at its k-th point; None counts only."""
    reached = Points(kill_at)
    client: Client = app.extensions["cashlink"]
    transport = client._transport
    exchange = transport.exchange

    def killable(*arguments: Any) -> Any:
        answer = exchange(*arguments)
        reached.reach("after a call")
        return answer

    def before_commit(_connection: Any) -> None:
        reached.reach("before a commit")

    transport.exchange = killable  # type: ignore[method-assign]
    with app.app_context():
        engine = db.engine
    event.listen(engine, "commit", before_commit)
    try:
        yield reached
    finally:
        del transport.exchange  # type: ignore[attr-defined]
        event.remove(engine, "commit", before_commit)


def dies(app: Flask, kill_at: int, flow: Any) -> bool:
    """Run a flow in a process that dies at its k-th point. False: it got through."""
    try:
        with points(app, kill_at):
            flow()
    except Killed:
        # Its connections go with it, and what was open in them.
        with app.app_context():
            db.engine.dispose()
        return True
    return False
