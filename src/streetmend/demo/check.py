"""One report's way out and back, walked by a visitor over real sockets: what `streetmend demo --check` prints."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from streetmend.demo.files import DATA
from streetmend.demo.visitor import Form, Page, VisitFailed, Visitor

_AGAIN_SECONDS = 0.3
_EMAIL = "kari.fjordheim@example.org"
_NAME = "Kari Fjordheim"
_ADDRESS = "Storgata 1"
_CATEGORY = "Gatelys"
_WORDS = "Lampen er mørk"
_MORE = "Den har vært slukket siden i går. 🕯"
#: the languages' words of a state are on the report's page; its class says the same in all of them
_FIXED = re.compile(r"\bOrdnet\b|\bFixed\b|\bUtbedret\b|\bRetta\b|\bFikset\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Report:
    """Where the demo's servers are."""

    site: str
    mailbox: str
    administration: str


@dataclass(slots=True)
class _Walk:
    """A walk under way."""

    where: Report
    visitor: Visitor
    until: float
    stop: threading.Event
    number: str = ""
    report: str = ""
    seen: list[str] = field(default_factory=list)

    def wait_for(self, what: str, look: Callable[[], str | None]) -> str:
        """What `look` finds as soon as it finds something. Raises VisitFailed where it does not in time."""
        while time.monotonic() < self.until and not self.stop.is_set():
            found = look()
            if found is not None:
                return found
            self.stop.wait(_AGAIN_SECONDS)
        raise VisitFailed(f"{what} did not come in time.")
