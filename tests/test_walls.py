"""The walls of the house, read from the imports. Each rule is also planted and seen broken."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PORTAL = ROOT / "portal"


def imports_of(source: str, module: str) -> Iterator[str]:
    """Full names of all that a module imports, wherever in it, and by name through import_module or __import__."""
    parts = module.split(".")
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = parts[: -node.level] if node.level else []
            name = ".".join([*base, *([node.module] if node.module else [])])
            yield name
            yield from (f"{name}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and _called(node) in ("import_module", "__import__") and node.args:
            argument = node.args[0]
            # A name that is computed could be anything.
            yield str(argument.value) if isinstance(argument, ast.Constant) else "computed"


def _called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def forbidden(module: str, source: str) -> list[str]:
    """What a module imports against the walls."""
    found = set(imports_of(source, module))

    def uses(*names: str, but: tuple[str, ...] = ()) -> set[str]:
        return {name for name in found if _is_in(name, names) and not _is_in(name, but)}

    broken = uses("computed")
    room = module.split(".")[1]
    if room == "cashlink":
        return sorted(
            broken | uses("flask", "sqlalchemy", "flask_sqlalchemy") | uses("portal", but=("portal.cashlink",))
        )
    if room in ("simulator", "contract"):
        return sorted(broken | uses("portal", but=(f"portal.{room}",)))
    if module not in ("portal.cli", "portal.demo.run"):
        broken |= uses("portal.simulator")
    if room not in ("demo", "cli", "__init__"):
        broken |= uses("portal.demo")
    if module != "portal.integration" and room != "demo":
        broken |= uses("portal.cashlink.client", "portal.cashlink.payloads")
    if module.endswith(".routes"):
        broken |= uses("portal.cashlink", but=("portal.cashlink.statuses", "portal.cashlink.money")) - {
            "portal.cashlink"
        }
    return sorted(broken)


def _is_in(name: str, packages: tuple[str, ...]) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def name_of(path: Path) -> str:
    """`portal.web` for a module and `portal.accounts.__init__` for a package: relative imports drop the last part."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


MODULES = sorted(PORTAL.rglob("*.py"))


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_no_module_breaks_a_wall(path: Path) -> None:
    assert forbidden(name_of(path), path.read_text()) == []


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("portal.cashlink.client", "import flask"),
        ("portal.cashlink.client", "from ..database import db"),
        ("portal.cashlink.client", "def f():\n    import sqlalchemy"),
        ("portal.cashlink.client", "import importlib\nimportlib.import_module('flask')"),
        ("portal.simulator.api.token", "from portal import config"),
        ("portal.simulator.store", "from ..models import User"),
        ("portal.contract.rules", "from portal.cashlink import client"),
        ("portal.sync", "from .simulator import store"),
        ("portal.web", "from .demo import cast"),
        ("portal.web", "__import__('portal.demo')"),
        ("portal.sync", "from .cashlink.client import Client"),
        ("portal.campaigns.routes", "from ..cashlink import errors"),
        ("portal.campaigns.routes", "name = 'x'\n__import__(name)"),
    ],
)
def test_a_planted_import_is_found(module: str, source: str) -> None:
    assert forbidden(module, source)


def test_production_code_does_not_ask_whether_it_is_a_demo() -> None:
    """But for one line in create_app, and not of a simulator at all."""
    found = []
    for path in MODULES:
        if "demo" in path.parts or "simulator" in path.parts or path.name == "cli.py":
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.If | ast.IfExp):
                names = {name.id for name in ast.walk(node.test) if isinstance(name, ast.Name)}
                if names & {"demo", "simulator"}:
                    found.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    templates = [
        str(path.relative_to(ROOT)) for path in (ROOT / "templates").rglob("*.html") if "if demo" in path.read_text()
    ]
    assert templates == []
    assert len(found) == 1
    assert found[0].startswith("portal/__init__.py")
