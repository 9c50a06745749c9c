"""`python -m portal.demo.takehome [FOLDER]`: see `export`."""

from __future__ import annotations

from pathlib import Path

import click

from .export import export


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), default=Path("take-home"))
def main(folder: Path) -> None:
    """Play both performances and write them to FOLDER as static pages, in German and English."""
    for path in export(folder):
        click.echo(path)


if __name__ == "__main__":
    main()
