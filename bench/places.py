"""How many places a second are looked up among 5,000 polygons, as the site does it for every report and service list."""

from __future__ import annotations

import json
import math
import random
import sys
import time

import shapely

from bench.report import Result
from streetmend.areas.index import AreaIndex, AreaInfo

POLYGONS = 5_000
CORNERS = 120
LOOK_UPS = 60_000
GOAL = 30_000


def polygons(rng: random.Random) -> list[tuple[AreaInfo, bytes]]:
    """Ragged shapes in a grid, each with so many corners that it looks like a municipality; neighbours overlap a little."""
    side = math.ceil(math.sqrt(POLYGONS))
    found = []
    for number in range(POLYGONS):
        row, column = divmod(number, side)
        lat, long = 58 + row * 0.15, 4 + column * 0.3
        ring = []
        for corner in range(CORNERS):
            angle = 2 * math.pi * corner / CORNERS
            reach = rng.uniform(0.45, 0.55)
            ring.append((long + 0.3 * reach * math.cos(angle), lat + 0.15 * reach * math.sin(angle)))
        shape = shapely.Polygon(ring)
        found.append((AreaInfo("KOM", number + 1, f"Area {number + 1}", "bench"), shapely.to_wkb(shape)))
    return found


def main() -> None:
    rng = random.Random(311)
    started = time.perf_counter()
    index = AreaIndex("bench", polygons(rng))
    print(
        f"{POLYGONS} polygons of {CORNERS} corners loaded in {time.perf_counter() - started:.2f} s",
        file=sys.stderr,
    )
    places = [(rng.uniform(58, 68.5), rng.uniform(4, 25)) for _ in range(LOOK_UPS)]
    inside = sum(1 for lat, long in places if index.covering(lat, long))
    rates = []
    for _ in range(3):
        started = time.process_time()
        for lat, long in places:
            index.covering(lat, long)
        rates.append(LOOK_UPS / (time.process_time() - started))
    print(f"{inside / LOOK_UPS:.0%} of the places lie in a polygon", file=sys.stderr)
    result = Result(f"look-ups among {POLYGONS:,} polygons", "memory", max(rates), "/s", goal=GOAL)
    print(json.dumps([result.as_row()]))


if __name__ == "__main__":
    main()
