"""The one file of the bundle: it starts the demo and opens the browser. Its arguments are those of `portal demo`.

The portal lies beside it as files in `app/`, so that Backstage can show its lines and whoever is curious can read it.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import click

HERE = Path(sys.executable).resolve().parent


def main() -> None:
    sys.path.insert(0, str(HERE / "app"))
    os.environ.setdefault("PORTAL_DATA_DIR", str(choose_folder()))
    # After the path: these lie in app/.
    from portal.cli import main as portal

    arguments = sys.argv[1:]
    try:
        portal(["demo", "--open", *arguments], standalone_mode=False)
    except click.ClickException as error:
        error.show()
        if sys.stdin is not None and sys.stdin.isatty():
            # Whoever started it with a double click could not read the sentence otherwise.
            input("Press Enter to close this window. ")
        sys.exit(error.exit_code)


def choose_folder() -> Path:
    """Where the demo keeps its databases: beside the program, or in the person's own folder where that is forbidden."""
    for folder in (HERE / "data", Path.home() / "cashlink-demo"):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                return folder
        except OSError:
            continue
    return Path(tempfile.mkdtemp(prefix="cashlink-demo-"))


if __name__ == "__main__":
    main()
