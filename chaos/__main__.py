"""`python -m chaos [PART ...]`: the parts (all by default), one after the other, and one JSON document of what was found.

The environment's SEEDS says how many seeds the seeded parts run with (1); `--seed N` runs one seed alone, to repeat it.
Ends with 1 where anything did not hold.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Any

from chaos.part import PACE, Part, load, names

_LAST_WORDS = 2000


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m chaos", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(names())} (all)")
    parser.add_argument("--seed", type=int, action="append", help="this seed alone; may be repeated")
    parser.add_argument(
        "--size", type=float, default=1.0, help="a share of the full size (1), where a part can be smaller"
    )
    parser.add_argument("--list", action="store_true", help="say what each part is about, and run none")
    asked = parser.parse_args(arguments)
    unknown = set(asked.parts) - set(names())
    if unknown:
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    chosen = [load(name) for name in asked.parts or names()]
    if asked.list:
        for part in chosen:
            print(f"{part.name}: {part.about}")
        return 0
    seeds = asked.seed or list(range(1, _seeds(parser) + 1))
    runs = [run(part, seed, asked.size) for part in chosen for seed in (seeds if part.seeded else seeds[:1])]
    summary = {"ok": all(not one["violations"] for one in runs), "runs": runs}
    print(json.dumps(summary, ensure_ascii=False, indent=2))
    return 0 if summary["ok"] else 1


def _seeds(parser: argparse.ArgumentParser) -> int:
    given = os.environ.get("SEEDS") or "1"
    if not (given.isascii() and given.isdecimal() and 0 < int(given) < 10_000):
        parser.error(f"SEEDS is how many seeds there are, a whole number from 1, not {given!r}")
    return int(given)


def run(part: Part, seed: int, size: float = 1.0) -> dict[str, Any]:
    """One run in a process of its own; one that fails or takes too long is a violation too."""
    told = f"{part.name}, seed {seed}" if part.seeded else part.name
    print(f"{told}: {part.about}", file=sys.stderr, flush=True)
    command = [sys.executable, "-W", "ignore", "-m", "chaos.child", part.name]
    command += [f"--seed={seed}", f"--size={size:g}"]
    started = time.monotonic()
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
    try:
        out, _ = child.communicate(timeout=part.minutes * 60 * PACE)
        found = _told(child.returncode, out)
    except subprocess.TimeoutExpired:
        found = {"figures": {}, "violations": [f"It was not done after {part.minutes * PACE:g} minutes."]}
    finally:
        _end(child)
    took = round(time.monotonic() - started, 1)
    for violation in found["violations"]:
        print(f"{told}: VIOLATION: {violation}", file=sys.stderr, flush=True)
    print(f"{told}: {took} s", file=sys.stderr, flush=True)
    return {"part": part.name, "seed": seed, "seconds": took, **found}


def _told(status: int, out: str) -> dict[str, Any]:
    lines = out.strip().splitlines()
    if status or not lines:
        said = out[-_LAST_WORDS:]
        return {"figures": {}, "violations": [f"It ended with status {status} and told nothing. {said}"]}
    found: dict[str, Any] = json.loads(lines[-1])
    return found


def _end(child: subprocess.Popen[str]) -> None:
    """Nothing that the run started is left."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    if child.stdout is not None:
        child.stdout.close()


if __name__ == "__main__":
    sys.exit(main())
