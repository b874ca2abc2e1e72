"""The questions that are measured, over what the filled site really has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import cycle
from urllib.parse import quote, urlencode

from streetmend.bodies.queries import bodies
from streetmend.open311.cursors import START, Cursor, Way
from streetmend.reports.models import Report

BASE = "/open311/v2/"
#: so many pages of a walk are asked for in turn
_WALKED = 40
#: so many reports are in a window, and so many are those changed of late
_IN_WINDOW, _CHANGED = 4000, 500


@dataclass(frozen=True, slots=True)
class Operation:
    """A question; `next_path` gives its address, a different one each time where that is how it is asked.

    `grows`: how many times as much it may cost where there are ten times as many reports; None: it is no search.
    """

    name: str
    next_path: Callable[[], str]
    grows: float | None = 1.3
    rows: bool = True


def fixed(resource: str, **query: object) -> Callable[[], str]:
    """Always the same address."""
    path = (
        BASE
        + resource
        + (f"?{urlencode({name: str(value) for name, value in query.items()})}" if query else "")
    )
    return lambda: path


def operations() -> list[Operation]:
    """All of them. The windows are of the newest reports, as many whatever there is; the places are where the most are."""
    shown = Report.objects.filter(visible=True)
    moments = shown.order_by("-requested_at", "-id").values_list("requested_at", flat=True)
    within = list(moments[:_IN_WINDOW])
    until, since = within[0], within[-1]
    window = {"start_date": _text(since), "end_date": _text(until)}
    newest = shown.order_by("-requested_at", "-id").values_list("category_name__name", flat=True)[:_IN_WINDOW]
    name = Counter(newest).most_common(1)[0][0]
    changed = list(shown.order_by("-updated_at", "-id").values_list("updated_at", flat=True)[:_CHANGED])[-1]
    agencies = "|".join(str(body.mapit_id) for body in bodies() if body.mapit_id)
    lat, long = _middle()
    return [
        Operation("newest 1000 as JSON", fixed("requests.json")),
        Operation("newest 1000 as XML", fixed("requests.xml")),
        Operation("one request by its id", _ids()),
        Operation("open, of two bodies, in a window",
                  fixed("requests.json", status="open", agency_responsible=_two(agencies), **window)),
        Operation("one service in a window", fixed("requests.json", service_code=name, **window)),
        Operation("with a photo", fixed("requests.json", has_photo="true")),
        Operation("a box as large as a street", fixed("requests.json", bbox=_box(lat, long, 0.001)), 3.0),
        Operation("a box as large as a city", fixed("requests.json", bbox=_box(lat, long, 0.05)), 3.0),
        Operation("a circle of 5 km", fixed("requests.json", lat=lat, long=long, radius=5000), 3.0),
        Operation("words", fixed("requests.json", q="hull"), 3.0),
        Operation("a cursor's walk over everything", _walk()),
        Operation("changed of late", fixed("requests.json", updated_after=_text(changed))),
        Operation("services", fixed("services.json"), None, rows=False),
        Operation("discovery", fixed("discovery.json"), None, rows=False),
    ]  # fmt: skip


def _text(moment: datetime | None) -> str:
    assert moment is not None
    return moment.isoformat()


def _two(agencies: str) -> str:
    return "|".join(agencies.split("|")[:2])


def _box(lat: float, long: float, half: float) -> str:
    return ",".join(f"{value:.6f}" for value in (long - 2 * half, lat - half, long + 2 * half, lat + half))


def _middle() -> tuple[float, float]:
    """Where the reports of the last time lie."""
    some = list(
        Report.objects.filter(visible=True).order_by("-requested_at").values_list("lat", "long")[:1000]
    )
    lats, longs = (sorted(values) for values in zip(*some, strict=True))
    return round(lats[len(lats) // 2], 6), round(longs[len(longs) // 2], 6)


def _walk() -> Callable[[], str]:
    """Pages of a walk through everything, from its beginning, its end and all between."""
    shown = Report.objects.filter(visible=True)
    first, last = shown.earliest("pk").pk, shown.latest("pk").pk
    wanted = range(first, last + 1, max(1, (last - first) // _WALKED))
    places = shown.filter(pk__in=wanted).order_by("-requested_at", "-id").values_list("requested_at", "id")
    cursors = [START, *(str(Cursor(Way.NEWEST, (at, number))) for at, number in places if at is not None)]
    turn: Iterator[str] = cycle(cursors)
    return lambda: f"{BASE}requests.json?{urlencode({'cursor': next(turn)})}"


def _ids() -> Callable[[], str]:
    ids = list(
        Report.objects.filter(visible=True).order_by("-requested_at").values_list("pk", flat=True)[:5000:7]
    )
    turn: Iterator[int] = cycle(ids)
    return lambda: f"{BASE}requests/{quote(str(next(turn)))}.json"
