"""Which kinds of problem some words may mean: by the categories' own names, keywords and descriptions, without a network."""

from __future__ import annotations

from collections.abc import Sequence

from streetmend.bodies.values import Choice
from streetmend.geocode.addresses import words_of

_MOST = 3
#: what a shared word counts for, by where the category has it
_KEYWORD, _NAME, _DESCRIPTION = 3.0, 2.5, 0.7
#: words of fewer letters say too little to be compared by their beginnings
_LONG = 4
_WHOLE, _PART = 1.0, 0.6


def suggested(text: str, choices: Sequence[Choice]) -> list[Choice]:
    """At most three choices that share words with the text, the likeliest first; none where nothing is shared."""
    told = words_of(text)[:60]
    if not told:
        return []
    scored = [(_score(told, choice), -place, choice) for place, choice in enumerate(choices)]
    scored.sort(key=lambda entry: (entry[0], entry[1]), reverse=True)
    return [choice for score, _, choice in scored[:_MOST] if score >= 1.0]


def _score(told: Sequence[str], choice: Choice) -> float:
    text = f" {' '.join(told)} "
    phrases = [" ".join(words_of(keyword)) for keyword in choice.keywords]
    whole = max(
        (_KEYWORD * (1 + phrase.count(" ")) for phrase in phrases if phrase and f" {phrase} " in text),
        default=0.0,
    )
    parts = sum(
        weight * _shared(told, words)
        for weight, words in (
            (_KEYWORD, {word for phrase in phrases for word in phrase.split()}),
            (_NAME, set(words_of(f"{choice.label} {choice.name}"))),
            (_DESCRIPTION, set(words_of(choice.description))),
        )
    )
    return whole + parts


def _shared(told: Sequence[str], known: set[str]) -> float:
    """How many of the words are known: whole ones count most, those with the same beginning less."""
    return sum(
        max((_alike(word, other) for other in known), default=0.0) for word in set(told) if len(word) > 2
    )


def _alike(one: str, other: str) -> float:
    if one == other:
        return _WHOLE
    short, long = sorted((one, other), key=len)
    if len(short) < _LONG:
        return 0.0
    # "gatelysene" and "gatelys", "lampa" and "lampe", "taklampe" and "lampe"
    if long.startswith(short[:-1]) or long.endswith(short):
        return _PART * len(short) / len(long)
    return 0.0
