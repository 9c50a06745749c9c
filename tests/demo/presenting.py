"""A running demo, and the presenter in front of its stage: a browser without JavaScript."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Flask

from ..journey import Visitor, words
from ..world import free_port

if TYPE_CHECKING:
    from portal.demo.run import Demo


@contextmanager
def running_demo(folder: Path) -> Iterator[Demo]:
    """Portal, simulator and cast, on free ports."""
    from portal.demo.run import Demo, environment

    port, simulator_port = free_port(), free_port()
    demo = Demo(environment(port, simulator_port, {"PORTAL_DATA_DIR": str(folder)}), port, simulator_port).start()
    try:
        yield demo
    finally:
        demo.close()
        forget_connections(demo.portal)


def forget_connections(app: Flask) -> None:
    from portal.database import db

    with app.app_context():
        db.engine.dispose()


class Presenter(Visitor):
    """Presses buttons of the stage, one page after the other."""

    def put_on_stage(self, name: str) -> Presenter:
        self.open(f"{self.home}/stage").send(form=f'form[action="/stage/cast/{name}"]')
        return self

    def begin(self, script: str) -> Presenter:
        self.open(f"{self.home}/stage").send(form=f'form[action="/stage/play/{script}"]')
        return self

    def press(self) -> Presenter:
        """The one key."""
        self.send(form='form[action="/stage/next"]')
        assert not self.trouble, self.trouble
        return self

    def play_to_the_end(self) -> list[str]:
        """Press until nothing is left; returns the verdicts that were shown, each until the next step."""
        verdicts = []
        while self.next_label:
            self.press()
            if self.verdict:
                verdicts.append(self.verdict)
        return verdicts

    def look(self) -> Presenter:
        self.open(f"{self.home}/stage")
        return self

    def _text(self, selector: str) -> str:
        found = self.page.select_one(selector)
        return words(found) if found else ""

    @property
    def next_label(self) -> str:
        return self._text("#next")

    @property
    def sentence(self) -> str:
        return self._text("#sentence")

    @property
    def verdict(self) -> str:
        return self._text("#verdict")

    @property
    def trouble(self) -> str:
        return self._text('[role="alert"]')

    @property
    def lines(self) -> list[str]:
        return [words(line) for line in self.page.select(".lines li")]

    @property
    def dots(self) -> list[str]:
        """The states of the six steps."""
        return [str(dot["class"][0]).removeprefix("dots__") for dot in self.page.select(".dots > li")]

    @property
    def way(self) -> list[str]:
        """The states of the stations of the last click."""
        return [str(stop["class"][0]).removeprefix("way__") for stop in self.page.select(".way > li")]
