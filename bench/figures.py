"""What all measurements share: how long they take, how two sides take turns, and what a line of the table says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from statistics import median, quantiles

from .load import Window
from .servers import Server


@dataclass(frozen=True)
class Effort:
    """How long to measure.

    Attributes:
        seconds: of one window.
        pairs: of windows, one for each side.
        clicks: on "Invest now".
    """

    seconds: float
    pairs: int
    clicks: int


QUICK = Effort(seconds=1.0, pairs=4, clicks=40)
FULL = Effort(seconds=3.0, pairs=15, clicks=400)


@dataclass(frozen=True)
class Row:
    """A line of the table."""

    figure: str
    portal: str
    floor: str
    ratio: str
    target: str
    met: bool


Pairs = list[tuple[Window, Window]]


def rotate(effort: Effort, portal: Callable[[], Window], floor: Callable[[], Window]) -> Pairs:
    """Windows in turns, the first pair left out: caches and connections are cold then."""
    pairs = []
    for number in range(effort.pairs + 1):
        # A B, B A: whatever drifts falls on both sides.
        if number % 2:
            second, first = floor(), portal()
        else:
            first, second = portal(), floor()
        pairs.append((first, second))
    return pairs[1:]


def observed(server: Server, run: Callable[[], Window]) -> Window:
    """A window with the server's processor time."""
    before = server.cpu()
    window = run()
    window.cpu = server.cpu() - before
    return window


def rates(figure: str, pairs: Pairs, target: float) -> Row:
    """Requests per second of both sides, and their ratio."""
    ratios = [portal.rate / floor.rate for portal, floor in pairs]
    return Row(
        figure,
        *(f"{median(w.rate for w in side):.0f}/s, {_cpu(side)}" for side in zip(*pairs, strict=True)),
        ratio=spread(ratios),
        target=f"≥ {target}",
        met=median(ratios) >= target,
    )


def costs(figure: str, pairs: Pairs, target: float) -> Row:
    """The same with the ratio of processor times: what it costs, whoever else uses the machine."""
    ratios = [floor.cpu_per_request / portal.cpu_per_request for portal, floor in pairs]
    return replace(rates(figure, pairs, target), ratio=spread(ratios), met=median(ratios) >= target)


def spread(ratios: Sequence[float]) -> str:
    """The median, and between which values the middle half lies."""
    low, _, high = quantiles(ratios, n=4)
    return f"{median(ratios):.2f} ({low:.2f}–{high:.2f})"


def _cpu(windows: Sequence[Window]) -> str:
    return f"{median(window.cpu_per_request for window in windows) * 1000:.2f} ms CPU"


def percentile(values: Sequence[float], percent: int) -> float:
    return quantiles(values, n=100, method="inclusive")[percent - 1]


def milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"
