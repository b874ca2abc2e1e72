"""Answers are kept within a number of bytes, and found only by the key of what they show."""

from __future__ import annotations

import gzip

import pytest

from streetmend.open311.packing import AnswerCache, Kept, coding_for


@pytest.mark.parametrize(
    ("header", "coding"),
    [
        ("", ""),
        ("identity", ""),
        ("gzip", "gzip"),
        ("gzip, br", "br"),
        ("br;q=0, gzip", "gzip"),
        ("gzip;q=0.8, br;q=0.2", "gzip"),
        ("*", "br"),
        ("*;q=0", ""),
        ("GZIP", "gzip"),
        ("gzip;q=nonsense", ""),
        ("," * 5000, ""),
    ],
)
def test_the_coding_is_the_best_that_the_header_allows(header, coding):
    assert coding_for(header) == coding


def test_what_was_used_longest_ago_is_forgotten_first():
    cache = AnswerCache(most_bytes=30)
    for name in "abc":
        cache.put(name, Kept(name.encode() * 10), question=f"?{name}")
    cache.get("a")
    cache.put("d", Kept(b"d" * 10), question="?d")
    assert [name for name in "abcd" if cache.get(name)] == ["a", "c", "d"]
    assert [name for name in "abcd" if cache.last(f"?{name}")] == ["a", "c", "d"]
    assert cache.total_bytes == 30


def test_an_answer_larger_than_everything_is_not_kept():
    cache = AnswerCache(most_bytes=30)
    cache.put("a", Kept(b"a" * 31), question="?")
    assert (cache.get("a"), len(cache), cache.last("?")) == (None, 0, None)


def test_packed_bytes_count_and_are_made_once():
    cache = AnswerCache(most_bytes=10_000)
    kept = Kept(b"a" * 5000)
    cache.put("a", kept, question="?")
    packed = cache.packed("a", kept, "gzip")
    assert gzip.decompress(packed) == kept.plain
    assert cache.packed("a", kept, "gzip") is packed
    assert cache.total_bytes == 5000 + len(packed)
    cache.clear()
    assert (len(cache), cache.total_bytes) == (0, 0)
