"""`streetmend apply` and `streetmend export`: the site is like its file, and the file like the site."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, BinaryIO

import click

from streetmend.cli import Problem
from streetmend.cli.console import coloured, note, plural, say, say_json

if TYPE_CHECKING:
    from streetmend.bodies.services import Applied
    from streetmend.bodies.sitefile.diff import Change
    from streetmend.bodies.sitefile.reading import SiteFileWrong
    from streetmend.bodies.specs import SiteFile

_COLOURS = {"+": "green", "~": "yellow", "-": "red"}
_LONGEST = 80


@click.command(short_help="Make the site like its file, and show what changes.")
@click.argument("file", type=click.File("rb"))
@click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
@click.option("--prune", is_flag=True, help="Deactivate what is there and not in the file.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def apply(file: BinaryIO, dry_run: bool, prune: bool, as_json: bool) -> None:
    """Make the site like FILE (TOML; - reads standard input), and show what changes.

    The same file again changes nothing. All of it is changed, or nothing. Bodies, endpoints and categories that FILE does not
    have stay as they are, unless --prune deactivates them.
    """
    from streetmend.cli.database import ready

    ready()
    from streetmend.bodies.errors import BodyError
    from streetmend.bodies.services import apply_site_file
    from streetmend.clock import SystemClock

    wanted = _read(file.read(), getattr(file, "name", "the file"), as_json=as_json)
    try:
        applied = apply_site_file(file=wanted, now=SystemClock().now(), prune=prune, dry_run=dry_run)
    except BodyError as error:
        raise Problem(error.message, next_command="streetmend export") from error
    warnings = _warnings(wanted)
    if as_json:
        say_json(
            {
                "dry_run": dry_run,
                "changed": bool(applied.effective) and not dry_run,
                "changes": [change_as_json(change) for change in applied.changes],
                "warnings": warnings,
            }
        )
        return
    _show(applied, dry_run=dry_run)
    for warning in warnings:
        note(coloured("! ", "yellow") + warning)


@click.command(short_help="Write the site file of this site.")
def export() -> None:
    """Write the site file of this site: `streetmend export > site.toml`. Secrets are never in it."""
    from streetmend.cli.database import ready

    ready()
    from streetmend.bodies.sitefile.present import present_file
    from streetmend.bodies.sitefile.writing import write_site_file

    click.echo(write_site_file(present_file()), nl=False)


def _read(raw: bytes, name: str, *, as_json: bool) -> SiteFile:
    from streetmend.bodies.queries import site
    from streetmend.bodies.sitefile.reading import SiteFileWrong, read_site_file

    try:
        return read_site_file(raw.decode("utf-8-sig"), languages=site().languages)
    except UnicodeDecodeError as error:
        raise Problem(f"{name} is no text in UTF-8 (byte {error.start}).") from error
    except SiteFileWrong as error:
        raise _refusal(error, name, as_json=as_json) from error


def _refusal(error: SiteFileWrong, name: str, *, as_json: bool) -> click.ClickException:
    if as_json:
        say_json(
            {
                "changed": False,
                "wrong": [
                    {"line": one.line, "where": one.where, "message": one.message} for one in error.wrong
                ],
            }
        )
        raise click.exceptions.Exit(1)
    lines = "\n".join(f"  {one}" for one in error.wrong)
    return Problem(
        f"{name} cannot be applied, and nothing has changed:\n{lines}",
        next_command=f"streetmend apply {name} --dry-run (when it is mended; all keys are in docs/reference/site-file.md)",
    )


def _show(applied: Applied, *, dry_run: bool) -> None:
    for change in applied.changes:
        say(change_line(change))
    kept = len(applied.changes) - len(applied.effective)
    if not applied.effective:
        say("Nothing to change.")
    elif dry_run:
        say(f"{plural(len(applied.effective), 'change')} to make; nothing was changed (--dry-run).")
    else:
        say(f"{plural(len(applied.effective), 'change')} made.")
    if kept:
        note(f"{plural(kept, 'thing')} not in the file stay as they are; --prune deactivates them.")


def change_line(change: Change) -> str:
    sign = coloured(change.sign, _COLOURS[change.sign])
    if change.sign == "+":
        told = ", ".join(
            f"{key} {_short(value)}" for key, value in (change.new or {}).items() if key != "name"
        )
        return f"{sign} {change.what}" + (f": {told}" if told else "")
    if change.sign == "-":
        return f"{sign} {change.what} is not in the file" + (" (kept)" if change.kept else "")
    if change.new is None and change.old is None:
        return f"{sign} {change.what}: {change.key}"
    return f"{sign} {change.what}: {change.key} {_short(change.old)} -> {_short(change.new)}"


def _short(value: Any) -> str:
    """The value in one line, cut where it is long."""
    from json import dumps

    text = value if value == "(not shown)" else dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def change_as_json(change: Change) -> dict[str, Any]:
    return {
        "sign": change.sign,
        "what": change.what,
        "key": change.key,
        "old": change.old,
        "new": change.new,
        "kept": change.kept,
    }


def _warnings(file: SiteFile) -> list[str]:
    """What the file asks for and the map does not have."""
    from streetmend.areas import queries

    known = {area.mapit_id for area in queries.areas()}
    found = []
    for body in file.bodies:
        missing = [str(area) for area in body.areas if area not in known]
        if missing and body.active:
            found.append(
                f'body "{body.name}" covers areas that are not on the map: {", ".join(missing[:10])}. '
                "Run next: streetmend areas import FILE.geojson"
            )
    return found
