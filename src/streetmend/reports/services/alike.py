"""Many reports with nearly the same words, from whatever senders, wait for staff.

A text becomes four names, each made of the least digests of its pairs of words: texts that have most of their words in common
share a name nearly always (four of five: 94 of 100), texts about different things nearly never (one of five: 3 of 100). How often
each name came is counted as limits are (`accounts.limits`), so nothing is kept of the texts themselves.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from datetime import datetime
from itertools import pairwise

from streetmend.accounts.limits import Limit, count_each

#: so many alike pass at once, and one more with every tenth of the hour
AT_MOST = Limit(10, 3600.0)
_NAMES, _LEAST = 4, 3
#: letters alone: whoever sends the same again and again changes a number or a sign
_WORDS = re.compile(r"[^\W\d_]+")


def too_many_alike(*, title: str, detail: str, now: datetime) -> bool:
    """One more report with these words is counted; true where there were many like it. To be called outside of a transaction."""
    names = alike_names(f"{title}\n{detail}")
    return count_each(names=names, limit=AT_MOST, now=now) < len(names)


def alike_names(text: str) -> list[str]:
    """The names under which the text is counted, in order; a text without letters is one by its signs."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    words = _WORDS.findall(folded) or folded.split()
    pairs = {" ".join(pair) for pair in pairwise(words)} or set(words)
    return sorted(f"alike:{number}:{_name(number, pairs)}" for number in range(_NAMES))


def _name(number: int, pairs: set[str]) -> str:
    least = [
        min(pairs, key=lambda pair: _digest(f"{number}.{turn}.{pair}"), default="") for turn in range(_LEAST)
    ]
    return _digest("|".join(least))


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
