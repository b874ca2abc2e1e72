"""The fictional town: its streets and addresses, and places where something may be wrong. WGS84 degrees."""

from __future__ import annotations

import csv
import gzip
import io
import json
import random
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from shapely import STRtree
from shapely.affinity import scale
from shapely.geometry import LineString, Point, shape
from shapely.ops import unary_union

from streetmend.demo.files import DATA

#: at this latitude a degree of longitude is half as long as one of latitude
_LONG_SCALE = 0.5
_METRES = 111_195
_CENTRE = Point(4.0005 * _LONG_SCALE, 60.0005)


@dataclass(frozen=True, slots=True)
class Place:
    """A place on a street, and the address nearest to it."""

    lat: float
    long: float
    address: str
    street: str


def _flat(long: float, lat: float) -> Point:
    return Point(long * _LONG_SCALE, lat)


class Town:
    """What the data files say of the town."""

    @cached_property
    def addresses_csv(self) -> str:
        """All addresses as a table: address, lat, long."""
        return gzip.decompress((DATA / "addresses.csv.gz").read_bytes()).decode()

    @cached_property
    def _addresses(self) -> list[tuple[str, Point]]:
        rows = csv.DictReader(io.StringIO(self.addresses_csv))
        return [(row["address"], _flat(float(row["long"]), float(row["lat"]))) for row in rows]

    @cached_property
    def _tree(self) -> STRtree:
        return STRtree([point for _, point in self._addresses])

    @cached_property
    def _features(self) -> list[tuple[dict[str, str], Any]]:
        loaded = json.loads((DATA / "basemap.geojson").read_text(encoding="utf-8"))
        return [(feature["properties"], shape(feature["geometry"])) for feature in loaded["features"]]

    @cached_property
    def _streets(self) -> dict[str, LineString]:
        return {
            properties["n"]: LineString([(x * _LONG_SCALE, y) for x, y in line.coords])
            for properties, line in self._features
            if "n" in properties
        }

    def _around(self, kind: str, metres: float) -> list[int]:
        """The addresses within so many metres of the parks, or of the water."""
        surfaces = [surface for properties, surface in self._features if properties["k"] == kind]
        whole = unary_union([scale(surface, _LONG_SCALE, 1, origin=(0, 0)) for surface in surfaces])
        reach = whole.buffer(metres / _METRES)
        return sorted(int(index) for index in self._tree.query(reach, predicate="intersects"))

    @cached_property
    def _near(self) -> dict[str, list[int]]:
        main = {properties["n"] for properties, _ in self._features if properties["k"] == "main"}
        return {
            "": list(range(len(self._addresses))),
            "main": [i for i, (address, _) in enumerate(self._addresses) if street_of(address) in main],
            "park": self._around("park", 120),
            "water": self._around("water", 90),
        }

    def place(self, rng: random.Random, near: str = "") -> Place:
        """A place on a street, more often in the middle of the town; `near`: "main" streets, a "park" or "water"."""
        while True:
            candidates = [rng.choice(self._near[near]) for _ in range(3 if rng.random() < 0.55 else 1)]
            chosen = min(candidates, key=lambda index: self._addresses[index][1].distance(_CENTRE))
            address, point = self._addresses[chosen]
            street = self._streets[street_of(address)]
            on_street = street.interpolate(street.project(point))
            share = rng.uniform(0.4, 1)
            spot = Point(point.x + (on_street.x - point.x) * share, point.y + (on_street.y - point.y) * share)
            if int(self._tree.nearest(spot)) == chosen:
                return Place(round(spot.y, 6), round(spot.x / _LONG_SCALE, 6), address, street_of(address))

    def nearest_address(self, lat: float, long: float) -> str:
        """The address nearest to a place."""
        return self._addresses[int(self._tree.nearest(_flat(long, lat)))][0]


def street_of(address: str) -> str:
    """The street's name in an address."""
    return address.rpartition(" ")[0]
