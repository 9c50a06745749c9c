"""The performances as static pages, for a presentation without a server: `make take-home`.

Each performance is played once on a demo of its own, by its own steps, and told in both languages.
"""

from __future__ import annotations

import os
import socket
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flask import render_template

from ...language import LANGUAGES
from ..backstage import Entry, entries, recorder
from ..performances import PERFORMANCES
from ..run import Demo, environment
from ..stage.evidence import Verdict
from ..stage.play import Script, Step, stage
from . import render, styles


@dataclass(frozen=True)
class Scene:
    """A step that was done, with the verdict that it gave, if it did."""

    step: Step
    verdict: Verdict | None


@dataclass(frozen=True)
class Performance:
    """What was played, and what was recorded of it."""

    script: Script
    scenes: tuple[Scene, ...]
    recorded: list[Entry]


def export(folder: Path, scripts: Sequence[Script] = PERFORMANCES) -> list[Path]:
    """Play and write; returns the files, the list of contents first.

    Raises:
        RuntimeError: a step did not lead where it should.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with running_demo() as demo:
        played = [play(demo, script) for script in scripts]
        return [_write_contents(demo, folder, played), *_write_performances(demo, folder, played)]


@contextmanager
def running_demo() -> Iterator[Demo]:
    """On free ports, with a fresh seed in a folder of its own; in the name and colours that are set outside."""
    look = {name: os.environ[name] for name in ("PORTAL_BRAND", "PORTAL_BRAND_DIR") if os.environ.get(name)}
    with tempfile.TemporaryDirectory() as folder:
        port, simulator_port = _free_port(), _free_port()
        environ = environment(port, simulator_port, {"PORTAL_DATA_DIR": folder, **look})
        demo = Demo(environ, port, simulator_port).start()
        try:
            yield demo
        finally:
            demo.close()


def play(demo: Demo, script: Script) -> Performance:
    """Press the one key until nothing is left."""
    with _speaking(demo, "en"):
        recorder().clear()
        stage().begin(script=script)
        scenes = tuple(_scenes(script))
        return Performance(script, scenes, entries())


def _scenes(script: Script) -> Iterator[Scene]:
    while (playing := stage().play) is not None and (step := playing.next_step()) is not None:
        stage().press(playing.position)
        if playing.trouble:
            raise RuntimeError(f"{script.name}, {step.name}: {playing.trouble}")
        yield Scene(step, playing.verdict)


def _write_performances(demo: Demo, folder: Path, played: Sequence[Performance]) -> Iterator[Path]:
    for language in LANGUAGES:
        with _speaking(demo, language):
            for performance in played:
                path = folder / _file_name(performance, language)
                path.write_text(
                    render(performance.recorded, str(performance.script.title), performance.scenes), encoding="utf-8"
                )
                yield path


def _write_contents(demo: Demo, folder: Path, played: Sequence[Performance]) -> Path:
    path = folder / "index.html"
    contents: dict[str, list[tuple[str, str]]] = {}
    for language in LANGUAGES:
        with _speaking(demo, language):
            contents[language] = [(_file_name(told, language), str(told.script.title)) for told in played]
    with _speaking(demo, "en"):
        path.write_text(render_template("takehome/index.html", contents=contents, styles=styles()), encoding="utf-8")
    return path


@contextmanager
def _speaking(demo: Demo, language: str) -> Iterator[None]:
    with demo.portal.test_request_context(
        "/", base_url=demo.settings.public_url, headers={"Accept-Language": language}
    ):
        yield


def _file_name(performance: Performance, language: str) -> str:
    return f"{performance.script.name}.{language}.html"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
