"""A town whose bodies are reached over real sockets, and a worker that runs until nothing is due."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

import pytest

from streetmend.exchange.worker import run
from streetmend.fetch import Fetcher, Transport
from streetmend.georeport.testing import PretendEndpoint, Server, serving
from tests.exchange.breeding import Breeder
from tests.exchange.processes import Post, WorkerProcess, post_office
from tests.support.clock import SettableClock
from tests.support.town import Town, make_town

Work = Callable[[], None]


@asynccontextmanager
async def loopback() -> AsyncIterator[Transport]:
    """The real fetcher, allowed to call this machine."""
    async with Fetcher(allow=["127.0.0.0/8"]) as fetcher:
        yield fetcher


@pytest.fixture
def endpoint(clock: SettableClock) -> PretendEndpoint:
    """The server of both Open311 bodies; its clock is the test's."""
    return PretendEndpoint(clock=clock.now)


@pytest.fixture
def server(endpoint: PretendEndpoint) -> Iterator[Server]:
    with serving(endpoint) as running:
        yield running


@pytest.fixture
def town(transactional_db: None, server: Server) -> Town:
    return make_town(url=server.url)


@pytest.fixture
def work(clock: SettableClock) -> Work:
    """Runs a worker until nothing is due at the clock's time."""

    def work_once() -> None:
        assert run(once=True, clock=clock, random=lambda: 0.5, transport=loopback, name="one") == 0

    return work_once


@pytest.fixture
def post() -> Iterator[Post]:
    """A mail server that the worker processes hand their mails to."""
    with post_office() as running:
        yield running


@pytest.fixture
def mailed(settings: Any, post: Post) -> Post:
    """The mail server to which this process hands its mails."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", post.port
    return post


class StartWorker(Protocol):
    """Starts a worker process on the test's database; `crash_point` is where it dies, `database` another way to that database."""

    def __call__(self, *arguments: str, crash_point: str = "", database: str = "") -> WorkerProcess: ...


@pytest.fixture(scope="session")
def breeder() -> Iterator[Breeder]:
    """Makes the worker processes."""
    made = Breeder()
    yield made
    made.close()


@pytest.fixture
def worker_environment(process_environment: dict[str, str], post: Post) -> Callable[[], dict[str, str]]:
    """The environment, as it is by then, of a worker process on the test's database, which may call this machine."""
    return lambda: {**process_environment, "STREETMEND_OUTBOUND_ALLOW": "127.0.0.0/8", "EMAIL_URL": post.url}


@pytest.fixture
def start_worker(
    worker_environment: Callable[[], dict[str, str]], tmp_path: Path, breeder: Breeder
) -> Iterator[StartWorker]:
    """Every worker of the test has ended after it."""
    started: list[WorkerProcess] = []

    def start(*arguments: str, crash_point: str = "", database: str = "") -> WorkerProcess:
        environment = {**worker_environment(), "STREETMEND_CRASH_POINT": crash_point}
        environment["DATABASE_URL"] = database or environment["DATABASE_URL"]
        worker = WorkerProcess(breeder, environment, tmp_path / f"worker-{len(started)}.log", *arguments)
        started.append(worker)
        return worker

    yield start
    for worker in started:
        worker.close()
