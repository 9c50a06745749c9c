"""A prospect's name, colour and logo by one command: whatever the colour, all can be read."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from click.testing import CliRunner

from portal import create_app
from portal.cli import main
from portal.config import Settings

from ..test_contrast import PAIRS, colours, contrast
from .presenting import forget_connections

brand = pytest.importorskip("portal.demo.brand", reason="the demo has been deleted")

# Its first bytes: the signature, and a width of two by a height of three.
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + (2).to_bytes(4, "big") + (3).to_bytes(4, "big") + b"\x08\x02\0\0\0"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("colour", ["ffd400", "#E2001A", "1a5fb4", "000000", "ffffff", "888888", "00ff00", "0000ff"])
def test_any_colour_becomes_one_that_can_be_read(colour: str, scheme: str, tmp_path: Path) -> None:
    brand.write(tmp_path / "look", brand.look(colour))
    found = colours((tmp_path / "look" / "brand.css",), scheme)
    ratios = {(one, other): contrast(found[one], found[other]) for one, other, _least in PAIRS}
    assert {pair: ratios[pair[:2]] for pair in PAIRS if ratios[pair[:2]] < pair[2]} == {}


def test_a_colour_that_can_be_read_stays_as_it_is(tmp_path: Path) -> None:
    brand.write(tmp_path / "look", brand.look("14357a"))
    assert colours((tmp_path / "look" / "brand.css",), "light")["brand"] == "#14357a"


def test_the_demo_bears_the_prospect_s_name_and_look(tmp_path: Path) -> None:
    from portal.demo.run import environment

    (tmp_path / "logo.png").write_bytes(PNG)
    given = brand.environment("Musterbank Süd", tmp_path)
    brand.write(Path(given["PORTAL_BRAND_DIR"]), brand.look("1a5fb4", tmp_path / "logo.png"))
    assert Path(given["PORTAL_DATA_DIR"]) == tmp_path / "brands" / "musterbank-s-d"
    app = create_app(Settings.from_environment(environment(8000, 8001, given)), demo=True)
    client = app.test_client()
    page, stage = client.get("/how-it-works").text, client.get("/stage").text
    with client.get("/brand/logo.svg") as logo:
        picture = logo.data
    forget_connections(app)
    for shown in (page, stage):
        assert "Musterbank Süd" in shown
        assert "Feldmark" not in shown
        assert "/brand/brand.css" in shown
        assert "/brand/logo.svg" in shown
    assert b'viewBox="0 0 2 3"' in picture


def test_what_is_not_given_again_stays(tmp_path: Path) -> None:
    (tmp_path / "logo.png").write_bytes(PNG)
    brand.write(tmp_path / "look", brand.look("1a5fb4", tmp_path / "logo.png"))
    before = {file.name: file.read_bytes() for file in (tmp_path / "look").iterdir()}
    brand.write(tmp_path / "look", brand.look())
    assert {file.name: file.read_bytes() for file in (tmp_path / "look").iterdir()} == before
    brand.write(tmp_path / "look", brand.look("e2001a"))
    assert (tmp_path / "look" / "logo.svg").read_bytes() == before["logo.svg"]
    assert (tmp_path / "look" / "brand.css").read_bytes() != before["brand.css"]


def test_a_start_that_is_refused_changes_no_look(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        arguments = ["demo", "--brand", "Musterbank", "--colour", "1a5fb4", "--port", str(taken.getsockname()[1])]
        result = CliRunner().invoke(main, arguments, env={"PORTAL_DATA_DIR": str(tmp_path)})
    assert "is taken by another program" in result.output
    assert not list(tmp_path.glob("brands/*/look"))


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--brand", "Musterbank", "--colour", "blue"], "'blue' is not a colour like #1a5fb4"),
        (["--brand", "Musterbank", "--logo", __file__], "is neither an SVG nor a PNG file"),
        (["--colour", "1a5fb4"], "Say whose they are: --brand NAME."),
    ],
)
def test_what_cannot_be_used_is_said(arguments: list[str], sentence: str, tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["demo", *arguments], env={"PORTAL_DATA_DIR": str(tmp_path)})
    assert result.exit_code != 0
    assert sentence in result.output
    assert not list(tmp_path.glob("brands/*/look"))
