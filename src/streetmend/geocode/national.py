"""How the address services of two countries are asked: Norway's (Kartverket, open) and Great Britain's (OS Names, with a key)."""

from __future__ import annotations

from typing import Annotated

import msgspec

from streetmend.geocode.places import NEAR_METRES, Found
from streetmend.geocode.remote import Question, place

_Long = Annotated[float, msgspec.Meta(ge=-180, le=180)]
_Lat = Annotated[float, msgspec.Meta(ge=-90, le=90)]


class _Point(msgspec.Struct):
    lat: _Lat
    lon: _Long


class _Address(msgspec.Struct):
    representasjonspunkt: _Point
    adressetekst: str = ""
    poststed: str = ""


class _Addresses(msgspec.Struct):
    adresser: list[_Address] = []


class Kartverket:
    """The dialect of Kartverket's address search (ws.geonorge.no/adresser/v1): `/sok` and `/punktsok`, in EPSG:4258.

    That grid differs from WGS84 by less than a metre.
    """

    def search(self, words: str, limit: int, language: str) -> Question:
        """`/sok`, forgiving small mistakes."""
        return Question("sok", {"sok": words, "fuzzy": "true", "treffPerSide": limit, "utkoordsys": 4258})

    def reverse(self, lat: float, long: float, language: str) -> Question:
        """`/punktsok` within 150 m."""
        query = {"lat": f"{lat:.5f}", "lon": f"{long:.5f}", "radius": int(NEAR_METRES), "treffPerSide": 10}
        return Question("punktsok", {**query, "utkoordsys": 4258, "koordsys": 4258})

    def read(self, body: bytes) -> list[Found]:
        """The address and its postal town, which comes in capitals."""
        found = msgspec.json.decode(body, type=_Addresses).adresser
        return [
            place(
                one.representasjonspunkt.lat,
                one.representasjonspunkt.lon,
                one.adressetekst,
                town=one.poststed.title(),
            )
            for one in found
        ]


class _Entry(msgspec.Struct):
    #: eastings and northings of the British National Grid, metres
    x: Annotated[float, msgspec.Meta(ge=0, le=700_000)] = msgspec.field(name="GEOMETRY_X")
    y: Annotated[float, msgspec.Meta(ge=0, le=1_300_000)] = msgspec.field(name="GEOMETRY_Y")
    name: str = msgspec.field(name="NAME1", default="")
    place: str = msgspec.field(name="POPULATED_PLACE", default="")
    district: str = msgspec.field(name="DISTRICT_BOROUGH", default="")


class _Result(msgspec.Struct):
    entry: _Entry = msgspec.field(name="GAZETTEER_ENTRY")


class _Results(msgspec.Struct):
    results: list[_Result] = []


class OsNames:
    """The dialect of OS Names (api.os.uk/search/names/v1): `/find` and `/nearest`, in the British National Grid; needs a key."""

    def __init__(self, key: str) -> None:
        self._key = key

    def search(self, words: str, limit: int, language: str) -> Question:
        """`/find`."""
        return Question("find", {"query": words, "maxresults": limit}, self._headers())

    def reverse(self, lat: float, long: float, language: str) -> Question:
        """`/nearest`, of roads only."""
        east, north = _grid(lat, long)
        query = {
            "point": f"{east:.1f},{north:.1f}",
            "radius": int(NEAR_METRES),
            "fq": "LOCAL_TYPE:Named_Road",
        }
        return Question("nearest", query, self._headers())

    def read(self, body: bytes) -> list[Found]:
        """The name and the town or district it lies in."""
        found = []
        for one in msgspec.json.decode(body, type=_Results).results:
            lat, long = _degrees(one.entry.x, one.entry.y)
            found.append(place(lat, long, one.entry.name, town=one.entry.place or one.entry.district))
        return found

    def _headers(self) -> dict[str, str]:
        return {"key": self._key}


def _grid(lat: float, long: float) -> tuple[float, float]:
    """Eastings and northings (metres, EPSG:27700) of a place in WGS84 degrees."""
    return _transformed(4326, 27700, lat, long)


def _degrees(east: float, north: float) -> tuple[float, float]:
    """WGS84 degrees (lat, long), to six decimals, of eastings and northings (metres, EPSG:27700)."""
    lat, long = _transformed(27700, 4326, east, north)
    return round(lat, 6), round(long, 6)


def _transformed(source: int, target: int, first: float, second: float) -> tuple[float, float]:
    """The place of one coordinate system of EPSG in another."""
    # 8 MB that only a site with this geocoder needs
    from pyproj import Transformer

    one, other = Transformer.from_crs(source, target).transform(first, second)
    return float(one), float(other)
