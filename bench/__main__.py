"""`python -m bench`: measures, and prints the table."""

from __future__ import annotations

import os
import platform
import signal
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

import click

from . import hanging, invest, pages, receiver, start, streams, visible
from .figures import FULL, QUICK, Effort, Row

MEASUREMENTS: dict[str, Callable[[Path, Effort], Iterator[Row]]] = {
    "pages": pages.measure,
    "receiver": receiver.measure,
    "invest": invest.measure,
    "hanging": hanging.measure,
    "streams": streams.measure,
    "visible": visible.measure,
    "start": start.measure,
}


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(list(MEASUREMENTS)))
@click.option("--quick", is_flag=True, help="A short run; its figures are coarse.")
@click.option("--strict", is_flag=True, help="Exit with 1 where a target is missed.")
def main(names: tuple[str, ...], quick: bool, strict: bool) -> None:
    """Measure the portal beside its floors; NAMES chooses, all by default.

    A missed target is said and does not fail: a machine that is busy with something else can miss it, too.
    """
    signal.signal(signal.SIGTERM, _end)
    started, rows = time.monotonic(), []
    click.echo("| figure | portal | floor | ratio | target | |\n| --- | --- | --- | --- | --- | --- |")
    # PostgreSQL runs as another user where we are root, so this folder is not for its data.
    with tempfile.TemporaryDirectory(prefix="portal-bench-") as folder:
        for name in names or MEASUREMENTS:
            for row in MEASUREMENTS[name](Path(folder), QUICK if quick else FULL):
                rows.append(row)
                click.echo(_line(row))
    click.echo(f"\n{_machine()}; {'a quick' if quick else 'a'} run of {time.monotonic() - started:.0f} s.")
    sys.exit(1 if strict and not all(row.met for row in rows) else 0)


def _line(row: Row) -> str:
    verdict = "ok" if row.met else "missed"
    cells = (row.figure, row.portal, row.floor, row.ratio, row.target, verdict if row.target else "")
    return f"| {' | '.join(cells)} |"


def _machine() -> str:
    import gunicorn
    import sqlalchemy

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    load = f", load {os.getloadavg()[0]:.1f} at the end" if hasattr(os, "getloadavg") else ""
    return (
        f"{platform.system()} {platform.machine()}, {cores} cores for servers and client together{load}, "
        f"Python {platform.python_version()}, gunicorn {gunicorn.__version__}, SQLAlchemy {sqlalchemy.__version__}, "
        f"SQLite {sqlite3.sqlite_version}"
    )


def _end(_number: int, _frame: FrameType | None) -> None:
    """SIGTERM ends the servers, too."""
    sys.exit(143)


if __name__ == "__main__":
    main()
