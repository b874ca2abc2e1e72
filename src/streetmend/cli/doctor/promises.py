"""The doctor looks at what settings promise: the mailbox of answers, the list of addresses, the map's ground, tiles in a file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from streetmend.cli.console import plural
from streetmend.cli.doctor.findings import Finding, fine, problem, warning

#: how long the whole conversation with a mailbox may take
_MAILBOX_SECONDS = 15.0
_FOLDERS = ("new", "cur")


def mailbox(*, call: bool) -> Iterator[Finding]:
    """Whether the mailbox of answers can be read and emptied; nothing in it changes. `call`: a server is asked too."""
    from django.conf import settings

    from streetmend.exchange.replies.boxes import BoxUnusable, open_box

    url = settings.REPLY_MAILBOX
    if not url:
        return
    parts = urlsplit(url)
    local = parts.scheme == "maildir"
    where = unquote(parts.path) if local else f"{parts.hostname} of {unquote(parts.username or 'nobody')}"
    if not local and not call:
        yield fine("mailbox", f"The mailbox at {where} was not called (--offline).")
        return
    try:
        box = open_box(url, seconds=_MAILBOX_SECONDS)
        try:
            waiting = len(box.waiting(1000))
        finally:
            box.close()
    except BoxUnusable as error:
        yield problem(
            "mailbox",
            f"The mailbox of answers at {where} cannot be used: {error}",
            "mend STREETMEND_REPLY_MAILBOX",
        )
        return
    closed = _closed(Path(where)) if local else ""
    if closed:
        then = f"let the user that the worker runs as write to {closed}"
        yield problem(
            "mailbox", f"Mails can be read and cannot be moved: {closed} is not ours to write to.", then
        )
    else:
        yield fine("mailbox", f"The mailbox of answers at {where}: {plural(waiting, 'mail')} in it.")


def _closed(root: Path) -> str:
    """The folder of a maildir from which nothing can be taken; "" where there is none."""
    for folder in (root, *(root / name for name in _FOLDERS)):
        if folder.is_dir() and not os.access(folder, os.W_OK | os.X_OK):
            return str(folder)
    return ""


def files() -> Iterator[Finding]:
    """Whether the files that settings and the site file name are there; without them the site goes on with less."""
    from django.conf import settings

    from streetmend.bodies.queries import site

    view = site().map
    named = [
        ("geocoder", "STREETMEND_GEOCODER", _path_of(settings.GEOCODER), "no address is found by words"),
        (
            "map",
            "STREETMEND_TILES",
            _path_of(settings.TILES["url"]) if settings.TILES["kind"] != "own" else None,
            "the map shows no tiles",
        ),
        (
            "map",
            "basemap of [site.map]",
            view.basemap if view else None,
            "the map shows the outlines of areas",
        ),
    ]
    for check, setting, name, without in named:
        if not name:
            continue
        path = settings.DATA / Path(name).expanduser()
        if path.is_file() and os.access(path, os.R_OK):
            yield fine(check, f"{path} can be read.")
        else:
            yield warning(
                check, f"{path} is no file that can be read; {without}.", f"put it there, or mend {setting}"
            )


def _path_of(value: str) -> str | None:
    """The value where it is the name of a file, and not of a server or of nothing."""
    return None if value in ("", "none") or "://" in value else value
