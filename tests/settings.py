"""Settings for tests; needs neither the simulator nor the demo."""

from __future__ import annotations

from pathlib import Path

BOND = "waermeanleihe-hollerbrueck"
SOLAR = "solarpark-wendelau"
CAMPAIGNS = (
    f"{BOND}=5b1d0c5e-7c1a-4e0b-9a51-0d5f3f1a2b01=Wärmeanleihe Hollerbrück,"
    f"{SOLAR}=5b1d0c5e-7c1a-4e0b-9a51-0d5f3f1a2b02=Solarpark Wendelau,"
    "genussrecht-kaeserei-brunnenau=5b1d0c5e-7c1a-4e0b-9a51-0d5f3f1a2b03=Genussrecht Käserei Brunnenau"
)
WEBHOOK_TOKEN = "webhook-token-of-the-tests"
# Another name, logo, font and colours in both schemes; these settings re-brand a portal.
SECOND_BRAND = {"PORTAL_BRAND": "Hafenbank", "PORTAL_BRAND_DIR": str(Path(__file__).with_name("second_brand"))}


def environment(
    folder: Path, portal: str = "http://localhost:8000", cashlink: str = "http://localhost:9"
) -> dict[str, str]:
    """Settings of a portal; by default its Cashlink does not answer (port 9 is closed)."""
    return {
        "CASHLINK_API_URL": f"{cashlink}/api/external",
        "CASHLINK_CLIENT_ID": "test-client",
        "CASHLINK_CLIENT_SECRET": "secret-of-the-tests",
        "CASHLINK_START_URL_HOSTS": cashlink.removeprefix("http://"),
        "CASHLINK_INFO_URL": f"{cashlink}/api/external-info/",
        "CASHLINK_WEBHOOK_TOKENS": WEBHOOK_TOKEN,
        "CASHLINK_CAMPAIGNS": CAMPAIGNS,
        "CASHLINK_COMPANY": "Cashlink-Simulator (Test)",
        "PORTAL_SECRET_KEY": "a-key-that-only-the-tests-know-32-characters",
        "PORTAL_PUBLIC_URL": portal,
        "PORTAL_DATA_DIR": str(folder),
        "PORTAL_STREAMS": "100",
    }


def simulator_environment(folder: Path, portal: str, simulator: str) -> dict[str, str]:
    """Settings of the simulator that belongs to such a portal."""
    return {
        "SIMULATOR_DATABASE_PATH": str(folder / "simulator.sqlite3"),
        "SIMULATOR_PUBLIC_URL": simulator,
        "SIMULATOR_CLIENT_ID": "test-client",
        "SIMULATOR_CLIENT_SECRET": "secret-of-the-tests",
        "SIMULATOR_WEBHOOK_URL": f"{portal}/webhooks/cashlink",
        "SIMULATOR_WEBHOOK_TOKEN": WEBHOOK_TOKEN,
        "SIMULATOR_WEBHOOK_TOKEN_URL": f"{portal}/oauth/token",
        "SIMULATOR_RETURN_URL": f"{portal}/investments",
    }
