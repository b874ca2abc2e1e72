"""`python -m chaos.child PART --seed N [--size 0.1]`: one run of one part, told as a line of JSON at the end of its output."""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

from chaos.part import Trial, load


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("part")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--size", type=float, default=1.0)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="streetmend-chaos-", ignore_cleanup_errors=True) as folder:
        found = load(asked.part).run(Trial(asked.seed, Path(folder), asked.size))
    print(json.dumps(found.as_dict(), ensure_ascii=False, default=str))


if __name__ == "__main__":
    main()
