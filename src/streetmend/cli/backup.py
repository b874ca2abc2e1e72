"""`streetmend backup DIR`: database and photos, taken while the site runs."""

from __future__ import annotations

from pathlib import Path

import click

from streetmend.cli import Problem
from streetmend.cli.console import note, plural, progress, say, say_json


@click.command(short_help="Copy database and photos to a folder.")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.option("--verify", is_flag=True, help="Read all of it again, and compare.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(folder: Path, verify: bool, as_json: bool) -> None:
    """Copy the database as of one moment, and all photos, to DIR, an empty or new folder. The site goes on running.

    DIR then holds a manifest with the hash of every file. What it does not hold is the secret key (STREETMEND_SECRET_KEY, or the
    file secret_key of the data folder): keep that elsewhere. Ends with 1 where a photo that a report names was not in the store.
    """
    from streetmend.cli.copies.checking import check
    from streetmend.cli.copies.manifest import read
    from streetmend.cli.copies.taking import take
    from streetmend.cli.database import ready
    from streetmend.clock import SystemClock

    ready()
    with progress("photos", quiet=as_json) as step:
        manifest = take(folder, SystemClock(), step)
    wrong = check(folder, read(folder)) if verify else []
    if wrong:
        raise Problem("The backup is not whole. " + " ".join(wrong[:5]), next_command="streetmend doctor")
    size = sum(entry.bytes for entry in manifest.files)
    if as_json:
        say_json(
            {
                "folder": str(folder),
                "taken_at": manifest.taken_at,
                "files": len(manifest.files),
                "bytes": size,
                "rows": sum(manifest.rows.values()),
                "verified": verify,
                "missing_photos": manifest.missing_photos,
            }
        )
    else:
        photos = plural(len(manifest.files) - 1, "photo")
        said = "The backup is whole: it was read again. " if verify else ""
        say(f"{said}{sum(manifest.rows.values()):,} rows and {photos}, {size / 1024**2:,.1f} MB, in {folder}")
        for name in manifest.missing_photos:
            note(f"A report names the photo {name}, which is not in the store.")
    raise SystemExit(1 if manifest.missing_photos else 0)
