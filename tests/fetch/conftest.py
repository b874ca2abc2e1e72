"""What the tests of the fetcher share."""

import asyncio
from collections.abc import Sequence

import pytest

from streetmend.fetch import Fetched, Fetcher, FetchRequest
from tests.support.certificates import Authority


class Names:
    """A resolver that knows what the test tells it; each question takes the next of a host's answers."""

    def __init__(self, **hosts: list[Sequence[str] | OSError | None]) -> None:
        self._answers = {host.replace("_", "."): list(answers) for host, answers in hosts.items()}
        self.asked: list[str] = []

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        answers = self._answers.get(host, [])
        answer = answers.pop(0) if len(answers) > 1 else (answers[0] if answers else OSError("no such name"))
        if answer is None:
            await asyncio.sleep(3600)
        if isinstance(answer, OSError):
            raise answer
        return answer or []


@pytest.fixture
def send():
    """Sends one request with a fetcher of its own, which may call this machine."""

    def send_one(
        method: str, url: str, body: bytes | None = None, headers: dict[str, str] | None = None, **options
    ) -> Fetched:
        making = {"allow": ["127.0.0.0/8"]}
        for name in (
            "allow",
            "resolver",
            "ssl_context",
            "connect_seconds",
            "resolve_seconds",
            "refuse_hosts",
        ):
            if name in options:
                making[name] = options.pop(name)
        limits = {"deadline_seconds": 20, "max_bytes": 65536, **options}

        async def run() -> Fetched:
            async with Fetcher(**making) as fetcher:
                return await fetcher.send(FetchRequest(method, url, headers or {}, body), **limits)

        return asyncio.run(run())

    return send_one


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority()
