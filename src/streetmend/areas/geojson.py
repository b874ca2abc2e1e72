"""GeoJSON (RFC 7946) -> areas that can be imported. Everything wrong is told at once, each with its feature."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
import shapely
from msgspec import Struct
from numpy.typing import NDArray

from streetmend.areas.errors import AreasRefused, FileUnreadable
from streetmend.areas.services import NewArea
from streetmend.text import TextError, clean_text

#: names of the coordinate system that GeoJSON has always had; the member "crs" is from before RFC 7946
_WGS84 = ("urn:ogc:def:crs:OGC:1.3:CRS84", "urn:ogc:def:crs:OGC::CRS84", "CRS84", "OGC:CRS84", "EPSG:4326")
_REPROJECT = "reproject it to WGS84 first: ogr2ogr -t_srs EPSG:4326 out.geojson in.geojson"
_LARGEST_ID = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Fields:
    """Which properties of a feature hold what; an empty name means the usual place."""

    id: str = ""
    name: str = ""
    area_type: str = ""
    """Not a property but the type of all areas; empty: each feature's property "type"."""


class _Feature(Struct):
    type: str = ""
    id: Any = None
    properties: dict[str, Any] | None = None
    geometry: msgspec.Raw = msgspec.Raw(b"null")


class _Collection(Struct):
    type: str = ""
    features: list[_Feature] | None = None
    crs: Any = None


class _Kind(Struct):
    type: str = ""


class _Polygon(Struct):
    coordinates: list[list[list[float]]]


class _MultiPolygon(Struct):
    coordinates: list[list[list[list[float]]]]


class _Wrong(ValueError):
    """What is wrong with one feature."""


def read_areas(data: bytes, fields: Fields = Fields()) -> list[NewArea]:
    """The areas of a FeatureCollection of polygons, in the file's order; heights are dropped.

    The id is the feature's own or that of the property `fields.id`. Raises FileUnreadable where the file as a whole cannot be
    understood and AreasRefused with all that is wrong with its features.
    """
    collection = _collection(data)
    found: list[NewArea] = []
    problems: list[str] = []
    for number, feature in enumerate(collection.features or [], start=1):
        try:
            found.append(_area(number, feature, fields))
        except _Wrong as wrong:
            problems.append(f"{_where(number, feature, fields)}: {wrong}")
    if problems:
        raise AreasRefused(problems)
    if not found:
        raise FileUnreadable("The file holds no feature.")
    return found


def _collection(data: bytes) -> _Collection:
    try:
        collection = msgspec.json.decode(data.removeprefix(b"\xef\xbb\xbf"), type=_Collection)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise FileUnreadable(f"The file is no GeoJSON: {error}.") from error
    if collection.type == "Topology":
        raise FileUnreadable("The file is TopoJSON; convert it to GeoJSON first.")
    if collection.type != "FeatureCollection" or collection.features is None:
        raise FileUnreadable(f"The file must be a FeatureCollection; its type is {collection.type!r}.")
    if collection.crs is not None:
        name = _crs_name(collection.crs)
        if (
            name.removeprefix("urn:ogc:def:crs:").replace("EPSG::", "EPSG:") not in _WGS84
            and name not in _WGS84
        ):
            raise FileUnreadable(f"The file's coordinates are in {name or 'an unnamed system'}; {_REPROJECT}")
    return collection


def _crs_name(crs: Any) -> str:
    properties = crs.get("properties") if isinstance(crs, dict) else None
    return str(properties.get("name", "")) if isinstance(properties, dict) else ""


def _where(number: int, feature: _Feature, fields: Fields) -> str:
    name = (feature.properties or {}).get(fields.name or "name")
    return f"feature {number} ({str(name)[:60]})" if name else f"feature {number}"


