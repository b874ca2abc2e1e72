"""Which kinds of problem some words may mean: by the categories' own names, keywords and descriptions, without a network.

A word counts by where a category has it, by how alike the two are (the same, one beginning or ending with the other as compounds
do, or sharing most of their trigrams), and by how few categories have it: "broken" says little, "lamp" says much.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache

from streetmend.bodies.values import Choice
from streetmend.geocode.addresses import words_of

_MOST = 3
_MOST_WORDS, _LONGEST_WORD = 60, 40
#: what a shared word counts for, by where the category has it
_KEYWORD, _NAME, _DESCRIPTION = 3.0, 2.5, 0.8
#: a keyword of several words that stands in the text as it is
_PHRASE = 2.0
#: words of fewer letters say too little to be compared by their parts
_LONG = 4
_WHOLE, _BEGINNING, _END = 1.0, 0.85, 0.75
_TRIGRAMS, _TRIGRAMS_COUNT = 0.55, 0.7
_LEAST = 0.6

#: word -> how much it says about the category
_Weights = Mapping[str, float]


def suggested(text: str, choices: Sequence[Choice]) -> list[Choice]:
    """At most three choices that share words with the text, the likeliest first; none where nothing is shared."""
    told = [word[:_LONGEST_WORD] for word in words_of(text)[:_MOST_WORDS]]
    if not told:
        return []
    known = [_known(choice.label, choice.name, choice.description, choice.keywords) for choice in choices]
    spread = Counter(word for weights in known for word in weights)
    spaced = f" {' '.join(told)} "
    scored = []
    for place, (choice, weights) in enumerate(zip(choices, known, strict=True)):
        words = sum(_best(word, weights, spread) for word in set(told) if len(word) > 1)
        phrases = sum(_PHRASE for phrase in _phrases(choice.keywords) if phrase in spaced)
        scored.append((words + phrases, -place, choice))
    scored.sort(key=lambda entry: (entry[0], entry[1]), reverse=True)
    return [choice for score, _, choice in scored[:_MOST] if score >= _LEAST]


def _best(word: str, weights: _Weights, spread: Mapping[str, int]) -> float:
    """What the word says about the category by its most alike word there; the rarer that one is, the more."""
    return max(
        (
            weight * alike / (1 + math.log(spread[other]))
            for other, weight in weights.items()
            if (alike := _alike(word, other))
        ),
        default=0.0,
    )


@lru_cache(maxsize=2000)
def _known(label: str, name: str, description: str, keywords: tuple[str, ...]) -> _Weights:
    weights: dict[str, float] = {}
    for weight, words in (
        (_DESCRIPTION, words_of(description)),
        (_NAME, words_of(f"{label} {name}")),
        (_KEYWORD, [word for keyword in keywords for word in words_of(keyword)]),
    ):
        weights |= {word: weight for word in words if len(word) > 1 and word not in _SMALL}
    return weights


@lru_cache(maxsize=2000)
def _phrases(keywords: tuple[str, ...]) -> tuple[str, ...]:
    several = (words_of(keyword) for keyword in keywords)
    return tuple(f" {' '.join(words)} " for words in several if len(words) > 1)


@lru_cache(maxsize=50_000)
def _alike(one: str, other: str) -> float:
    """From 0 to 1: "gatelysene" and "gatelys", "lampa" and "lampe", "taklampe" and "lampe" are alike."""
    if one == other:
        return _WHOLE
    short, long = sorted((one, other), key=len)
    if len(short) < _LONG:
        return (
            _BEGINNING * 0.8 if len(short) == _LONG - 1 and long.startswith(short) and len(long) < 7 else 0.0
        )
    if long.startswith(short) or (len(short) > _LONG and long.startswith(short[:-1])):
        return _BEGINNING
    if long.endswith(short):
        return _END
    shared, all_of_both = _trigrams(one) & _trigrams(other), len(_trigrams(one)) + len(_trigrams(other))
    dice = 2 * len(shared) / all_of_both
    return _TRIGRAMS_COUNT * dice if dice >= _TRIGRAMS else 0.0


@lru_cache(maxsize=20_000)
def _trigrams(word: str) -> frozenset[str]:
    padded = f" {word} "
    return frozenset(padded[i : i + 3] for i in range(len(padded) - 2))


#: words that join others and mean nothing by themselves, in the languages of the interface
_SMALL = frozenset(
    ("and or the of to in on at for with that is are it a an not no as by from where which who when they " +
     "og eller som er i pa til for av med ikke ikkje det den de dei en et ei ein eit fra der ved kan sin sitt").split()
)  # fmt: skip
