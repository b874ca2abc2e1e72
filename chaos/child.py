"""`python -m chaos.child PART --seed N`: one run of one part, told as one line of JSON at the end of standard output."""

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
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="streetmend-chaos-", ignore_cleanup_errors=True) as folder:
        found = load(asked.part).run(Trial(asked.seed, Path(folder)))
    print(json.dumps(found.as_dict(), ensure_ascii=False, default=str))


if __name__ == "__main__":
    main()
