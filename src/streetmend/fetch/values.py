"""What is sent and what comes back. Neither shows its secrets when it is printed or logged."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class FetchRequest:
    """One HTTP request. Keys belong in headers or in the body, never in the URL's user part."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None

    def __repr__(self) -> str:
        where = (
            self.url.partition("?")[0].rpartition("@")[2] if "@" in self.url else self.url.partition("?")[0]
        )
        return f"FetchRequest({self.method} {where})"


@dataclass(frozen=True, slots=True)
class Fetched:
    """A whole answer: its body is complete and was within the limit. Any status, 3xx and 5xx included."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case; a header that came several times has its values joined by ", "."""
    body: bytes
    """Decompressed."""
    url: str
    """Where the answer came from: the request's URL, or the last redirect's target."""
    connected_address: str
    """The address that was connected to, which the guard had permitted."""
    sent_bytes: int
    """Bytes of the request that left the process (encrypted ones for https)."""
    elapsed_seconds: float

    def header(self, name: str, default: str = "") -> str:
        """The value of a header, whatever the case of its name."""
        return self.headers.get(name.lower(), default)

    def __repr__(self) -> str:
        return f"Fetched({self.status}, {len(self.body)} bytes from {self.url.partition('?')[0]})"
