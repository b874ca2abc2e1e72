"""GeoJSON files for tests, made of boxes and rings; places are (lat, long) here and turned for the file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

Place = tuple[float, float]


def ring(*places: Place) -> list[list[float]]:
    """A closed ring of the places."""
    return [[long, lat] for lat, long in (*places, places[0])]


def square(south: float, west: float, size: float = 0.2) -> list[list[float]]:
    """The ring of a square of `size` degrees."""
    north, east = south + size, west + size
    return ring((south, west), (south, east), (north, east), (north, west))


def polygon(*rings: Sequence[Sequence[float]]) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": list(rings)}


def islands(*outer: Sequence[Sequence[float]]) -> dict[str, Any]:
    return {"type": "MultiPolygon", "coordinates": [[one] for one in outer]}


def feature(number: Any, name: str, geometry: Any, **properties: Any) -> dict[str, Any]:
    return {
        "type": "Feature",
        "id": number,
        "properties": {"name": name, "type": "KOM", **properties},
        "geometry": geometry,
    }


def collection(*features: dict[str, Any], **members: Any) -> bytes:
    return json.dumps({"type": "FeatureCollection", "features": list(features), **members}).encode()
