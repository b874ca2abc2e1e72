"""A mailbox in the file system, in the form of Maildir++."""

from __future__ import annotations

import os
from pathlib import Path

from streetmend.exchange.replies.boxes import BoxUnusable, Folder, Raw


class MaildirBox:
    """The folders `new` and `cur` below `path`. A mail's name is its file's, below `path`."""

    def __init__(self, path: str) -> None:
        self._root = Path(path)
        if not (self._root / "new").is_dir():
            raise BoxUnusable(f"{path} is no maildir: it has no folder {'new'!r}.")

    def waiting(self, most: int) -> list[str]:
        """The oldest mails, by the times of their files."""
        found: list[tuple[int, str]] = []
        try:
            for folder in ("new", "cur"):
                with os.scandir(self._root / folder) as entries:
                    for entry in entries:
                        if not entry.name.startswith(".") and entry.is_file(follow_symlinks=False):
                            found.append((entry.stat().st_mtime_ns, f"{folder}/{entry.name}"))
        except FileNotFoundError as error:
            if not found:
                raise BoxUnusable(f"It cannot be read: {error}") from error
        except OSError as error:
            raise BoxUnusable(f"It cannot be read: {error}") from error
        return [name for _, name in sorted(found)[:most]]

    def fetch(self, name: str, most_bytes: int) -> Raw | None:
        """The file, or its first `most_bytes`."""
        try:
            with (self._root / name).open("rb") as file:
                content = file.read(most_bytes + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise BoxUnusable(f"{name} cannot be read: {error}") from error
        return Raw(content[:most_bytes], whole=len(content) <= most_bytes)

    def remove(self, name: str) -> None:
        """The file is gone."""
        try:
            (self._root / name).unlink(missing_ok=True)
        except OSError as error:
            raise BoxUnusable(f"{name} cannot be removed: {error}") from error

    def put(self, name: str, folder: Folder) -> None:
        """The file lies in the folder, which mail programs show as one of the mailbox."""
        target = self._root / f".{folder}"
        try:
            for part in ("tmp", "new", "cur"):
                (target / part).mkdir(parents=True, exist_ok=True)
            (target / "maildirfolder").touch()
            (self._root / name).rename(target / "cur" / Path(name).name)
        except FileNotFoundError:
            return
        except OSError as error:
            raise BoxUnusable(f"{name} cannot be moved to {target}: {error}") from error

    def close(self) -> None:
        """Nothing is held."""
