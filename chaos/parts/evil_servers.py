"""Two dozen evil servers: none holds a call past its deadline and a second, or takes more memory than its limit and 5 MB (G9).

They drip, never end, announce what they do not send, pack bombs, never read, never accept, hang in the handshake, and so on.
Each is called with the limit of an answer to a POST; those whose answers are large with that of a page of updates as well.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from chaos.evil import evil, measured
from chaos.part import PACE, Found, Trial

MINUTES = 15
DEADLINE = 3.0
#: what an answer to a POST, and a page of rows, may have
LIMITS = (64 * 1024, 64 * 1024 * 1024)
_MORE_SECONDS = 1.0
_MORE_BYTES = 5 * 1024 * 1024
_AT_ONCE = 2


def run(trial: Trial) -> Found:
    cases = [(name, LIMITS[0], DEADLINE) for name in evil(DEADLINE, LIMITS[0])]
    # a limit of 64 MB is reached before this deadline
    cases += [(name, LIMITS[1], 20 * PACE) for name, one in evil(DEADLINE, LIMITS[1]).items() if one.is_large]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        told = list(pool.map(lambda case: measured(case[0], deadline=case[2], limit=case[1]), cases))
    figures: dict[str, Any] = {}
    violations: list[str] = []
    for (name, limit, deadline), one in zip(cases, told, strict=True):
        figures[f"{name}, {limit} bytes"] = {
            "ended": one["ended"], "seconds": round(one["seconds"], 2), "bytes": one["bytes"],
        }  # fmt: skip
        violations += [
            f"A server that {name} ({limit} bytes): {wrong}" for wrong in _wrong(name, limit, deadline, one)
        ]
    return Found(figures, tuple(violations))


def _wrong(name: str, limit: int, deadline: float, told: dict[str, Any]) -> list[str]:
    server, wrong = evil(deadline, limit)[name], []
    if told["ended"] not in server.ends:
        wrong.append(f"It ended with {told['ended']}.")
    if told["seconds"] > deadline + _MORE_SECONDS * PACE:
        wrong.append(f"It took {told['seconds']:.1f} s, with a deadline of {deadline:g} s.")
    # what is sent is ours, and the library has it a second time
    if told["bytes"] > limit + server.sends + _MORE_BYTES:
        wrong.append(f"It took {told['bytes']} bytes of memory.")
    return wrong
