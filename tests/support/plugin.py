"""Prepares the environment before Django's settings are read: a data folder, and the database of this run.

STREETMEND_TEST_DATABASE says which: `sqlite` (the default, a file in WAL mode) or `postgresql` (the one that
DATABASE_URL names, else a private one). `make test` runs the whole suite on the first and everything that
touches the database again on the second.
"""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from tests.support.machine import database_url
from tests.support.postgres import PrivatePostgres

KINDS = ("sqlite", "postgresql")
kind = os.environ.get("STREETMEND_TEST_DATABASE", "sqlite")
folder = Path(tempfile.mkdtemp(prefix="streetmend-tests-"))
private_postgres: PrivatePostgres | None = None


def _prepare() -> None:
    global private_postgres
    if kind not in KINDS:
        raise pytest.UsageError(f"STREETMEND_TEST_DATABASE is {kind!r}; it may be {' or '.join(KINDS)}")
    url = database_url()
    for name in [name for name in os.environ if name.startswith("STREETMEND_") and name not in KEPT]:
        del os.environ[name]
    if kind == "sqlite":
        url = f"sqlite:///{folder / 'streetmend.sqlite3'}"
    elif url is None:
        private_postgres = PrivatePostgres()
        private_postgres.start()
        url = private_postgres.url
    (folder / "static").mkdir()  # nothing is collected: static files come from the package
    os.environ.update(
        DATABASE_URL=url,
        STREETMEND_DATA=str(folder),
        STREETMEND_SECRET_KEY="the-tests-have-no-secrets",
        # the browser's driver runs an event loop in the test's thread; the tests' own queries there are meant
        DJANGO_ALLOW_ASYNC_UNSAFE="1",
    )


KEPT = {"STREETMEND_TEST_DATABASE", "STREETMEND_CHROMIUM"}
_prepare()


def pytest_report_header() -> str:
    return f"database: {kind}"


def pytest_unconfigure() -> None:
    if private_postgres is not None:
        private_postgres.stop()
    shutil.rmtree(folder, ignore_errors=True)
