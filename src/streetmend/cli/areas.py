"""`streetmend areas`: the map's areas are imported, and asked what they say of a place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, BinaryIO

import click

from streetmend.cli import Problem
from streetmend.cli.console import coloured, note, plural, progress, say, say_json
from streetmend.cli.degrees import Degrees

if TYPE_CHECKING:
    from streetmend.areas.services import Imported, ImportedType
    from streetmend.bodies.queries import Responsible
    from streetmend.bodies.values import BodyInfo

_LARGEST = 1 << 30
_SHOWN = 20


@click.group(name="areas")
def group() -> None:
    """The areas of the map: import them, and ask what they say of a place."""


@group.command(name="import", short_help="Import boundaries from a GeoJSON file.")
@click.argument("file", type=click.File("rb"))
@click.option(
    "--id",
    "id_field",
    default="",
    metavar="FIELD",
    help="The property with the id (a whole number). [the feature's id]",
)
@click.option(
    "--name", "name_field", default="", metavar="FIELD", help='The property with the name. ["name"]'
)
@click.option(
    "--type", "area_type", default="", metavar="T", help='The type of all areas. [the property "type"]'
)
@click.option("--generation", default="", metavar="G", help="What this set is called. [today's date]")
@click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def import_(
    file: BinaryIO,
    id_field: str,
    name_field: str,
    area_type: str,
    generation: str,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Import boundaries from FILE, a GeoJSON FeatureCollection in WGS84.

    They take the place of all areas of the same types in one moment, or, where anything is wrong, not at all. The same file again
    changes nothing.
    """
    from streetmend.cli.database import ready

    ready()
    from streetmend.areas.errors import AreasError, AreasRefused
    from streetmend.areas.geojson import Fields, read_areas
    from streetmend.areas.services import import_areas
    from streetmend.clock import SystemClock

    raw = file.read(_LARGEST + 1)
    if len(raw) > _LARGEST:
        raise Problem(f"{file.name} is larger than {_LARGEST >> 20} MB; simplify it, or import it in parts.")
    try:
        areas = read_areas(raw, Fields(id_field, name_field, area_type))
        with progress("Areas", quiet=as_json) as step:
            done = import_areas(
                areas=areas,
                now=SystemClock().now(),
                generation=generation,
                source=str(file.name),
                progress=step,
                dry_run=dry_run,
            )
    except AreasRefused as error:
        raise _refusal(error.problems, file.name, as_json=as_json) from error
    except AreasError as error:
        raise _refusal((error.message,), file.name, as_json=as_json) from error
    uncovered = _uncovered()
    if as_json:
        say_json(_imported_json(done, uncovered, dry_run=dry_run))
    else:
        _show_imported(done, uncovered, dry_run=dry_run)


def _refusal(problems: tuple[str, ...], name: str, *, as_json: bool) -> click.ClickException:
    if as_json:
        say_json({"changed": False, "problems": list(problems)})
        raise click.exceptions.Exit(1)
    lines = [f"  {problem}" for problem in problems[:_SHOWN]]
    if len(problems) > _SHOWN:
        lines.append(f"  ... and {len(problems) - _SHOWN} more (--json shows all)")
    return Problem(
        f"{name} cannot be imported, and the areas of before stay:\n" + "\n".join(lines),
        next_command=f"streetmend areas import {name} --dry-run (when it is mended)",
    )


def _uncovered() -> list[str]:
    """Bodies that cover areas which are not, or no longer, on the map."""
    from streetmend.areas import queries
    from streetmend.bodies.queries import bodies

    known = {area.mapit_id for area in queries.areas()}
    return [
        f'body "{body.name}" covers areas that are not on the map: '
        + ", ".join(map(str, sorted(body.area_ids - known)[:10]))
        for body in bodies()
        if body.area_ids - known
    ]


def _imported_json(done: Imported, warnings: list[str], *, dry_run: bool) -> dict[str, Any]:
    return {
        "dry_run": dry_run,
        "changed": not dry_run and any(not one.unchanged for one in done.types),
        "types": [
            {
                "type": one.area_type,
                "generation": one.generation,
                "areas": one.count,
                "added": list(one.added),
                "changed": list(one.changed),
                "removed": list(one.removed),
            }
            for one in done.types
        ],
        "mended": list(done.mended),
        "warnings": warnings,
    }


