"""The doctor looks at the map: who covers what, land that nobody has, land that two have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from streetmend.cli.console import plural
from streetmend.cli.doctor.findings import Finding, fine, problem, shortened, warning

if TYPE_CHECKING:
    from streetmend.areas.index import AreaInfo

_IMPORT = "streetmend areas import FILE.geojson"
_SHOWN = 10


def areas() -> Iterator[Finding]:
    """Whether bodies and areas fit together, without holes and overlaps."""
    from streetmend.areas import queries
    from streetmend.bodies.queries import bodies

    known = {area.mapit_id: area for area in queries.areas()}
    found = bodies()
    if not known:
        level = problem if found else warning
        yield level("areas", "There are no areas, so nobody is responsible anywhere.", _IMPORT)
        return
    covered = frozenset(number for body in found for number in body.area_ids)
    faults = [*_bodies(known), *_uncovered(known, covered), *_holes(covered & known.keys()), *_overlaps()]
    if faults:
        yield from faults
    else:
        yield fine("areas", f"{plural(len(known), 'area')}, no holes, no overlaps.")


def _bodies(known: dict[int, AreaInfo]) -> Iterator[Finding]:
    from streetmend.bodies.queries import bodies

    for body in bodies():
        missing = sorted(body.area_ids - known.keys())
        if missing:
            numbers = shortened(list(map(str, missing)))
            yield problem("areas", f'"{body.name}" covers areas that are not on the map: {numbers}.', _IMPORT)
        if not body.area_ids:
            yield warning("areas", f'"{body.name}" covers no area, so it gets no reports.')


def _uncovered(known: dict[int, AreaInfo], covered: frozenset[int]) -> Iterator[Finding]:
    left = [_told(area) for number, area in known.items() if number not in covered]
    if left:
        yield warning("areas", f"{plural(len(left), 'area')} that no body covers: {shortened(left)}.")


def _holes(covered: frozenset[int]) -> Iterator[Finding]:
    """Land that the bodies' areas enclose and do not have."""
    from streetmend.areas.faults import holes

    found = holes(covered)
    for hole in found[:_SHOWN]:
        around = shortened([area.name for area in hole.around], 4)
        text = f"A hole of {_size(hole.square_metres)} between {around}: nobody covers it."
        yield problem("areas", text, f"streetmend areas at {hole.lat:.5f} {hole.long:.5f}")
    if len(found) > _SHOWN:
        yield problem("areas", f"{len(found) - _SHOWN:,} more holes, smaller ones.", _IMPORT)


def _overlaps() -> Iterator[Finding]:
    from streetmend.areas.faults import overlaps

    found = overlaps()
    for overlap in found[:_SHOWN]:
        text = f"{_told(overlap.first)} and {_told(overlap.second)} share {_size(overlap.square_metres)}."
        yield problem("areas", text, f"streetmend areas at {overlap.lat:.5f} {overlap.long:.5f}")
    if len(found) > _SHOWN:
        yield problem("areas", f"{len(found) - _SHOWN:,} more overlaps, smaller ones.", _IMPORT)


def _told(area: AreaInfo) -> str:
    return f"{area.name} ({area.area_type} {area.mapit_id})"


def _size(square_metres: float) -> str:
    if square_metres < 1_000_000:
        return f"{square_metres / 10_000:,.1f} ha"
    return f"{square_metres / 1_000_000:,.1f} km²"
