"""Addresses from a file: all in memory, found by the beginnings of their words, and by place."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from streetmend.geocode.places import NEAR_METRES, Found
from streetmend.nearness import METRES_A_DEGREE, longer_east
from streetmend.text import TextError, clean_text

_SPELLED = str.maketrans(
    {"æ": "ae", "ø": "o", "å": "a", "ä": "ae", "ö": "o", "ü": "u", "ß": "ss", "đ": "d", "ł": "l"}
)
_WORD = re.compile(r"[^\W_]+")
#: a house number with its letter, and what follows
_AT_THE_END = re.compile(r"\s+\d+\s?\w?(,.*)?$")
_NUMBERS = re.compile(r"\d+")


class AddressFileWrong(ValueError):
    """The file of addresses cannot be used; the text says which line."""


class Addresses:
    """Every address of a file. Raises AddressFileWrong and OSError when it is read."""

    def __init__(self, file: Path) -> None:
        self.places = list(_read(file))
        self._words = [" " + " ".join(words_of(place.label)) for place in self.places]
        self._lat = np.array([place.lat for place in self.places])
        self._long = np.array([place.long for place in self.places])
        first: dict[str, Found] = {}
        for place in self.places:
            street = _street_of(place.label)
            first.setdefault(street, Found(street, place.lat, place.long))
        self._streets = sorted(first.values(), key=lambda street: words_of(street.label))

    def search(self, words: str, *, limit: int = 8) -> list[Found]:
        """The addresses in which every one of the words begins a word, those that begin with the first one first."""
        wanted = [" " + word for word in words_of(words)]
        if not wanted:
            return []
        found = [i for i, label in enumerate(self._words) if all(word in label for word in wanted)]
        found.sort(key=lambda i: self._rank(i, wanted))
        return [self.places[i] for i in found[:limit]]

    def _rank(self, i: int, wanted: list[str]) -> tuple[object, ...]:
        label = self._words[i]
        whole = sum(f"{word} " in f"{label} " for word in wanted)
        numbers = [int(number) for number in _NUMBERS.findall(label)[:3] if len(number) < 12]
        return (not label.startswith(wanted[0]), -whole, len(label.split()), numbers, label)

    def streets(self) -> list[Found]:
        """Every street (an address without its number) once, by name, at its first address."""
        return self._streets

    def numbers(self, street: str) -> list[Found]:
        """Every address of the street, by number."""
        found = [place for place in self.places if _street_of(place.label) == street]
        return sorted(found, key=lambda place: self._by_number(place.label))

    def _by_number(self, label: str) -> tuple[int, str]:
        number = _NUMBERS.search(label)
        return (int(number[0]) if number and len(number[0]) < 12 else 0, label)

    def reverse(self, lat: float, long: float) -> Found | None:
        """The nearest address within 150 m."""
        if not self.places:
            return None
        north = (self._lat - lat) * METRES_A_DEGREE
        east = (self._long - long) * METRES_A_DEGREE * longer_east(lat)
        squares = north * north + east * east
        nearest = int(squares.argmin())
        return self.places[nearest] if squares[nearest] <= NEAR_METRES**2 else None


def _street_of(label: str) -> str:
    return _AT_THE_END.sub("", label)


def words_of(text: str) -> list[str]:
    """The words of a text as they are compared: without case, accents or signs."""
    plain = unicodedata.normalize("NFKD", text.casefold().translate(_SPELLED))
    return _WORD.findall("".join(letter for letter in plain if not unicodedata.combining(letter)))


def _read(file: Path) -> Iterable[Found]:
    content = file.read_bytes()
    try:
        text = (gzip.decompress(content) if file.suffix == ".gz" else content).decode("utf-8-sig")
    except (gzip.BadGzipFile, EOFError, UnicodeDecodeError) as error:
        raise AddressFileWrong(f"{file} is no text in UTF-8: {error}") from error
    plain = file.name.removesuffix(".gz")
    rows = _points(text, file) if plain.endswith((".geojson", ".json")) else _lines(text)
    for where, row in rows:
        try:
            label = clean_text(str(row["address"]), field="address", max_length=300, required=True)
            lat, long = float(row["lat"]), float(row["long"])
        except (KeyError, TypeError, ValueError, TextError) as error:
            raise AddressFileWrong(f"{file}, {where}: {error}") from error
        if not (-90 <= lat <= 90 and -180 <= long <= 180):
            raise AddressFileWrong(f"{file}, {where}: {lat}, {long} is no place")
        yield Found(label, lat, long)


def _lines(text: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for number, row in enumerate(csv.DictReader(io.StringIO(text)), start=2):
        yield f"line {number}", row


def _points(text: str, file: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The points of GeoJSON with their property `address`; others of its features are left out."""
    try:
        content = json.loads(text)
        features = content["features"]
        for number, feature in enumerate(features, start=1):
            if feature["geometry"]["type"] == "Point":
                long, lat = feature["geometry"]["coordinates"][:2]
                yield f"feature {number}", {**feature["properties"], "lat": lat, "long": long}
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise AddressFileWrong(f"{file} is no GeoJSON of points: {error!r}") from error
