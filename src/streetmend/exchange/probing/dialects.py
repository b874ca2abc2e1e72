"""Which of our own dialects the server speaks, where what is odd about it is just that."""

from __future__ import annotations

from collections.abc import Mapping

from streetmend.exchange.probing.values import Finding
from streetmend.georeport.dialect import DEFAULT, FIXMYSTREET, STRICT, Dialect

#: the fields of a Dialect that can be seen from outside
TRAITS = (
    "extensions",
    "ours",
    "wrapped_json",
    "numeric_ids",
    "coordinates_as_text",
    "recipients_as_list",
    "xml_type",
    "unknown_request",
    "default_window_days",
)
_WORDS: Mapping[str, str] = {
    "default": "Streetmend's own dialect: GeoReport v2 with FixMyStreet's fields and some of its own besides",
    "fixmystreet": "FixMyStreet's dialect: JSON keeps its root, ids are numbers, lat and long are texts, and there are "
    "fields besides",
}
_ALWAYS = "extensions"
_LEAST = 2


def explain(findings: Mapping[str, Finding]) -> tuple[str, tuple[Finding, ...]]:
    """The dialect's name, and the findings with all that it explains put into one.

    A dialect is believed where FixMyStreet's fields are seen, which both have (in discovery even without any request), and where
    it explains everything there is or at least another of its marks. Without any finding it is strict; else there is no name.
    """
    if not findings:
        return STRICT.name, ()
    seen = {finding.trait for finding in findings.values() if finding.trait}
    marks = {dialect: _marks(dialect) for dialect in (DEFAULT, FIXMYSTREET)}
    best = max(marks, key=lambda dialect: (len(seen & marks[dialect]), -len(marks[dialect] - seen)))
    explained = seen & marks[best]
    others = tuple(finding for finding in findings.values() if finding.trait not in marks[best])
    if _ALWAYS not in explained or (others and len(explained) < _LEAST):
        return "", tuple(findings.values())
    first = next(finding for finding in findings.values() if finding.trait in explained)
    says = f'This server speaks the dialect "{best.name}", {_WORDS[best.name]}. Streetmend reads it as it is.'
    named = Finding(f"dialect-{best.name}", says, first.where, first.line)
    return best.name, (named, *others)


def _marks(dialect: Dialect) -> frozenset[str]:
    """In what the dialect differs from the standard."""
    return frozenset(name for name in TRAITS if getattr(dialect, name) != getattr(STRICT, name))
