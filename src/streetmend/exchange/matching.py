"""Is this request of an endpoint the report that we sent? Pure rules: by our mark, or by what it says and where."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from math import cos, hypot, radians
from typing import Any

from streetmend.georeport.types import Request

#: metres in one degree of latitude
_DEGREE = 111_195.0
_SIMILAR = 0.95
_LONGEST = 2000
_ADDRESS = re.compile(r"https?://\S+")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What we sent, as far as it can be found again."""

    delivery_id: int
    url: str
    code: str
    description: str
    lat: float | None
    long: float | None

    @classmethod
    def of(cls, delivery_id: int, url: str, request: dict[str, Any]) -> Wanted:
        """From the request as it is kept with the delivery."""
        lat, long = request.get("lat"), request.get("long")
        return cls(
            delivery_id,
            url,
            str(request.get("service_code") or ""),
            plain(str(request.get("description") or "")),
            float(lat) if isinstance(lat, int | float) else None,
            float(long) if isinstance(long, int | float) else None,
        )


def text_of(row: Request) -> str:
    """Everything in which our mark may stand."""
    parts = [row.description or "", row.title or "", row.detail or "", row.status_notes or ""]
    if row.others:
        # without what JSON, and JSON in a text of JSON, put before a slash
        parts.append(json.dumps(dict(row.others), ensure_ascii=False, default=str).replace("\\", ""))
    return "\n".join(parts)


def marks_in(text: str, base: str) -> set[str]:
    """The addresses of reports below `base` that stand in the text, each as we write it."""
    if base not in text:
        return set()
    return {f"{base}{number}" for number in re.findall(re.escape(base) + r"(\d{1,18})(?!\d)", text)}


def plain(text: str) -> str:
    """Words as they are compared: without addresses, case and the length of blanks."""
    return " ".join(_ADDRESS.sub(" ", text).casefold().split())


def same_content(row: Request, wanted: Wanted, metres: float) -> bool:
    """Whether the row could be nothing else: the same service, the same place within `metres`, the same words, or nearly."""
    if not wanted.description or row.service_code != wanted.code:
        return False
    if row.lat is None or row.long is None or wanted.lat is None or wanted.long is None:
        return False
    north = (row.lat - wanted.lat) * _DEGREE
    east = (row.long - wanted.long) * _DEGREE * cos(radians(wanted.lat))
    if hypot(north, east) > metres:
        return False
    theirs = plain(row.description or "")
    if theirs == wanted.description:
        return True
    if not theirs or abs(len(theirs) - len(wanted.description)) > 0.1 * len(wanted.description) + 5:
        return False
    match = SequenceMatcher(None, theirs[:_LONGEST], wanted.description[:_LONGEST], autojunk=False)
    return match.quick_ratio() >= _SIMILAR and match.ratio() >= _SIMILAR