def _show_imported(done: Imported, warnings: list[str], *, dry_run: bool) -> None:
    for word in done.mended[:_SHOWN]:
        note(word)
    if len(done.mended) > _SHOWN:
        note(f"... and {len(done.mended) - _SHOWN} more (--json shows all)")
    for one in done.types:
        say(_imported_line(one))
    if dry_run:
        say("Nothing was changed (--dry-run).")
    for warning in warnings:
        note(coloured("! ", "yellow") + warning)


def _imported_line(one: ImportedType) -> str:
    known = f"{plural(one.count, 'area')} of type {one.area_type}, generation {one.generation}"
    if one.unchanged:
        return f"{known}: nothing to change"
    return f"{known}: {len(one.added)} new, {len(one.changed)} changed, {len(one.removed)} gone"


@group.command(
    short_help="Show the areas and bodies at a place.", context_settings={"ignore_unknown_options": True}
)
@click.argument("lat", type=Degrees(90))
@click.argument("long", type=Degrees(180))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def at(lat: float, long: float, as_json: bool) -> None:
    """Show the areas and the bodies at a place (WGS84 degrees, latitude first), and why."""
    from streetmend.cli.database import ready

    ready()
    from streetmend.bodies.queries import responsible

    here = responsible(lat, long)
    if as_json:
        say_json(_place_json(here))
    else:
        for line in _place_lines(here):
            say(line)


def _place_json(here: Responsible) -> dict[str, Any]:
    return {
        "lat": here.lat,
        "long": here.long,
        "why": here.why.value,
        "areas": [
            {
                "mapit_id": area.mapit_id,
                "name": area.name,
                "type": area.area_type,
                "generation": area.generation,
            }
            for area in here.areas
        ],
        "bodies": [
            {
                "name": body.name,
                "mapit_id": body.mapit_id,
                "send": body.send,
                "because_of": sorted(area.mapit_id for area in here.areas if area.mapit_id in body.area_ids),
                "categories": [category.name for category in here.categories if category.body_id == body.id],
            }
            for body in here.bodies
        ],
        "nearest": here.nearest
        and {
            "areas": [area.name for area in here.nearest.areas],
            "bodies": [body.name for body in here.nearest.bodies],
            "lat": here.nearest.lat,
            "long": here.nearest.long,
            "metres": round(here.nearest.metres, 1),
        },
    }


def _place_lines(here: Responsible) -> list[str]:
    from streetmend.bodies.queries import Why

    areas = ", ".join(f"{area.name} ({area.area_type} {area.mapit_id})" for area in here.areas)
    if here.why is Why.NEARBY and here.nearest:
        lines = [f"No area covers this place; the nearest, {here.nearest.metres:,.0f} m away: {areas}"]
    else:
        lines = [f"Areas: {areas or 'none covers this place, and none is within 2 km'}"]
    if here.why is Why.NOBODY:
        lines.append("Nobody is responsible here.")
        if here.nearest:
            metres = here.nearest.metres
            far = f"{metres / 1000:,.1f} km" if metres >= 1000 else f"{metres:,.0f} m"
            lines.append(f"The nearest place with somebody: {here.nearest.name}, {far} away.")
        return lines
    return [*lines, *(line for body in here.bodies for line in _body_lines(body, here))]


def _body_lines(body: BodyInfo, here: Responsible) -> list[str]:
    because = ", ".join(area.name for area in here.areas if area.mapit_id in body.area_ids)
    number = f" (MapIt id {body.mapit_id})" if body.mapit_id else ""
    sent = {"open311": "gets reports by Open311", "email": "gets reports by e-mail"}.get(
        body.send, "gets no reports"
    )
    names = ", ".join(category.name for category in here.categories if category.body_id == body.id)
    return [
        f"{body.name}{number}, which {sent}, because it covers {because}",
        f"  categories: {names or 'none'}",
    ]
