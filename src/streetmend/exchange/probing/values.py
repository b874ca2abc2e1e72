"""What probing a server finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Finding:
    """One way in which the server is not as GeoReport v2 describes it, in plain words.

    `code` names the kind of finding for programs. `where` is what was asked, `line` the line of the answer that shows it.
    `settings` are lines of the site file's `[bodies.endpoint]` that fit. `trait` is the field of a `Dialect` that says the same.
    """

    code: str
    says: str
    where: str = ""
    line: str = ""
    settings: tuple[str, ...] = ()
    trait: str = ""

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "code": self.code,
            "says": self.says,
            "where": self.where,
            "line": self.line,
            "settings": list(self.settings),
        }


@dataclass(frozen=True, slots=True)
class Ability:
    """Something that the server can do, or cannot, without that being wrong."""

    name: str
    says: str
    can: bool = True


@dataclass(frozen=True, slots=True)
class Probed:
    """All that was found out about the server at `url`; `dialect` names the one of ours that it speaks, if it is known."""

    url: str
    jurisdiction_id: str
    dialect: str
    findings: tuple[Finding, ...]
    abilities: tuple[Ability, ...]
    settings: tuple[str, ...]
    calls: int
    seconds: float

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "url": self.url,
            "jurisdiction_id": self.jurisdiction_id,
            "ok": not self.findings,
            "dialect": self.dialect,
            "findings": [finding.as_dict() for finding in self.findings],
            "abilities": {one.name: {"can": one.can, "says": one.says} for one in self.abilities},
            "settings": list(self.settings),
            "calls": self.calls,
            "seconds": round(self.seconds, 2),
        }
