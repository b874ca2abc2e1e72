"""What a part is given and what it tells.

A part is a module in `chaos/parts/`; the first line of its docstring says what is done and what must hold. It has

    def run(trial: Trial) -> Found: ...

and may have `SEEDED = True` (it runs once for each seed; otherwise once) and `MINUTES = 30` (how long one run may take).
It runs in a process of its own, so it may set the environment before it loads Django, and may be killed.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from chaos import parts

MINUTES = 30
#: how much slower than two quiet cores the machine is (PACE in the environment): what waits, waits so many times as long
PACE = max(float(os.environ.get("PACE") or 1), 1.0)


@dataclass(frozen=True, slots=True)
class Trial:
    """One run of a part: its seed, and a folder for whatever it makes, which is empty before and removed afterwards.

    `size` is the share of the full size that is wanted; parts that can be smaller heed it.
    """

    seed: int
    folder: Path
    size: float = 1.0

    @property
    def random(self) -> Random:
        """The seed's chance, from its beginning."""
        return Random(self.seed)


@dataclass(frozen=True, slots=True)
class Found:
    """What a run measured, and each way in which something did not hold, as a sentence."""

    figures: Mapping[str, Any] = field(default_factory=dict)
    violations: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Part:
    """A module of `chaos.parts`, loaded."""

    name: str
    about: str
    seeded: bool
    minutes: float
    run: Callable[[Trial], Found]


def names() -> list[str]:
    """All parts there are."""
    return sorted(found.name for found in pkgutil.iter_modules(parts.__path__))


def load(name: str) -> Part:
    """The part of this name."""
    module = importlib.import_module(f"chaos.parts.{name}")
    return Part(
        name=name,
        about=(module.__doc__ or "").strip().partition("\n")[0],
        seeded=getattr(module, "SEEDED", False),
        minutes=getattr(module, "MINUTES", MINUTES),
        run=module.run,
    )
