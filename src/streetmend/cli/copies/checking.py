"""A backup is checked without a site: its files' hashes and its database's rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from streetmend.cli import Problem
from streetmend.cli.console import plural
from streetmend.cli.copies import postgresql, sqlite
from streetmend.cli.copies.manifest import Manifest, faults


def check(folder: Path, manifest: Manifest) -> list[str]:
    """What is wrong with the backup: one sentence each; nothing where it can be brought back whole."""
    found = list(faults(folder, manifest))
    if found:
        return found
    read_rows = sqlite.rows_of if manifest.database == sqlite.NAME else postgresql.rows_of
    try:
        found = list(differences(manifest.rows, read_rows(folder / manifest.database)))
    except Problem as problem:
        found = [problem.what]
    return found


def differences(expected: Mapping[str, int], found: Mapping[str, int]) -> Iterator[str]:
    """The tables whose rows are not as many as the manifest says."""
    for table, count in expected.items():
        if found.get(table, 0) != count:
            yield f"{table} has {plural(found.get(table, 0), 'row')} instead of {count:,}."
