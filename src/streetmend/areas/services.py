"""The only writer of areas: a new set takes over as a whole or not at all."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import shapely
from django.db import transaction

from streetmend.areas.errors import AreasRefused
from streetmend.areas.mend import ShapeRefused, mended
from streetmend.areas.models import Area, Generation

#: told how many areas of how many have been worked on
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class NewArea:
    """An area to import: its boundary in WGS84 with the axes long, lat; `where` names it in what is said about it."""

    mapit_id: int
    name: str
    area_type: str
    shape: shapely.Geometry
    where: str


@dataclass(frozen=True, slots=True)
class ImportedType:
    """What an import meant for one type of area; nothing at all where all three are empty and `unchanged`."""

    area_type: str
    generation: str
    count: int
    added: tuple[int, ...]
    changed: tuple[int, ...]
    removed: tuple[int, ...]
    unchanged: bool


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did: by type, and a sentence about each boundary that was mended."""

    types: tuple[ImportedType, ...]
    mended: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Row:
    mapit_id: int
    name: str
    boundary: bytes


def import_areas(
    *,
    areas: Sequence[NewArea],
    now: datetime,
    generation: str = "",
    source: str = "",
    progress: Progress | None = None,
    dry_run: bool = False,
) -> Imported:
    """The areas are the current ones of their types, all in one moment; the same areas again change nothing.

    Areas of other types stay. The set before is kept, no longer current; older ones go. `generation` names the set (by default
    the day). `now`: UTC. With `dry_run` nothing is written.

    Raises AreasRefused with everything that is wrong; then nothing has changed.
    """
    by_type, said = _prepared(areas, progress)
    with transaction.atomic():
        _refuse_foreign_ids(by_type)
        types = tuple(
            _take_over(
                area_type,
                rows,
                Generation(
                    name=generation, area_type=area_type, current=True, imported_at=now, source=source[:200]
                ),
                dry_run=dry_run,
            )
            for area_type, rows in sorted(by_type.items())
        )
    return Imported(types, said)


def _prepared(
    areas: Sequence[NewArea], progress: Progress | None
) -> tuple[dict[str, list[_Row]], tuple[str, ...]]:
    """The rows of each type, in the order of their ids, and what was mended."""
    problems: list[str] = []
    said: list[str] = []
    seen: dict[int, NewArea] = {}
    by_type: dict[str, list[_Row]] = {}
    for done, area in enumerate(areas, start=1):
        twin = seen.setdefault(area.mapit_id, area)
        if twin is not area:
            problems.append(f"{area.where}: its id {area.mapit_id} is the id of {twin.where} too")
            continue
        try:
            shape, notes = mended(area.shape)
        except ShapeRefused as error:
            problems.append(f"{area.where}: {error}")
            continue
        said += [f"{area.where}: {note}" for note in notes]
        row = _Row(area.mapit_id, area.name, shapely.to_wkb(shape, output_dimension=2))
        by_type.setdefault(area.area_type, []).append(row)
        if progress:
            progress(done, len(areas))
    if problems:
        raise AreasRefused(problems)
    for rows in by_type.values():
        rows.sort(key=lambda row: row.mapit_id)
    return by_type, tuple(said)


def _refuse_foreign_ids(by_type: dict[str, list[_Row]]) -> None:
    """A body names its areas by their ids alone, so two current areas never share one."""
    taken = {
        mapit_id: f"{name} ({area_type})"
        for mapit_id, name, area_type in Area.objects.filter(generation__current=True)
        .exclude(area_type__in=by_type)
        .values_list("mapit_id", "name", "area_type")
    }
    problems = [
        f"{row.name}: its id {row.mapit_id} is the id of {taken[row.mapit_id]} already"
        for rows in by_type.values()
        for row in rows
        if row.mapit_id in taken
    ]
    if problems:
        raise AreasRefused(problems)


def _take_over(area_type: str, rows: list[_Row], new: Generation, *, dry_run: bool) -> ImportedType:
    new.digest = _digest(area_type, rows)
    before = Generation.objects.select_for_update().filter(area_type=area_type, current=True).first()
    if before is not None and before.digest == new.digest and new.name in ("", before.name):
        return ImportedType(area_type, before.name, len(rows), (), (), (), unchanged=True)
    new.name = new.name or new.imported_at.date().isoformat()
    known = _known(before)
    wanted = {row.mapit_id: row for row in rows}
    outcome = ImportedType(
        area_type,
        new.name,
        len(rows),
        added=tuple(sorted(wanted.keys() - known.keys())),
        changed=tuple(sorted(at for at in wanted.keys() & known.keys() if wanted[at] != known[at])),
        removed=tuple(sorted(known.keys() - wanted.keys())),
        unchanged=False,
    )
    if not dry_run:
        _write(rows, new, before)
    return outcome


def _known(generation: Generation | None) -> dict[int, _Row]:
    if generation is None:
        return {}
    rows = Area.objects.filter(generation=generation).values_list("mapit_id", "name", "boundary")
    return {mapit_id: _Row(mapit_id, name, bytes(boundary)) for mapit_id, name, boundary in rows}


def _write(rows: list[_Row], new: Generation, before: Generation | None) -> None:
    older = Generation.objects.filter(area_type=new.area_type)
    if before is not None:
        older = older.exclude(pk=before.pk)
        Generation.objects.filter(pk=before.pk).update(current=False)
    older.delete()
    new.save(force_insert=True)
    Area.objects.bulk_create(
        (
            Area(
                generation=new,
                mapit_id=row.mapit_id,
                area_type=new.area_type,
                name=row.name,
                boundary=row.boundary,
            )
            for row in rows
        ),
        batch_size=200,
    )


def _digest(area_type: str, rows: list[_Row]) -> str:
    """The SHA-256 of everything that is kept of the areas, each part with its length so that none runs into the next."""
    digest = hashlib.sha256()
    for part in [area_type.encode(), *(part for row in rows for part in _parts(row))]:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()


def _parts(row: _Row) -> tuple[bytes, bytes, bytes]:
    return str(row.mapit_id).encode(), row.name.encode(), row.boundary