def _area(number: int, feature: _Feature, fields: Fields) -> NewArea:
    properties = feature.properties or {}
    if feature.type != "Feature":
        raise _Wrong(f'its type is {feature.type!r} instead of "Feature"')
    if fields.name and fields.name not in properties:
        raise _Wrong(f"it has no property {fields.name!r} ({_among(properties)})")
    area_type = fields.area_type or properties.get("type")
    if not area_type or not isinstance(area_type, str):
        raise _Wrong('it has no type: a property "type", or --type for all')
    mapit_id = _id(feature, properties, fields.id)
    name = properties.get(fields.name or "name")
    try:
        return NewArea(
            mapit_id=mapit_id,
            name=clean_text(str(name or ""), field="its name", max_length=200, required=True),
            area_type=clean_text(area_type, field="its type", max_length=20, required=True),
            shape=_shape(feature.geometry),
            where=_where(number, feature, fields),
        )
    except TextError as error:
        raise _Wrong(error.message) from error


def _id(feature: _Feature, properties: dict[str, Any], field: str) -> int:
    if field and field not in properties:
        raise _Wrong(f"it has no property {field!r} ({_among(properties)})")
    raw = properties[field] if field else feature.id if feature.id is not None else properties.get("id")
    if isinstance(raw, str) and raw.isascii() and raw.isdigit() and len(raw) <= 10:
        raw = int(raw)
    if isinstance(raw, float) and raw.is_integer():
        raw = int(raw)
    if isinstance(raw, bool) or not isinstance(raw, int) or not 0 < raw <= _LARGEST_ID:
        raise _Wrong(f"its id is {raw!r}, not a whole number above 0; name a property that has one with --id")
    return raw


def _among(properties: dict[str, Any]) -> str:
    return "it has " + (", ".join(sorted(properties)[:12]) or "none")


def _shape(raw: msgspec.Raw) -> shapely.Geometry:
    try:
        kind = msgspec.json.decode(raw, type=_Kind | None)
        if kind is None:
            raise _Wrong("it has no geometry")
        if kind.type == "Polygon":
            polygons = [msgspec.json.decode(raw, type=_Polygon).coordinates]
        elif kind.type == "MultiPolygon":
            polygons = msgspec.json.decode(raw, type=_MultiPolygon).coordinates
        else:
            raise _Wrong(f"its geometry is a {kind.type!r}; areas are Polygon or MultiPolygon")
    except msgspec.DecodeError as error:
        raise _Wrong(f"its geometry cannot be read: {error}") from error
    shapes = list(_polygons(polygons))
    if not shapes:
        raise _Wrong("its geometry is empty")
    return shapes[0] if len(shapes) == 1 else shapely.multipolygons(shapes)


def _polygons(polygons: list[list[list[list[float]]]]) -> Iterator[shapely.Polygon]:
    for polygon in polygons:
        rings = [_ring(ring) for ring in polygon]
        if rings:
            yield shapely.Polygon(rings[0], rings[1:])


def _ring(places: list[list[float]]) -> NDArray[np.float64]:
    """The ring as (long, lat) rows; closed where it was left open."""
    if any(len(place) < 2 for place in places):
        raise _Wrong("a position has less than two numbers")
    ring = np.array([place[:2] for place in places], dtype=np.float64).reshape(-1, 2)
    if len(ring) and not np.array_equal(ring[0], ring[-1]):
        ring = np.vstack([ring, ring[:1]])
    if len(ring) < 4:
        raise _Wrong("a ring has less than three corners")
    highest = np.abs(ring).max(axis=0)
    if highest[0] > 180 or highest[1] > 90:
        beyond = ring[(np.abs(ring[:, 0]) > 180) | (np.abs(ring[:, 1]) > 90)][0]
        raise _Wrong(_out_of_range(*beyond.tolist()))
    return ring


def _out_of_range(long: float, lat: float) -> str:
    place = f"the position [{long:g}, {lat:g}] is not on the globe"
    if max(abs(long), abs(lat)) > 360:
        return f"{place}, it looks like metres; {_REPROJECT}"
    if abs(lat) > 90 and abs(long) <= 90:
        return f"{place}; GeoJSON has the longitude first"
    return f"{place}; cut the area at longitude 180"
