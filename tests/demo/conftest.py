"""The demo's town in this test's database, its administration on a real socket."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from streetmend.demo.administration.journal import Journal
from streetmend.demo.administration.offices import Office, posts
from streetmend.demo.folder import Folder
from streetmend.demo.mailbox import Mailbox
from streetmend.demo.neighbours import Neighbours
from streetmend.exchange.worker import run
from streetmend.fetch import Fetcher, Transport
from streetmend.georeport.testing import Answer, serving
from tests.support.clock import SettableClock


class Behind:
    """What the server answers is known only after the server has its port."""

    neighbours: Neighbours

    def handle(self, *asked: object, **named: object) -> Answer:
        return self.neighbours.handle(*asked, **named)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


@pytest.fixture
def journal(folder: Folder) -> Journal:
    return Journal(folder.journal)


@pytest.fixture
def offices(journal: Journal, clock: SettableClock) -> list[Office]:
    return [Office(post, journal, root="http://127.0.0.1:9/", clock=clock.now) for post in posts()]


@pytest.fixture
def administration(offices: list[Office], folder: Folder) -> Iterator[str]:
    """The address at which the administration and the mailbox answer."""
    behind = Behind()
    with serving(behind) as server:
        host = server.url.removeprefix("http://").rstrip("/")
        behind.neighbours = Neighbours(
            offices, Mailbox(folder.mail), site="http://127.0.0.1:8000/", host=host
        )
        yield server.url


@asynccontextmanager
async def loopback() -> AsyncIterator[Transport]:
    async with Fetcher(allow=["127.0.0.0/8"]) as fetcher:
        yield fetcher


@pytest.fixture
def work(clock: SettableClock) -> Callable[[], None]:
    """Runs a worker until nothing is due at the clock's time."""
    return lambda: (run(once=True, clock=clock, random=lambda: 0.5, transport=loopback, name="one"), None)[1]
