"""`portal demo`: portal, simulator and all that belongs to them in one process, on two ports of this machine."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import click

from .. import create_app, migrations
from ..config import DEMO_VALUES, ConfigurationError, Settings
from ..server import Background, ThreadedServer
from ..simulator import create_app as create_simulator
from ..simulator.config import Settings as SimulatorSettings
from ..simulator.sender import Sender
from ..terminal import check_port, wait_for_end
from . import cast, seed

CAMPAIGNS = (
    "waermeanleihe-hollerbrueck=5b1d0c5e-7c1a-4e0b-9a51-0d5f3f1a2b01=Wärmeanleihe Hollerbrück,"
    "solarpark-wendelau=5b1d0c5e-7c1a-4e0b-9a51-0d5f3f1a2b02=Solarpark Wendelau,"
    "genussrecht-kaeserei-brunnenau=5b1d0c5e-7c1a-4e0b-9a51-0d5f3f1a2b03=Genussrecht Käserei Brunnenau"
)
STREAMS = 100


def environment(port: int, simulator_port: int, environ: Mapping[str, str]) -> dict[str, str]:
    """All settings of a demo; what is set outside wins, so that a demo in a LAN or with other ports is possible."""
    portal, simulator = f"http://localhost:{port}", f"http://localhost:{simulator_port}"
    return {
        **DEMO_VALUES,
        "CASHLINK_API_URL": f"{simulator}/api/external",
        "CASHLINK_START_URL_HOSTS": f"localhost:{simulator_port}",
        "CASHLINK_INFO_URL": f"{simulator}/api/external-info/",
        "CASHLINK_CAMPAIGNS": CAMPAIGNS,
        "CASHLINK_COMPANY": "Cashlink-Simulator (Demo)",
        "PORTAL_PUBLIC_URL": portal,
        "PORTAL_STREAMS": str(STREAMS),
        "SIMULATOR_PUBLIC_URL": simulator,
        "SIMULATOR_WEBHOOK_URL": f"{portal}/webhooks/cashlink",
        "SIMULATOR_WEBHOOK_TOKEN_URL": f"{portal}/oauth/token",
        "SIMULATOR_RETURN_URL": f"{portal}/investments",
        **environ,
    }


class Demo:
    """A running demo. Used by the command and by tests.

    Args:
        environ: as `environment` makes it.
        port, simulator_port: where to listen; must be free.
    """

    def __init__(self, environ: Mapping[str, str], port: int, simulator_port: int) -> None:
        self.settings = Settings.from_environment(environ)
        simulator_settings = SimulatorSettings.from_environment(environ)
        self.settings.data_dir.mkdir(parents=True, exist_ok=True)
        self.simulator_url = simulator_settings.public_url
        self.simulator = create_simulator(simulator_settings)
        self.portal = create_app(self.settings, demo=True)
        migrations.migrate(self.portal)
        self._servers = [ThreadedServer(self.portal, port), ThreadedServer(self.simulator, simulator_port)]
        self._sender = Sender(self.simulator)
        self._background = Background(self.portal)

    def start(self) -> Demo:
        for server in self._servers:
            server.start()
        self._sender.start()
        if not seed.is_seeded(self.portal):
            seed.seed(self.portal, self.simulator_url)
        self._background.start()
        return self

    def close(self) -> None:
        self._background.close()
        self._sender.close()
        for server in self._servers:
            server.close()


def run(port: int, simulator_port: int) -> None:
    """Start the demo and stay until Ctrl-C.

    Raises:
        click.ClickException: a port is taken, or a setting cannot be used.
    """
    environ = environment(port, simulator_port, os.environ)
    for number, name in ((port, "--port"), (simulator_port, "--simulator-port")):
        check_port(number, name)
    _say_first_start(Path(environ.get("PORTAL_DATA_DIR", "instance")))
    try:
        demo = Demo(environ, port, simulator_port)
    except (ConfigurationError, ValueError) as error:
        raise click.ClickException(str(error)) from error
    demo.start()
    click.echo(greeting(environ["PORTAL_PUBLIC_URL"], demo.simulator_url))
    wait_for_end()
    click.echo("Ending …")
    demo.close()


def _say_first_start(data_dir: Path) -> None:
    if not (data_dir / "portal.sqlite3").exists():
        click.echo("First start: making the databases and playing the cast's stories, a few seconds …")


def greeting(portal: str, simulator: str) -> str:
    """What the terminal shows: addresses, cast, and what to do first."""
    people = "\n".join(f"    {member.email:<22} {member.summary}" for member in cast.members() if member.shown)
    return f"""
  Portal            {portal}
  Simulator         {simulator}/studio/   (the issuer's side)
  Mailbox           {portal}/mailbox

  The cast, all with the password {cast.PASSWORD}:
{people}

  First: open {portal}/login, sign in as Alice with one click, open the
  campaign, press "Invest now". Keep the Studio open in a second window.
  Ctrl-C ends both.
"""
