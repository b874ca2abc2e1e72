"""How near a report of the same kind may be the same problem."""

from __future__ import annotations

import re

from streetmend.text import folded

#: metres; kinds that no word below tells
USUAL = 150.0
#: metres -> words of the name of a kind of problem, and parts of words (Norwegian puts words together). What is one thing at one
#: spot is near; what spreads, or is heard and smelled, is wide. The first that fits holds.
BY_WORD = (
    (60.0, r"\b(lights?|lamps?|signs?|bench(es)?|drains?|kum)\b|lys|lykt|skilt|benk|sluk"),
    (80.0, r"\b(potholes?|graffiti|bikes?|cycles?|cars?|vehicles?|hull|hol|bil(er|ar)?)\b|tagg|sykkel"),
    (300.0, r"\b(noise|smells?|floods?|flooding|snow|ice|lukt)\b|støy|flom|flaum|brøyt|snø|strø"),
)


def same_within(category: str) -> float:
    """So many metres around a place an open report of this category may be the same problem."""
    name = folded(category)
    return next((metres for metres, words in BY_WORD if re.search(words, name)), USUAL)
