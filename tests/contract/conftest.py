"""Without the simulator, which may be deleted, there is nothing to try."""

from __future__ import annotations

from importlib.util import find_spec

NEED_THE_SIMULATOR = ["test_simulator.py", "test_api_check.py", "test_app_check.py", "test_planted_bugs.py"]

collect_ignore = [] if find_spec("portal.simulator") else NEED_THE_SIMULATOR
