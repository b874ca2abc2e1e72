"""Whatever the answer to a POST is, it has one meaning, found in bounded time and memory."""

from __future__ import annotations

import json
import re
import subprocess
import sys

from hypothesis import given
from hypothesis import strategies as st

from streetmend.georeport.outcomes import Kind, classify, retry_after
from tests.georeport.hostile import MADE
from tests.georeport.test_dangerous import MARKUP

NAMES = ["content-type", "CONTENT-LENGTH", "Retry-After", "Location", "Content-Encoding", "X-Other"]
VALUES = st.sampled_from(
    [
        "text/xml", "application/json; charset=utf-16", "text/plain", "charset=", "gzip", "0", "7", "-1", "9" * 400,
        "Fri, 31 Dec 1999 23:59:59 GMT", "Fri, 99 Dec 99999 99:99:99 +9999", "31 Dec", ",", "\N{ARABIC-INDIC DIGIT ONE}",
        "http://x", "\r\n", "\x00",
    ]
)  # fmt: skip
PATTERNS = st.sampled_from(
    [None, re.compile(r"duplicate of (?P<id>\S+)"), re.compile(r"(7)"), re.compile("")]
)


@given(
    status=st.integers() | st.sampled_from([200, 204, 302, 400, 401, 403, 404, 409, 422, 429, 500]),
    headers=st.dictionaries(st.sampled_from(NAMES), VALUES | st.text(max_size=20), max_size=4),
    body=st.binary(max_size=200) | MARKUP | st.just(b"duplicate of 77"),
    posted=st.sampled_from(["request", "update"]),
    duplicate=PATTERNS,
)
def test_F_30_F_35_F_37_F_42_any_answer_whatever_ends_in_one_of_six_meanings(
    status, headers, body, posted, duplicate
):
    outcome = classify(status, headers, body, posted=posted, duplicate=duplicate)
    assert outcome.kind in set(Kind)
    assert len(Kind) == 6
    assert outcome.why
    assert (outcome.remote_id is not None) is (outcome.kind is Kind.ACCEPTED)
    assert (outcome.token is not None) is (outcome.kind is Kind.TOKEN)
    if outcome.by_pattern:
        assert 400 <= status < 500
    elif outcome.kind in (Kind.ACCEPTED, Kind.TOKEN):
        assert 200 <= status < 300


@given(
    VALUES | st.text() | st.from_regex(r"[A-Z][a-z]{2}, \d{1,4} [A-Z][a-z]{2} \d{1,6} [\d:]{1,12} \S{0,8}")
)
def test_F_32_any_wish_to_wait_is_seconds_a_moment_or_nothing(text):
    found = retry_after({"Retry-After": text})
    assert found is None or isinstance(found, int) or found.tzinfo is not None


def test_F_28_F_37_what_is_made_to_cost_is_classified_in_steps_by_its_length_and_within_32_megabytes():
    """In a process of its own, whose time of the processor ends after a minute."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.georeport.hostile"],
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    told = json.loads(done.stdout)
    assert told["answers"].keys() == MADE.keys()
    for name, found in told["answers"].items():
        fewer, more = found["steps"]
        # four times the bytes
        assert more <= 5 * fewer + 2000, name
        accepted = {"accepted", "token"} & set(found["kinds"])
        assert accepted == ({"accepted"} if name == "comments that end" else set()), name
    assert told["kilobytes"] < 32_000
