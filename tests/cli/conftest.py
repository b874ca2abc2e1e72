"""Commands, run as a process of their own (`script`) or, where many are run, in this one (`call`)."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from streetmend.cli import group
from tests.support.geojson import collection, feature, polygon, square

PATIENCE_SECONDS = 120


@dataclass(frozen=True)
class Ended:
    """What a command said and how it ended."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Script:
    """`streetmend` as an operator runs it; `environment` may be changed."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.environment = dict(environment)

    def __call__(self, *arguments: str, stdin: str = "", **environment: str) -> Ended:
        done = subprocess.run(
            [sys.executable, "-m", "streetmend", *arguments],
            env={**self.environment, **environment},
            input=stdin,
            capture_output=True,
            encoding="utf-8",
            timeout=PATIENCE_SECONDS,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return Ended(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def script(process_environment: dict[str, str]) -> Script:
    """The script on this test's database."""
    return Script(process_environment)


@pytest.fixture
def fresh(process_environment: dict[str, str], tmp_path: Path) -> Script:
    """The script with an empty data folder and a SQLite database that is not there yet."""
    given = ("DATABASE_URL", "STREETMEND_SECRET_KEY")
    environment = {name: value for name, value in process_environment.items() if name not in given}
    return Script({**environment, "STREETMEND_DATA": str(tmp_path / "var")})


Call = Callable[..., Ended]


@pytest.fixture
def call(db: None) -> Call:
    """The script in this process, on this test's database."""

    def called(*arguments: str, stdin: str = "") -> Ended:
        ended = CliRunner().invoke(group, arguments, input=stdin, prog_name="streetmend")
        if ended.exception is not None and not isinstance(ended.exception, SystemExit):
            raise ended.exception
        return Ended(ended.exit_code, ended.stdout, ended.stderr)

    return called


@pytest.fixture
def boundaries(tmp_path: Path) -> Path:
    """A file of two municipalities side by side."""
    file = tmp_path / "areas.geojson"
    file.write_bytes(
        collection(
            feature(101, "Vestby", polygon(square(59.9, 3.9))),
            feature(102, "Østby", polygon(square(59.9, 4.1))),
        )
    )
    return file


@pytest.fixture
def site_file(tmp_path: Path) -> Callable[[str], str]:
    """Writes a site file and gives its name."""

    def written(text: str) -> str:
        file = tmp_path / "site.toml"
        file.write_text(text, encoding="utf-8")
        return str(file)

    return written
