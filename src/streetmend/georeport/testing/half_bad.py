"""An endpoint of which half the answers are bad, in thirteen ways, for whoever wants to know what becomes of that."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from random import Random
from threading import Lock

from streetmend.georeport.testing.behaviours import (
    ACCEPT,
    Behaviour,
    Cut,
    break_off,
    busy,
    drop,
    fail,
    html,
    redirect,
    slow,
    token,
)


def half_bad(
    random: Random, *, deadline: float, visible_late: float = 0.8, tokens: bool = True
) -> Callable[[str], Behaviour]:
    """Draws what becomes of each request, for ``PretendEndpoint.draw``.

    ``deadline``: how long the client waits, in seconds; some answers take longer, and some requests come into
    being only after it. What is stored is shown up to ``visible_late`` seconds later. One GET in ten fails.
    """
    ways: list[tuple[int, Callable[[], Behaviour]]] = [
        (50 if tokens else 58, lambda: ACCEPT),
        (8 if tokens else 0, lambda: token(ready_after=random.randint(0, 1))),
        (6, lambda: Behaviour(name="reset, not stored", stores=False, cut=Cut.SILENT)),
        (6, lambda: drop(stored=True)),
        (5, lambda: fail(500, stored=True)),
        (6, lambda: fail(500)),
        (5, lambda: slow(deadline + 0.5)),
        (3, lambda: html(stored=False)),
        (4, lambda: html(stored=True)),
        (4, lambda: _late(random, deadline)),
        (3, break_off),
        (1, lambda: redirect("/thanks", stored=True)),
        (2, lambda: busy(503)),
    ]
    weights = [weight for weight, _ in ways]
    lock = Lock()

    def draw(operation: str) -> Behaviour:
        with lock:
            if operation == "requests":
                return busy(503) if random.random() < 0.1 else ACCEPT
            if operation != "create":
                return ACCEPT
            (_, make), *_ = random.choices(ways, weights)
            behaviour = make()
            if behaviour.stores and not behaviour.late:
                behaviour = replace(behaviour, late=timedelta(seconds=random.uniform(0, visible_late)))
            return behaviour

    return draw


def _late(random: Random, deadline: float) -> Behaviour:
    """It is stored only after the client has given up."""
    late = timedelta(seconds=deadline + random.uniform(0.5, 2.5))
    return Behaviour(name="late", wait=deadline + 0.2, late=late)
