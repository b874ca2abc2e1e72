"""What the tests need of the machine, and where it is: PostgreSQL's programs, a Chromium and a Node."""

import glob
import os
import re
import shutil
import subprocess
from pathlib import Path

from playwright._impl._driver import compute_driver_executable

POSTGRESQL_FOLDERS = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
)
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome")
CHROMIUM_FILES = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
OLDEST_POSTGRESQL = 14


def database_url() -> str | None:
    """The PostgreSQL that the caller names instead of a private one."""
    url = os.environ.get("DATABASE_URL", "")
    return url if url.startswith(("postgres://", "postgresql://")) else None


def find_postgresql() -> Path | None:
    """The folder of the newest PostgreSQL's `initdb` and `postgres`, or None."""
    on_path = shutil.which("initdb")
    folders = [Path(on_path).resolve().parent] if on_path else []
    for pattern in POSTGRESQL_FOLDERS:
        folders += [Path(folder) for folder in glob.glob(pattern)]
    usable = [(version, folder) for folder in folders if (version := _version(folder)) >= OLDEST_POSTGRESQL]
    return max(usable)[1] if usable else None


def find_chromium() -> Path | None:
    """A Chromium or Chrome, or None; STREETMEND_CHROMIUM names one."""
    named = os.environ.get("STREETMEND_CHROMIUM")
    if named:
        return Path(named) if Path(named).exists() else None
    for name in CHROMIUM_NAMES:
        found = shutil.which(name)
        if found:
            return Path(found)
    return next((Path(file) for file in CHROMIUM_FILES if Path(file).exists()), None)


def driver_runs() -> bool:
    """Whether Playwright's own program, which steers the browser, starts: the smallest systems lack a library that it needs."""
    program, script = compute_driver_executable()
    try:
        return (
            subprocess.run([program, script, "--version"], capture_output=True, check=False).returncode == 0
        )
    except OSError:
        return False


def find_node() -> Path | None:
    """Node.js, or None. Debian calls it node, too."""
    found = shutil.which("node") or shutil.which("nodejs")
    return Path(found) if found else None


def _version(folder: Path) -> int:
    if not (folder / "initdb").exists() or not (folder / "postgres").exists():
        return 0
    answer = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=False)
    number = re.search(r"(\d+)", answer.stdout)
    return int(number[1]) if number else 0
