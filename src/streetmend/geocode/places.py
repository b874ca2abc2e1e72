"""What every geocoder gives, and the one that knows nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol

#: an address farther away than this is no address of a place
NEAR_METRES = 150.0
_COORDINATES = re.compile(r"\s*(?:geo:)?\s*([+-]?\d{1,3}(?:\.\d+)?)\s*[,; ]\s*([+-]?\d{1,3}(?:\.\d+)?)\s*")


@dataclass(frozen=True, slots=True)
class Found:
    """A place with its address. WGS84 degrees."""

    label: str
    lat: float
    long: float


class Geocoder(Protocol):
    """Knows addresses."""

    def search(self, words: str, *, limit: int = 8) -> list[Found]:
        """The places that the words may mean, the likeliest first; none where there are none."""
        ...

    def reverse(self, lat: float, long: float) -> Found | None:
        """The address nearest to the place, if one is within 150 m."""
        ...

    def streets(self) -> list[Found]:
        """Every street by name, at its first address; none where the geocoder cannot list them."""
        ...

    def numbers(self, street: str) -> list[Found]:
        """Every address of a street, by number."""
        ...


class Nothing:
    """The geocoder of a site that has none."""

    def search(self, words: str, *, limit: int = 8) -> list[Found]:
        """Nothing is known."""
        return []

    def reverse(self, lat: float, long: float) -> Found | None:
        """Nothing is known."""
        return None

    def streets(self) -> list[Found]:
        """Nothing is known."""
        return []

    def numbers(self, street: str) -> list[Found]:
        """Nothing is known."""
        return []


def coordinates(words: str) -> tuple[float, float] | None:
    """The place (lat, long) that somebody wrote as two numbers in degrees, latitude first; None where it is none."""
    match = _COORDINATES.fullmatch(words)
    if match is None:
        return None
    lat, long = float(match[1]), float(match[2])
    return (lat, long) if -90 <= lat <= 90 and -180 <= long <= 180 else None
