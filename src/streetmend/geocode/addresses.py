"""Addresses from a file: all in memory, found by the beginnings of their words, and by place."""

from __future__ import annotations

import csv
import gzip
import io
import math
import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from streetmend.geocode.places import Found
from streetmend.text import TextError, clean_text

_NEAR_METRES = 150.0
_METRES_A_DEGREE = 111_320.0
_SPELLED = str.maketrans(
    {"æ": "ae", "ø": "o", "å": "a", "ä": "ae", "ö": "o", "ü": "u", "ß": "ss", "đ": "d", "ł": "l"}
)
_WORD = re.compile(r"[^\W_]+")
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

    def reverse(self, lat: float, long: float) -> Found | None:
        """The nearest address within 150 m."""
        if not self.places:
            return None
        north = (self._lat - lat) * _METRES_A_DEGREE
        east = (self._long - long) * _METRES_A_DEGREE * math.cos(math.radians(lat))
        squares = north * north + east * east
        nearest = int(squares.argmin())
        return self.places[nearest] if squares[nearest] <= _NEAR_METRES**2 else None


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
    for number, row in enumerate(csv.DictReader(io.StringIO(text)), start=2):
        try:
            label = clean_text(row["address"], field="address", max_length=300, required=True)
            lat, long = float(row["lat"]), float(row["long"])
        except (KeyError, TypeError, ValueError, TextError) as error:
            raise AddressFileWrong(f"{file}, line {number}: {error}") from error
        if not (-90 <= lat <= 90 and -180 <= long <= 180):
            raise AddressFileWrong(f"{file}, line {number}: {lat}, {long} is no place")
        yield Found(label, lat, long)
