"""How Photon and Pelias are asked: both answer with GeoJSON, a point for each place."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from streetmend.geocode.places import Found
from streetmend.geocode.remote import Question, place

_Long = Annotated[float, msgspec.Meta(ge=-180, le=180)]
_Lat = Annotated[float, msgspec.Meta(ge=-90, le=90)]


class _Point(msgspec.Struct):
    #: longitude first, as GeoJSON has it
    coordinates: tuple[_Long, _Lat]


class _Feature(msgspec.Struct):
    geometry: _Point
    properties: dict[str, Any] = {}


class _Features(msgspec.Struct):
    features: list[_Feature] = []


class Photon:
    """The dialect of Photon (komoot): `/api` and `/reverse`. It knows few languages; others get its own names."""

    _LANGUAGES = ("en", "de", "fr")

    def search(self, words: str, limit: int, language: str) -> Question:
        """`/api`."""
        return Question("api", {"q": words, "limit": limit, **self._told(language)})

    def reverse(self, lat: float, long: float, language: str) -> Question:
        """`/reverse`."""
        query = {"lat": f"{lat:.5f}", "lon": f"{long:.5f}", "limit": 1}
        return Question("reverse", {**query, **self._told(language)})

    def read(self, body: bytes) -> list[Found]:
        """Street and number, or the name of what was found, and the town."""
        return [
            _named(one, street="street", number="housenumber", town=("city", "town", "village", "county"))
            for one in msgspec.json.decode(body, type=_Features).features
        ]

    def _told(self, language: str) -> dict[str, object]:
        return {"lang": language} if language in self._LANGUAGES else {}


class Pelias:
    """The dialect of Pelias: `/v1/search` and `/v1/reverse`; a hosted one wants a key."""

    def __init__(self, key: str = "") -> None:
        self._key = key

    def search(self, words: str, limit: int, language: str) -> Question:
        """`/v1/search`."""
        return Question("v1/search", {"text": words, "size": limit, "lang": language, **self._told()})

    def reverse(self, lat: float, long: float, language: str) -> Question:
        """`/v1/reverse`."""
        query = {"point.lat": f"{lat:.5f}", "point.lon": f"{long:.5f}", "size": 1, "lang": language}
        return Question("v1/reverse", {**query, **self._told()})

    def read(self, body: bytes) -> list[Found]:
        """Street and number, or the name of what was found, and the locality."""
        return [
            _named(one, street="street", number="housenumber", town=("locality", "localadmin", "county"))
            for one in msgspec.json.decode(body, type=_Features).features
        ]

    def _told(self) -> dict[str, object]:
        return {"api_key": self._key} if self._key else {}


def _named(one: _Feature, *, street: str, number: str, town: tuple[str, ...]) -> Found:
    said = {key: value for key, value in one.properties.items() if isinstance(value, str)}
    long, lat = one.geometry.coordinates
    where = next((said[key] for key in town if said.get(key)), "")
    road, house = said.get(street, ""), said.get(number, "")
    if not road or not house:
        road, house = said.get("name", road), ""
    if road == where:
        where = ""
    return place(lat, long, road, house, town=where, otherwise=said.get("label", ""))
