"""`portal doctor`: the settings tried one after the other, each problem with its remedy and whom to ask.

Reads only, but for one status change that it sends to itself and takes away again. Built on the engine of
`portal.contract`; knows the portal's settings and tables. All that it tells is free of secrets and personal data.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ..contract import Check, Result, run
from . import cashlink, here, incoming
from .installation import Installation


def examine(
    environ: Mapping[str, str], start_url: str = "", tell: Callable[[Result], object] = lambda result: None
) -> list[Result]:
    """Try everything, whatever fails before.

    Args:
        start_url: one to follow; the newest of an unsigned subscription when left out.
        tell: is told of each result at once.
    """
    with Installation(environ, start_url) as installation:
        checks: list[Check] = []
        for part in (here.settings_and_database, cashlink.checks, incoming.checks, here.mail_server):
            checks += part(installation)
        return run(checks, tell)
