"""Every failure that is known has words of its own, in every language."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.utils import translation

from streetmend.desk.meanings import RULES, meaning_of
from streetmend.fetch import errors
from streetmend.reports.models import Attempt

NOW = datetime(2026, 5, 4, tzinfo=UTC)
SEEN = {
    "accepted": {"outcome": "accepted", "http_status": 201},
    "token": {"outcome": "token", "http_status": 200},
    "mailed": {"outcome": "mailed"},
    "mail_refused": {"outcome": "refused"},
    "mail_later": {"outcome": "not_received"},
    "mail_unknown": {"outcome": "mail_unknown"},
    "address_refused": {"error_class": "AddressRefused"},
    "no_name": {"error_class": "NameNotResolved"},
    "refused_connection": {"error_class": "ConnectFailed"},
    "no_connection": {"error_class": "ConnectTimedOut"},
    "certificate_expired": {"error_class": "TlsFailed", "explanation": "certificate has expired."},
    "certificate": {"error_class": "TlsFailed", "explanation": "self-signed certificate."},
    "address_broken": {"error_class": "RequestInvalid"},
    "key_unusable": {"error_class": "KeyUnusable"},
    "held_up": {"error_class": "HeldUp"},
    "same_id": {"error_class": "SameIdTwice", "http_status": 200},
    "token_unknown": {"error_class": "TokenUnknown", "http_status": 404},
    "too_slow": {"error_class": "DeadlinePassed"},
    "broken_off": {"error_class": "ConnectionBroken"},
    "too_large": {"error_class": "AnswerTooLarge", "http_status": 200},
    "no_http": {"error_class": "AnswerUnreadable"},
    "moved": {"http_status": 302},
    "key_refused": {"http_status": 401},
    "forbidden": {"http_status": 403},
    "slow_down": {"http_status": 429},
    "category_unknown": {"http_status": 400, "response_head": "<description>Service code not found"},
    "question_missing": {"http_status": 400, "response_head": "attribute[kind] is required"},
    "jurisdiction": {"http_status": 400, "response_head": "unknown jurisdiction_id"},
    "bad_place": {"http_status": 400, "response_head": "lat/long outside"},
    "bad_request": {"http_status": 422, "response_head": "no"},
    "not_there": {"http_status": 404},
    "no_posts": {"http_status": 405},
    "photo_too_large": {"http_status": 413},
    "format": {"http_status": 415},
    "gateway": {"http_status": 503},
    "server_failed": {"http_status": 500},
    "web_page": {"http_status": 200, "response_head": "\n<!DOCTYPE html><title>Logg inn"},
    "empty_answer": {"http_status": 200},
    "no_number": {"http_status": 200, "response_head": "[{}]"},
    "unclear_refusal": {"http_status": 418},
    "refused_here": {"outcome": "refused", "endpoint_id": 1},
    "ours": {"outcome": "unknown", "error_class": "ZeroDivisionError"},
}


def attempt(**seen: object) -> Attempt:
    here = (
        {}
        if seen.get("outcome") in ("mailed", "refused", "not_received", "mail_unknown")
        else {"endpoint_id": 1}
    )
    return Attempt(started_at=NOW, ended_at=NOW, **{**here, **seen})


@pytest.mark.parametrize("name", list(SEEN))
def test_I4_every_failure_has_its_own_words(name):
    assert meaning_of(attempt(**SEEN[name]), running=False).name == name


def test_every_rule_is_reached_and_every_way_a_call_fails_has_one():
    assert {name for name, _, _ in RULES} == set(SEEN) - {"ours"}
    for one in (*errors.NotSent.__subclasses__(), *errors.MaybeReceived.__subclasses__()):
        assert meaning_of(attempt(error_class=one.__name__), running=False).name != "ours", one


@pytest.mark.parametrize("language", ["nb", "nn"])
def test_every_meaning_is_said_in_every_language(language):
    for name, seen in SEEN.items():
        english = meaning_of(attempt(**seen), running=False).words
        with translation.override(language):
            assert meaning_of(attempt(**seen), running=False).words != english, name


def test_an_attempt_without_an_end_is_under_way_or_its_worker_vanished():
    open_one = Attempt(started_at=NOW)
    assert meaning_of(open_one, running=True).name == "running"
    assert meaning_of(open_one, running=False).name == "vanished"
