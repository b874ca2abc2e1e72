"""The world around the demo's site, a process of its own: the pretend administration, and the mailbox.

`python -m streetmend.demo.neighbours PARENT --port N ...` runs until it is told to stop.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from streetmend.demo.administration import desk
from streetmend.demo.administration.handling import Handling, steps
from streetmend.demo.administration.journal import Journal
from streetmend.demo.administration.offices import Office, posts
from streetmend.demo.folder import Folder
from streetmend.demo.mailbox import Mailbox
from streetmend.demo.pages import refused
from streetmend.georeport.testing import Answer, serving
from streetmend.processes import end_with, stopping_on_signals

_LOOK_SECONDS = 0.25


class Neighbours:
    """What answers on the neighbours' port: each office below its own path, the administration's page and the mailbox."""

    def __init__(self, offices: Sequence[Office], mailbox: Mailbox, *, site: str, host: str) -> None:
        self._offices, self._mailbox, self._site = offices, mailbox, site
        self._hosts = {host, host.replace("127.0.0.1", "localhost")}

    def handle(
        self, method: str, target: str, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Answer:
        """The answer to an HTTP request. A page of another host that names this one by a trick gets nothing."""
        named = {name.lower(): value for name, value in (headers or {}).items()}
        if named.get("host", "").lower() not in self._hosts:
            return refused(421, "This is not the host that you asked for.")
        path = urlsplit(target).path
        for office in self._offices:
            if path.startswith(f"/{office.office}/"):
                return office.endpoint.handle(method, target, headers, body)
        if method not in ("GET", "HEAD"):
            return refused(405, "These pages can only be read.")
        if path == "/":
            return desk.answer(self._offices, self._site)
        if path == "/mailbox/":
            return self._mailbox.answer(self._site)
        return refused(404, "There is nothing here.")


def run(
    *,
    folder: Folder,
    port: int,
    site: str,
    in_progress_seconds: float,
    fixed_seconds: float,
    language: str = "nb",
    wanted: Callable[[], bool] = lambda: True,
) -> None:
    """The neighbours answer, in `language`, until this process is told to stop, or is not `wanted` any more."""
    journal = Journal(folder.journal)
    host = f"127.0.0.1:{port}"
    offices = [Office(post, journal, root=f"http://{host}/") for post in posts()]
    lines = journal.lines()
    for office in offices:
        office.remember(lines)
    handling = Handling(
        offices,
        steps(in_progress_seconds=in_progress_seconds, fixed_seconds=fixed_seconds, language=language),
    )
    behind = Neighbours(offices, Mailbox(folder.mail), site=site, host=host)
    with stopping_on_signals() as stop, serving(behind, port=port):
        while wanted() and not stop.wait(_LOOK_SECONDS):
            handling.look()


def main() -> None:
    """Become the neighbours."""
    parser = argparse.ArgumentParser()
    parser.add_argument("parent", type=int)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--site", required=True)
    parser.add_argument("--in-progress-seconds", type=float, required=True)
    parser.add_argument("--fixed-seconds", type=float, required=True)
    parser.add_argument("--language", default="nb")
    asked = parser.parse_args()
    end_with(asked.parent)
    run(
        folder=Folder(asked.folder),
        port=asked.port,
        site=asked.site,
        in_progress_seconds=asked.in_progress_seconds,
        fixed_seconds=asked.fixed_seconds,
        language=asked.language,
        # where the kernel does not tell of a parent's death, it is seen here
        wanted=lambda: os.getppid() == asked.parent,
    )


if __name__ == "__main__":
    main()
