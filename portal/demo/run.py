"""`portal demo`: portal, simulator and all that belongs to them in one process, on two ports of this machine."""

from __future__ import annotations

import threading
import webbrowser
from collections.abc import Mapping
from pathlib import Path

import click
from sqlalchemy import make_url

from .. import create_app, migrations
from ..config import DEMO_VALUES, ConfigurationError, Settings
from ..database import now
from ..server import Background, ThreadedServer
from ..simulator import create_app as create_simulator
from ..simulator.config import Settings as SimulatorSettings
from ..simulator.sender import Sender
from ..terminal import check_port, wait_for_end
from . import brand, cast, seed
from .browser import Browser, Lost
from .snapshots import Snapshots

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
        "PORTAL_OPERATOR_EMAIL": "office@feldmark.example",
        "PORTAL_PUBLIC_URL": portal,
        "PORTAL_STREAMS": str(STREAMS),
        "SIMULATOR_PUBLIC_URL": simulator,
        "SIMULATOR_WEBHOOK_URL": f"{portal}/webhooks/cashlink",
        "SIMULATOR_WEBHOOK_TOKEN_URL": f"{portal}/oauth/token",
        "SIMULATOR_RETURN_URL": f"{portal}/investments",
        # Another than that of `portal simulator`, which people empty.
        "SIMULATOR_DATABASE_PATH": str(Path(environ.get("PORTAL_DATA_DIR") or "instance", "demo-simulator.sqlite3")),
        **({"SIMULATOR_PARTNER_NAME": environ["PORTAL_BRAND"]} if environ.get("PORTAL_BRAND") else {}),
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
        self.portal.extensions["demo"] = self
        migrations.migrate(self.portal)
        self.snapshots = Snapshots(
            sqlite_file(self.settings.database_url), simulator_settings.database_path, self.settings.data_dir / "seed"
        )
        self._servers = [ThreadedServer(self.portal, port), ThreadedServer(self.simulator, simulator_port)]
        self._starting_over = threading.Lock()

    def start(self, *, reset: bool = False) -> Demo:
        """Serve. A seed of another day is made anew, since all its dates count from today; that takes some seconds.

        Args:
            reset: begin with the seed, whatever the databases hold.
        """
        for server in self._servers:
            server.start()
        self._begin(reset or not seed.is_seeded(self.portal) or self.snapshots.lost() > 0)
        return self

    def start_over(self) -> None:
        """Bring portal and simulator back to the seed while both serve; the cast stays signed in."""
        with self._starting_over:
            # First the faults: a call that hangs would be waited for.
            self.simulator.extensions["simulator"].behave()
            self._pause()
            self._begin(reset=True)

    def _begin(self, reset: bool) -> None:
        """The sender and the loop start where nobody copies rows any more."""
        stale = not self.snapshots.are_of(now().date())
        if reset and not stale:
            self.snapshots.restore()
        self._sender = Sender(self.simulator).start()
        if stale:
            seed.seed(self.portal, self.simulator_url)
            self.snapshots.keep()
        self.portal.extensions["backstage"].clear()
        self.portal.extensions["stage"].clear()
        self._background = Background(self.portal).start()

    def _pause(self) -> None:
        self._background.close()
        self._sender.close()

    def close(self) -> None:
        self._pause()
        for server in self._servers:
            server.close()


def sqlite_file(database_url: str) -> Path | None:
    """The file behind the address of a database; None where it is none of SQLite."""
    url = make_url(database_url)
    return Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None


def run(
    port: int,
    simulator_port: int,
    given: Mapping[str, str],
    *,
    reset: bool = False,
    opens: bool = False,
    look: dict[str, bytes] | None = None,
) -> None:
    """Start the demo and stay until Ctrl-C.

    Args:
        given: settings that are not the demo's own.
        reset: begin with the seed; a demo that runs already starts over, and the command ends.
        opens: show the portal in the browser, once the cast's stories are played.
        look: files of a prospect's look (`brand.look`); None: the portal's own, or what PORTAL_BRAND_DIR says.

    Raises:
        click.ClickException: a port is taken, or a setting cannot be used.
    """
    environ = environment(port, simulator_port, given)
    if reset and start_over_at(environ["PORTAL_PUBLIC_URL"]):
        click.echo("The running demo is as it was at the start.")
        return
    for number, name in ((port, "--port"), (simulator_port, "--simulator-port")):
        check_port(number, name)
    if look is not None:
        brand.write(Path(environ["PORTAL_BRAND_DIR"]), look)
    try:
        demo = Demo(environ, port, simulator_port)
    except (ConfigurationError, ValueError) as error:
        raise click.ClickException(str(error)) from error
    if demo.snapshots.day() != now().date():
        click.echo("First start of the day: playing the cast's stories, a few seconds …")
    demo.start(reset=reset)
    click.echo(greeting(environ["PORTAL_PUBLIC_URL"], demo.simulator_url))
    if opens:
        webbrowser.open(environ["PORTAL_PUBLIC_URL"])
    wait_for_end()
    click.echo("Ending …")
    demo.close()


def start_over_at(url: str) -> bool:
    """Press "Start over" on the stage of a running demo; False where none runs."""
    browser = Browser(url)
    try:
        browser.send("/stage", "/demo/start-over?next=/stage")
    except (OSError, Lost):
        return False
    return True


def greeting(portal: str, simulator: str) -> str:
    """What the terminal shows: addresses, cast, and what to do first."""
    people = "\n".join(f"    {member.email:<22} {member.summary}" for member in cast.members() if member.shown)
    return f"""
  Portal            {portal}
  Simulator         {simulator}/studio/   (the issuer's side)
  Stage             {portal}/stage   (for a projector; Page Down does the next step)
  Mailbox           {portal}/mailbox

  The cast, all with the password {cast.PASSWORD}:
{people}

  First: open {portal}/login, sign in as Alice with one click, open the
  campaign, press "Invest now". Keep the Studio open in a second window.
  Ctrl-C ends both.
"""
