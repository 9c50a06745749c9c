"""Make .venv from a lock file with hashes: python setup_venv.py demo | dev. Needs Python's standard library only.

Does nothing, and needs no network, while the lock is the one that was installed.
"""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
LOCKS = {"demo": ROOT / "requirements.lock", "dev": ROOT / "requirements-dev.lock"}
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def main() -> None:
    kind = sys.argv[1] if len(sys.argv) == 2 and sys.argv[1] in LOCKS else sys.exit(__doc__)
    # What tests need holds all that the demo needs.
    if any(_is_installed(candidate) for candidate in {kind, "dev"}):
        return
    if sys.version_info < (3, 11):
        sys.exit(f"This needs Python 3.11 or newer; {sys.executable} is {sys.version.split()[0]}.")
    if importlib.util.find_spec("ensurepip") is None:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        sys.exit(f"Python's venv module is not complete here. Install it, e.g.: apt-get install python{version}-venv")
    if VENV.exists():
        print("The lock file has changed: making .venv anew.", flush=True)
        shutil.rmtree(VENV)
    print("Making .venv …", flush=True)
    subprocess.run([sys.executable, "-m", "venv", VENV], check=True)
    _install(LOCKS[kind])
    _pip("install", "--quiet", "--no-deps", "--no-build-isolation", "--editable", str(ROOT))
    _stamp(kind).write_text(_digest(kind))


def _stamp(kind: str) -> Path:
    return VENV / f"installed-{kind}"


def _digest(kind: str) -> str:
    content = LOCKS[kind].read_bytes() + (ROOT / "pyproject.toml").read_bytes()
    return hashlib.sha256(content).hexdigest()


def _is_installed(kind: str) -> bool:
    return PYTHON.exists() and _stamp(kind).exists() and _stamp(kind).read_text() == _digest(kind)


def _pip(*arguments: str) -> None:
    subprocess.run([PYTHON, "-m", "pip", "--disable-pip-version-check", *arguments], check=True)


def _install(lock: Path) -> None:
    """Install the lock, with a line that counts."""
    total = sum(1 for line in lock.read_text().splitlines() if line[:1].isalnum())
    command = [PYTHON, "-m", "pip", "--disable-pip-version-check", "install", "--require-hashes", "--requirement", lock]
    seen = 0
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as pip:
        for line in pip.stdout or ():
            if line.startswith("Collecting "):
                seen += 1
                print(f"\rFetching package {seen} of {total} …", end="", flush=True)
            elif line.startswith("Installing "):
                print("\rInstalling …                    ", end="", flush=True)
    print()
    if pip.returncode:
        sys.exit("The packages could not be installed; see the lines above. Is there a network? Try again.")


if __name__ == "__main__":
    main()
