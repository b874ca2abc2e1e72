"""Reports as pins of a map."""

from __future__ import annotations

from collections.abc import Iterable

from streetmend.reports.queries.listing import Listed
from streetmend.web.look import look_of
from streetmend.web.maps.pins import Pin


def pins_of(rows: Iterable[Listed]) -> list[Pin]:
    """A pin for each report, in the look of its state, with its title."""
    return [Pin(row.lat, row.long, look_of(row.state).name, row.title, f"/reports/{row.id}") for row in rows]
