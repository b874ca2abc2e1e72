"""Fixtures for all tests. `tests/support/plugin.py` has chosen the database before."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests.support import plugin
from tests.support.clock import SettableClock

settings.register_profile("shared-machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile(
    "mutants", settings.get_profile("shared-machine"), derandomize=True, database=None, max_examples=10
)
settings.load_profile("shared-machine")

DATABASE_FIXTURES = {"db", "transactional_db", "live_server", "django_db_setup", "process_environment"}
ONCE_FIXTURES = {"page", "browser"}


def pytest_configure(config: pytest.Config) -> None:
    for marker in (
        "database: touches the database, so it runs on SQLite and on PostgreSQL (set by itself)",
        "once: runs on SQLite only, though it touches the database",
        "both_databases: a browser test or a trip that runs on both databases",
        "only(kind): is about this kind of database, sqlite or postgresql, and runs there only",
    ):
        config.addinivalue_line("markers", marker)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what runs again on PostgreSQL: whatever touches the database, but browser and trips only if they
    say so."""
    for item in items:
        fixtures = set(getattr(item, "fixturenames", ()))
        touches = bool(fixtures & DATABASE_FIXTURES) or item.get_closest_marker("django_db") is not None
        once = bool(fixtures & ONCE_FIXTURES) or "trips" in item.path.parts or item.get_closest_marker("once")
        only = item.get_closest_marker("only")
        if item.get_closest_marker("both_databases") or (touches and not once) or only:
            item.add_marker(pytest.mark.database)
    others = [item for item in items if _is_about_another(item)]
    if others:
        config.hook.pytest_deselected(items=others)
    kept = [item for item in items if item not in others]
    # once started, the browser's driver leaves its event loop running in this thread, where no other can run then
    items[:] = sorted(kept, key=lambda item: bool(set(getattr(item, "fixturenames", ())) & ONCE_FIXTURES))


def _is_about_another(item: pytest.Item) -> bool:
    only = item.get_closest_marker("only")
    return only is not None and only.args[0] != plugin.kind


@pytest.fixture
def clock() -> SettableClock:
    """A clock that stands at 1 May 2024, 10:00 UTC until the test moves it."""
    return SettableClock()


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """A database of ours is thrown away with its server or its folder, so nothing needs to drop it."""
    return plugin.kind == "sqlite" or plugin.private_postgres is not None


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> None:
    """SQLite is tested as it is used: a file in WAL mode that several processes open."""
    from django.db import connections

    if plugin.kind == "sqlite":
        connections["default"].settings_dict["TEST"]["NAME"] = str(plugin.folder / "test.sqlite3")


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """The tables are there, and each test that commits empties only what it has filled."""
    from django.db import connection

    from tests.support.emptying import empty_quickly

    with django_db_blocker.unblock():
        empty_quickly(connection)


@pytest.fixture
def process_environment(transactional_db: None) -> dict[str, str]:
    """The environment for a process of ours (`streetmend ...`) that works on this test's database."""
    from django.db import connections

    made = connections["default"].settings_dict
    url = os.environ["DATABASE_URL"]
    if plugin.kind == "sqlite":
        url = f"sqlite:///{made['NAME']}"
    else:
        base, _, rest = url.partition("://")
        address, _, name = rest.partition("/")
        options = name.partition("?")[2]
        url = f"{base}://{address}/{made['NAME']}" + (f"?{options}" if options else "")
    return {**os.environ, "DATABASE_URL": url, "PYTHONUNBUFFERED": "1"}


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """A real Chromium, without a window."""
    from playwright.sync_api import sync_playwright

    from tests.support.machine import find_chromium

    chromium = find_chromium()
    if chromium is None:
        raise RuntimeError("No Chromium found: run `make test`, or install it (Debian: apt install chromium)")
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=str(chromium), args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A fresh page that reaches this machine only; a script error or a broken resource fails the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.route("**/*", lambda route: route.continue_() if _is_local(route.request.url) else route.abort())
    page = context.new_page()
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(f"script error: {error}"))
    page.on("console", lambda said: troubles.append(said.text) if said.type == "error" else None)
    yield page
    context.close()
    assert troubles == []


def _is_local(url: str) -> bool:
    from urllib.parse import urlsplit

    return urlsplit(url).hostname in ("127.0.0.1", "localhost") or url.startswith(("data:", "blob:"))
