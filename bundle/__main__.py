"""`python -m bundle`: make dist/cashlink-demo-….tar.gz (.zip on Windows) for the system it runs on.

PyInstaller brings Python, its standard library as far as it is used, and the packages of requirements.lock; the portal
itself is copied as it is.
"""

from __future__ import annotations

import ast
import importlib.metadata
import platform
import re
import shutil
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

import PyInstaller.__main__

ROOT = Path(__file__).resolve().parents[1]
DIST, BUILD = ROOT / "dist", ROOT / "build" / "bundle"
NAME, PROGRAM = "cashlink-demo", "start-demo"
CARRIED = ("portal", "templates", "static")
READ_ME = """Investor portal on Cashlink's web-based subscription: a demo with a simulator of Cashlink.

Start it with the file "{program}" (double click, or in a terminal). It opens http://localhost:8000 in your browser.
Nothing needs to be installed, no network is needed, nothing is sent anywhere. Close the window or press Ctrl-C to end.

Alle Angebote, Personen und Beträge sind erfunden. All offers, people and amounts are invented.

Starten Sie die Datei "{program}" (Doppelklick oder im Terminal). Sie öffnet http://localhost:8000 im Browser.
Es muss nichts installiert werden, es braucht kein Netz, nichts wird irgendwohin gesendet. Ende: Fenster schließen oder
Strg-C.
"""


def main() -> None:
    folder = DIST / NAME
    shutil.rmtree(folder, ignore_errors=True)
    freeze(folder)
    for name in CARRIED:
        shutil.copytree(ROOT / name, folder / "app" / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "LICENSE", folder)
    program = PROGRAM + (".exe" if sys.platform == "win32" else "")
    (folder / "README.txt").write_text(READ_ME.format(program=program), encoding="utf-8")
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    system = f"{platform.system()}-{platform.machine()}".lower()
    kind = "zip" if sys.platform == "win32" else "gztar"
    archive = shutil.make_archive(str(DIST / f"{NAME}-{version}-{system}"), kind, DIST, NAME)
    print(f"{Path(archive).relative_to(ROOT)}: {Path(archive).stat().st_size / 1e6:.0f} MB")


def freeze(folder: Path) -> None:
    """PyInstaller's part: the program and `_internal/`."""
    packages = demo_packages()
    wanted = sorted(name for name in imports() if name.partition(".")[0] in {*packages, *sys.stdlib_module_names})
    PyInstaller.__main__.run(
        [
            str(ROOT / "bundle" / "start.py"),
            *(f"--name={PROGRAM}", "--onedir", "--console", "--noconfirm", "--clean", "--log-level=WARN"),
            *(f"--distpath={BUILD / 'dist'}", f"--workpath={BUILD / 'work'}", f"--specpath={BUILD}"),
            *(f"--collect-all={name}" for name in packages),
            *(f"--hidden-import={name}" for name in wanted),
            # What is installed for tests and servers, and would be found by optional imports.
            *(f"--exclude-module={name}" for name in sorted(importable().keys() - set(packages))),
        ]
    )
    shutil.move(BUILD / "dist" / PROGRAM, folder)


def demo_packages() -> list[str]:
    """The names under which the packages of the demo's lock are imported."""
    pinned = re.findall(r"^([A-Za-z0-9._-]+)==", (ROOT / "requirements.lock").read_text(encoding="utf-8"), re.MULTILINE)
    # Only the editable install of a checkout needs it.
    wanted = {_normal(name) for name in pinned} - {"setuptools"}
    return sorted(name for name, by in importable().items() if wanted & {_normal(distribution) for distribution in by})


def importable() -> Mapping[str, list[str]]:
    """The names that can be imported here, each with the packages that brought it."""
    return importlib.metadata.packages_distributions()


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def imports() -> set[str]:
    """What the portal imports anywhere: PyInstaller does not read it, since it is not frozen."""
    return {name for file in (ROOT / "portal").rglob("*.py") for name in _imports_of(file)}


def _imports_of(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module


if __name__ == "__main__":
    main()
