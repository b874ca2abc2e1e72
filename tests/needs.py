"""Makes sure that PostgreSQL, Chromium and Node are there for the tests, by apt where that is allowed.

`make test` runs this first. It says in one line what to install where it may not install it itself.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.support.machine import database_url, driver_runs, find_chromium, find_node, find_postgresql


def main() -> int:
    missing = _missing()
    if missing:
        as_root = _apt_as_root()
        if as_root is not None:
            print(f"Installing with apt for the tests: {' '.join(missing)}", flush=True)
            _install(as_root, missing)
        missing = _missing()
    if missing:
        print(
            f"The tests need {' and '.join(missing)}. Debian: sudo apt-get install {' '.join(missing)}; "
            "elsewhere name a server in DATABASE_URL and a browser in STREETMEND_CHROMIUM.",
            file=sys.stderr,
        )
        return 2
    return 0


def _missing() -> list[str]:
    missing = []
    if database_url() is None and find_postgresql() is None:
        missing.append("postgresql")
    if find_chromium() is None:
        missing.append("chromium")
    if find_node() is None:
        missing.append("nodejs")
    if not driver_runs():
        missing.append("libatomic1")
    return missing


def _apt_as_root() -> list[str] | None:
    """How to call apt-get with the rights to install, or None where that is not possible without asking."""
    if shutil.which("apt-get") is None:
        return None
    if os.geteuid() == 0:
        return []
    if (
        shutil.which("sudo")
        and subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False).returncode == 0
    ):
        return ["sudo", "-n", "env", "DEBIAN_FRONTEND=noninteractive"]
    return None


def _install(as_root: list[str], packages: list[str]) -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update", "-q"], ["install", "-q", "-y", "--no-install-recommends", *packages]):
        done = subprocess.run(
            [*as_root, "apt-get", *command], env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            print(done.stdout[-2000:], done.stderr[-2000:], sep="\n", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
