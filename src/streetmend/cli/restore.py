"""`streetmend restore DIR`: the site of a backup, which sends nothing until `streetmend outbound resume`."""

from __future__ import annotations

from pathlib import Path

import click

from streetmend.cli import Problem, setup_django
from streetmend.cli.console import plural, progress, say, say_json


@click.command(short_help="Bring back a backup, or check one.")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.option("--verify", is_flag=True, help="Only read the backup, and say what is wrong with it.")
@click.option("--replace", is_flag=True, help="The site that is in the database may be lost.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(folder: Path, verify: bool, replace: bool, as_json: bool) -> None:
    """Make the site the one of the backup in DIR. Stop the site and its workers before.

    It sends nothing until "streetmend outbound resume". Rows and photos are counted afterwards, and a report's page is asked for.
    Ends with 1 where something is wrong.
    """
    from streetmend.cli.copies.checking import check
    from streetmend.cli.copies.manifest import read

    setup_django()
    manifest = read(folder)
    if verify:
        _tell(check(folder, manifest), manifest.rows, as_json, restored=False)
    from streetmend.cli.copies.bringing import bring, faults_after
    from streetmend.cli.database import missing_migrations

    with progress("photos", quiet=as_json) as step:
        bring(folder, manifest, replace=replace, step=step)
    if missing_migrations():
        raise Problem(
            f"The backup is of an older release ({manifest.release}). It is restored and sends nothing; "
            "its database is still to be brought to this release.",
            next_command="streetmend init --no-input",
        )
    _tell(list(faults_after(manifest)), manifest.rows, as_json, restored=True)


def _tell(wrong: list[str], rows: dict[str, int], as_json: bool, *, restored: bool) -> None:
    """Say what was found, and end."""
    if as_json:
        say_json({"ok": not wrong, "restored": restored, "rows": sum(rows.values()), "problems": wrong})
    elif wrong:
        for line in wrong:
            say(line)
        say(f"{plural(len(wrong), 'problem')}.")
    elif restored:
        say(f"The site is restored: {plural(sum(rows.values()), 'row')}. Nothing leaves it yet.")
        say('Start it, look at it, and then run "streetmend outbound resume".')
    else:
        say(f"The backup is whole: {plural(sum(rows.values()), 'row')}.")
    raise SystemExit(1 if wrong else 0)
