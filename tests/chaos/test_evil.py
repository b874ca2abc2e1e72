"""Evil servers in small: each call ends in the way that it should, all of them at the same time."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack

from chaos.evil import call, evil, measured, request_to, running

LIMIT = 65_536
MANY = 8 << 20


def test_F_27_F_28_F_29_no_evil_server_holds_a_call_past_its_deadline():
    servers = evil(0.5, LIMIT)
    assert len(servers) >= 14
    with ExitStack() as stack:
        urls = {name: stack.enter_context(running(server)) for name, server in servers.items()}

        async def all_at_once() -> list[str]:
            return await asyncio.gather(
                *(
                    call(request_to(server, urls[name]), deadline=0.5, limit=LIMIT)
                    for name, server in servers.items()
                )
            )

        ended = dict(zip(servers, asyncio.run(all_at_once()), strict=True))
    # beside twenty others, what ends early may be cut by the deadline as well
    wrong = {
        name: how
        for name, how in ended.items()
        if how not in (*servers[name].ends, "DeadlinePassed", "ConnectTimedOut")
    }
    assert wrong == {}


def test_F_29_a_bomb_takes_no_more_memory_than_the_limit_and_a_little():
    told = measured("sends a bomb", deadline=60, limit=MANY)
    assert told["ended"] == "AnswerTooLarge"
    assert told["bytes"] < MANY + (5 << 20)
