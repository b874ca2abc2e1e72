"""What was counted as it happened, as figures: each has its line from the start, so that a first one is seen as a rise."""

from __future__ import annotations

from streetmend.counting import Labels, counts
from streetmend.reports.queries.figures import Figure

#: name, its words, the labels that it has from the start
_KNOWN: tuple[tuple[str, str, tuple[Labels, ...]], ...] = (
    (
        "photos_refused_total",
        "Files that were not taken as photos.",
        ((("why", "too_large"),), (("why", "unreadable"),)),
    ),
    (
        "shed_total",
        "Requests that were turned away because there were too many.",
        ((("class", "read"),), (("class", "write"),)),
    ),
    ("login_failures_total", "Sign-in links that did not sign anybody in.", ((),)),
    (
        "db_pool_wait_seconds",
        "How long readers waited for one of the places in which the database is asked, all together.",
        ((),),
    ),
)


def happenings() -> list[Figure]:
    """Every such figure, of all processes of the site together."""
    found = {(name, labels): amount for name, labels, amount in counts().all()}
    return [
        Figure(name, words, found.get((name, labels), 0), labels, kind="counter")
        for name, words, known in _KNOWN
        for labels in dict.fromkeys((*known, *(of for at, of in found if at == name)))
    ]
