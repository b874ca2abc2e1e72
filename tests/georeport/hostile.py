"""Answers that are made to cost: `python -m tests.georeport.hostile` classifies each and prints what that took, as JSON.

The processor's time is limited from outside, so that something that never ends is an error and no wait.
"""

from __future__ import annotations

import json
import re
import resource
import sys
from collections.abc import Callable
from types import FrameType

from streetmend.georeport.decoding import ANSWER_TO_POST
from streetmend.georeport.outcomes import Kind, classify

STATUSES = (302, 400, 403, 429, 500)
CONTENT_TYPES = (None, "text/xml" + "x" * 5000, "text/plain; charset=utf-16")
DUPLICATE = re.compile(r"duplicate.*of.*?(?P<id>\d+)!")
#: seconds of the processor for all of it; it takes a twentieth of that
CPU_SECONDS = 60


def _filled(start: bytes, part: bytes, end: bytes = b"") -> Callable[[int], bytes]:
    return lambda size: start + part * ((size - len(start) - len(end)) // len(part)) + end


def _numbered(start: bytes, part: bytes, end: bytes) -> Callable[[int], bytes]:
    width = len(part % 10_000)
    return lambda size: (
        start + b"".join(part % number for number in range(10_000, 10_000 + size // width - 10)) + end
    )


ROW = b"<request><service_request_id>7</service_request_id></request>"
#: by name, the answer of at most so many bytes
MADE: dict[str, Callable[[int], bytes]] = {
    "arrays in arrays": _filled(b"", b"["),
    "arrays in arrays that end": lambda size: b"[" * (size // 2) + b"]" * (size // 2),
    "objects in objects": _filled(b"", b'{"a":'),
    "rows in rows": _filled(b"", b'[{"service_request_id":'),
    "empty arrays": _filled(b"[[]", b",[]", b"]"),
    "errors in errors": _filled(b"", b'{"errors":['),
    "many errors": _filled(b'[{"code":1,"description":"no"}', b',{"code":1,"description":"no"}', b"]"),
    "a name twice and twice and twice": _filled(b'{"a":[1,2]', b',"a":[1,2]', b"}"),
    "many names": _numbered(b'{"b":1', b',"a%d":1', b"}"),
    "an id of many digits": _filled(b'[{"service_request_id":', b"9", b"}]"),
    "an id of many noughts": _filled(b'[{"service_request_id":', b"0", b"}]"),
    "noughts": _filled(b"[0", b",00", b"]"),
    "no numbers": _filled(b"[NaN", b",-Infinity,1e999", b"]"),
    "an open text": _filled(b'["', b"\\"),
    "quotes": _filled(b"", b'"'),
    "halves of characters": _filled(b'[{"service_request_id":"', b"\\ud800", b'"}]'),
    "halves in the wrong order": _filled(b'["', b"\\ude00\\ud83d", b'"]'),
    "control characters": _filled(b'[{"service_request_id":"', b"\x01", b'"}]'),
    "zero bytes": _filled(b"", b"\0"),
    "bytes of no encoding": _filled(b"", b"\xff\xfe\x80"),
    "arrays in sixteen bits": _filled(b"\xff\xfe", b"[\0"),
    "arrays in thirty-two bits": _filled(b"\xff\xfe\0\0", b"[\0\0\0"),
    "elements in elements": _filled(b"", b"<a>"),
    "elements in elements that end": lambda size: b"<a>" * (size // 7) + b"</a>" * (size // 7),
    "empty elements": _filled(b"<r>", b"<a/>", b"</r>"),
    "rows": _filled(b"<r>", ROW, b"</r>"),
    "many attributes": _numbered(b"<a ", b'a%d="" ', b"/>"),
    "many namespaces": _numbered(b"<a ", b'xmlns:a%d="u:%%d" '.replace(b"%%d", b"x"), b"/>"),
    "an attribute twice": _filled(b"<a ", b'a="" ', b"/>"),
    "ampersands": _filled(b"<r>", b"&", b"</r>"),
    "references to nothing": _filled(b"<r>", b"&#0;&nosuch;&nbsp;", b"</r>"),
    "references": _filled(b"<r>", b"&amp;", b"</r>"),
    "references without an end": _filled(b"<r>", b"&#x0000", b"</r>"),
    "entities of entities": _filled(b'<!DOCTYPE r [<!ENTITY a "ha">', b'<!ENTITY b "&a;&a;">', b"]><r>&b;</r>"),
    "comments": _filled(b"", b"<!--"),
    "comments that end": _filled(b"", b"<!-- -->", ROW),
    "instructions": _filled(b"", b"<?a "),
    "sections": _filled(b"<r>", b"<![CDATA[", b"</r>"),
    "sections that end": _filled(b"<r>", b"<![CDATA[&]]>", b"</r>"),
    "a declaration": _filled(b"<?xml version='1.0' ", b"encoding ", b"?><r/>"),
    "heads of other answers": _filled(b"", b"HTTP/1.1 200 OK\nA: b\n"),
    "lines of a head": _filled(b"HTTP/1.1 200 OK\n", b"A: b\n"),
    "blanks": _filled(b"", b" \n"),
    "brackets of all kinds": _filled(b"", b"[{<(&"),
    "words": _filled(b"", b"a "),
    "what looks like a repetition": _filled(b"", b"duplicate of "),
    "what looks like a repetition with numbers": _filled(b'{"error":"', b"duplicate of 1 ", b'"}'),
}  # fmt: skip


def classified(make: Callable[[int], bytes]) -> set[Kind]:
    """What it means as a success and as a refusal at full size, and under every status and kind of content at a smaller one."""
    whole, part = make(ANSWER_TO_POST.most_bytes), make(ANSWER_TO_POST.most_bytes // 16)
    asked = [(status, "request") for status in STATUSES] + [(200, "request"), (200, "update")]
    return {classify(status, {}, whole, duplicate=DUPLICATE).kind for status in (200, 400)} | {
        classify(
            status, {"Content-Type": kind} if kind else {}, part, posted=posted, duplicate=DUPLICATE
        ).kind
        for status, posted in asked
        for kind in CONTENT_TYPES
    }


def steps_of(body: bytes) -> int:
    """How many functions are called for it, those of C included."""
    count = 0

    def step(frame: FrameType, event: str, argument: object) -> None:
        nonlocal count
        count += 1

    sys.setprofile(step)
    try:
        classify(200, {}, body, duplicate=DUPLICATE)
        classify(400, {}, body, duplicate=DUPLICATE)
    finally:
        sys.setprofile(None)
    return count


def main() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    size = ANSWER_TO_POST.most_bytes
    classified(MADE["rows"])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    told = {}
    for name, make in MADE.items():
        kinds = sorted(classified(make))
        told[name] = {"kinds": kinds, "steps": [steps_of(make(size // 4)), steps_of(make(size))]}
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"answers": told, "kilobytes": after - before}))


if __name__ == "__main__":
    main()
