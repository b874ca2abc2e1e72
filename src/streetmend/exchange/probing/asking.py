"""One question to the server after another, and what came back as it stood."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

from streetmend.clock import Clock
from streetmend.fetch import FetchError, FetchRequest, Transport
from streetmend.georeport.decoding import LIMITS, decode
from streetmend.georeport.errors import Unreadable
from streetmend.georeport.trees import Tree, read_tree
from streetmend.georeport.types import Json
from streetmend.georeport.writing import Format

FORMATS: tuple[Format, ...] = ("xml", "json")
_TYPES = {"xml": "text/xml", "json": "application/json"}
_MOST_BYTES = 32 * 1024 * 1024
_LONGEST_LINE = 160
_HTML = re.compile(r"\s*(?:<!doctype html|<html)", re.IGNORECASE)

Query = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Answer:
    """An answer to a GET, or `failed`: why there was none. `where` is the address below the server's, without a key."""

    where: str
    fmt: Format
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    text: str = ""
    size: int = 0
    tree: Tree | None = None
    unreadable: str = ""
    failed: str = ""
    asked_at: datetime | None = None
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        """An answer of success that can be read."""
        return 200 <= self.status < 300 and self.tree is not None

    @property
    def is_html(self) -> bool:
        """A page for people."""
        return bool(_HTML.match(self.text))

    @property
    def content_type(self) -> str:
        """The Content-Type without its parameters, in lower case."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def value(self) -> Json:
        """What was read."""
        return self.tree.value if self.tree else None

    def line(self, pattern: str) -> str:
        """The first place that the pattern finds, with the number of its line; the beginning where it finds none."""
        found = re.search(pattern, self.text)
        start, end = found.span() if found else (0, 0)
        number = self.text.count("\n", 0, start) + 1
        if end - start < 24:
            start = max(self.text.rfind("\n", 0, start) + 1, start - 40)
            newline = self.text.find("\n", end)
            end = min(end + 60, newline if newline >= 0 else len(self.text))
        shown = " ".join(self.text[start:end].split())[:_LONGEST_LINE]
        return f"line {number}: {shown}" if shown else ""

    def line_of(self, name: str) -> str:
        """The first place where the field of this name stands."""
        known = re.escape(name)
        if self.fmt == "xml":
            return self.line(rf"<{known}\b[^>]*?(?:/>|>[^<]*(?:</{known}>)?)")
        return self.line(rf'"{known}"\s*:\s*(?:"(?:[^"\\]|\\.)*"|[^,}}\]]*)')


@dataclass
class Caller:
    """Asks the server at `base`, one question at a time, each for at most `deadline_seconds` of wall clock."""

    base: str
    jurisdiction_id: str
    transport: Transport
    clock: Clock
    deadline_seconds: float
    calls: int = 0

    async def get(
        self,
        resource: str,
        fmt: Format,
        query: Query = (),
        *,
        jurisdiction: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """The answer; never raises. `jurisdiction` takes the place of the endpoint's (empty: none is sent)."""
        given = self.jurisdiction_id if jurisdiction is None else jurisdiction
        asked = [*query, ("jurisdiction_id", given)] if given else list(query)
        where = f"{resource}.{fmt}" + (f"?{urlencode(asked, quote_via=quote, safe=':|,')}" if asked else "")
        request = FetchRequest("GET", self.address(where), {"Accept": _TYPES[fmt], **(headers or {})})
        self.calls += 1
        at = self.clock.now()
        try:
            came = await self.transport.send(
                request, deadline_seconds=self.deadline_seconds, max_bytes=_MOST_BYTES, redirects=3
            )
        except FetchError as error:
            return Answer(where, fmt, failed=str(error), status=error.status or 0)
        kind = came.header("content-type") or None
        text = decode(came.body, kind, LIMITS).text
        tree, unreadable = None, ""
        try:
            tree = read_tree(came.body, kind)
        except Unreadable as error:
            unreadable = str(error)
        return Answer(
            where,
            fmt,
            came.status,
            came.headers,
            text,
            len(came.body),
            tree,
            unreadable,
            "",
            at,
            came.elapsed_seconds,
        )

    def address(self, where: str) -> str:
        """The whole address of what lies at `where` below the base."""
        base = urlsplit(self.base)
        path, _, query = where.partition("?")
        both = "&".join(filter(None, (base.query, query)))
        return urlunsplit((base.scheme, base.netloc, f"{base.path.rstrip('/')}/{path}", both, ""))
