"""How a Nominatim server is asked (search and reverse, in its jsonv2 format)."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from streetmend.geocode.places import Found
from streetmend.geocode.remote import Question, place


class _Place(msgspec.Struct):
    """What we read of a place; coordinates come as text."""

    lat: Annotated[float, msgspec.Meta(ge=-90, le=90)]
    lon: Annotated[float, msgspec.Meta(ge=-180, le=180)]
    display_name: str = ""
    address: dict[str, Any] = {}


class Nominatim:
    """The dialect of Nominatim."""

    def search(self, words: str, limit: int, language: str) -> Question:
        """`/search`."""
        return Question("search", {"q": words, "limit": limit, "addressdetails": 1, **_told(language)})

    def reverse(self, lat: float, long: float, language: str) -> Question:
        """`/reverse`, down to houses."""
        query = {"lat": f"{lat:.5f}", "lon": f"{long:.5f}", "zoom": 18, "addressdetails": 1}
        return Question("reverse", {**query, **_told(language)})

    def read(self, body: bytes) -> list[Found]:
        """A list of places, or one."""
        found = msgspec.json.decode(body, type=list[_Place] | _Place, strict=False)
        return [_found(one) for one in (found if isinstance(found, list) else [found])]


def _told(language: str) -> dict[str, object]:
    return {"format": "jsonv2", "accept-language": language}


def _found(one: _Place) -> Found:
    said = {key: value for key, value in one.address.items() if isinstance(value, str)}
    town = next((said[key] for key in ("city", "town", "village", "municipality") if key in said), "")
    street, number = said.get("road", ""), said.get("house_number", "")
    if not street:
        return place(one.lat, one.lon, otherwise=one.display_name)
    return place(one.lat, one.lon, street, number, town=town)
