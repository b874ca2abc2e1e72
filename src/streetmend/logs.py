"""One record of the log is one line, whatever anybody wrote into it; the lines of a traceback stand behind a bar."""

from __future__ import annotations

import logging
import re
from typing import Any

#: what a terminal or a reader of logs may take for the end of a line or for a command
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")


class OneLine(logging.Formatter):
    """Control characters of a message are written as they are in Python's source."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  the name is logging's
        """The record's line."""
        return harmless(super().formatMessage(record))

    def formatException(self, ei: Any) -> str:  # noqa: N802  the name is logging's
        """The traceback, each of its lines behind a bar, so that none looks like a record."""
        told = super().formatException(ei)
        return "\n".join(f"  | {harmless(line)}" for line in told.split("\n"))


def harmless(text: str) -> str:
    """The text with its control characters written out."""
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)
