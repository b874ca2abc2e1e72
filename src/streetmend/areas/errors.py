"""The rules of areas that can be broken, one class each."""

from __future__ import annotations

from collections.abc import Sequence


class AreasError(Exception):
    """Areas could not be imported; the text says why, for people. The areas of before stay."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class FileUnreadable(AreasError):
    """The file as a whole cannot be understood."""


class AreasRefused(AreasError):
    """Some of the new areas cannot be taken: `problems` has one sentence for each, naming its feature."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = tuple(problems)
