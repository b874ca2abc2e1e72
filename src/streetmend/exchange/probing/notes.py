"""What has been found so far: each kind of finding once, with the first place where it was seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from streetmend.exchange.probing.asking import Answer
from streetmend.exchange.probing.values import Ability, Finding


@dataclass
class Notes:
    """Findings and abilities in the order in which they came up."""

    findings: dict[str, Finding] = field(default_factory=dict)
    abilities: dict[str, Ability] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)

    def found(
        self,
        code: str,
        says: str,
        answer: Answer | None = None,
        line: str | Callable[[], str] = "",
        *,
        trait: str = "",
        **settings: str,
    ) -> None:
        """The server is not as it should be; `settings` are keys of the endpoint with their values in TOML."""
        if code in self.findings:
            return
        lines = tuple(f"{name} = {value}" for name, value in settings.items())
        where = answer.where if answer else ""
        shown = line if isinstance(line, str) else line()
        self.findings[code] = Finding(code, says, where, shown, lines, trait)
        for name, value in settings.items():
            self.settings.setdefault(name, value)

    def can(self, name: str, says: str, able: bool = True) -> None:
        """The server can do this, or cannot."""
        self.abilities.setdefault(name, Ability(name, says, able))

    def usable(self, answer: Answer) -> bool:
        """Whether the answer is one of success that can be read; what is wrong about it otherwise has been noted."""
        if answer.ok:
            return True
        if answer.failed:
            self.found("no-answer", f"No whole answer came: {answer.failed}", answer)
        elif answer.status >= 500:
            self.found(
                "server-error",
                f"The server fails with {answer.status} where it should answer.",
                answer,
                answer.line("^"),
            )
        elif answer.is_html and answer.status < 400:
            self.found(
                "html", f"A page in HTML comes where {answer.fmt.upper()} should.", answer, answer.line("<")
            )
        elif 200 <= answer.status < 300:
            self.found(
                f"unreadable-{answer.fmt}",
                f"The {answer.fmt.upper()} cannot be read: it {answer.unreadable}.",
                answer,
                answer.line("^"),
            )
        return False
