"""An endpoint without any limits to what it tells."""

from __future__ import annotations

from collections.abc import Mapping

from streetmend.georeport import testing


class Everything:
    """An endpoint that answers with all its updates each time, whatever is asked."""

    def __init__(self, page: bytes) -> None:
        self.page, self.asked = page, 0

    def handle(
        self, method: str, target: str, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> testing.Answer:
        self.asked += 1
        return testing.Answer(200, self.page, "text/xml")
