"""The pretend administration: real Open311 servers with a memory, somebody who does the work, and a page to look at."""

from __future__ import annotations

import random
import re
from urllib.parse import urlencode

import pytest

from streetmend.demo.administration.handling import Handling, steps
from streetmend.demo.administration.journal import Journal, Received
from streetmend.demo.administration.offices import Office, posts
from streetmend.demo.visitor import Visitor
from tests.support.clock import SettableClock

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
LAMP = {
    "jurisdiction_id": "vikhavn.example",
    "api_key": "vikhavn-demo-key",
    "service_code": "VA-KUM",
    "lat": "60.0",
    "long": "4.0",
    "description": "Kumlokket <klaprer>\n\nhttp://127.0.0.1:8000/reports/7",
}


def sent(office: Office, key: str = "", **changed: str) -> str:
    headers = FORM | ({"Idempotency-Key": key} if key else {})
    answer = office.endpoint.handle(
        "POST", f"/{office.office}/requests.xml", headers, urlencode(LAMP | changed).encode()
    )
    assert answer.status == 201, answer.body
    found = re.search(r"<service_request_id>([^<]+)<", answer.body.decode())
    assert found, answer.body
    return found[1]


def started(journal: Journal, clock: SettableClock) -> Office:
    office = Office(posts()[0], journal, root="http://127.0.0.1:9/", clock=clock.now)
    office.remember(journal.lines())
    return office


def test_each_office_offers_the_categories_of_its_body_with_their_questions():
    offered = {post.office: {service.service_code for service in post.services} for post in posts()}
    assert set(offered) == {"vikhavn", "fjordveiene"}
    assert "LYS" in offered["vikhavn"]
    lamp = next(one for one in posts()[0].definitions if one.service_code == "LYS")
    assert [(one.code, one.required) for one in lamp.attributes] == [
        ("LAMPENUMMER", False),
        ("FEIL", True),
        ("ANTALL", False),
    ]


def test_a_report_without_the_key_or_a_required_answer_is_refused(journal, clock):
    office = started(journal, clock)
    for changed in ({"api_key": "wrong"}, {"service_code": "LYS"}, {"service_code": "NO-SUCH"}):
        body = urlencode(LAMP | changed).encode()
        assert office.endpoint.handle("POST", "/vikhavn/requests.xml", FORM, body).status >= 400
    assert office.entries() == ()
    assert journal.lines() == []


@pytest.mark.parametrize(
    ("language", "word"), [("nb", "Utført"), ("nn", "frå"), ("en", "Done"), ("de", "Done")]
)
def test_the_administration_speaks_the_sites_language_and_english_where_it_cannot(language, word):
    said = [
        text
        for step in steps(in_progress_seconds=1, fixed_seconds=2, language=language)
        for text in step.texts
    ]
    assert any(word in text for text in said)


def test_a_report_is_begun_and_then_fixed_when_its_time_has_come(journal, clock):
    office = started(journal, clock)
    handling = Handling(
        [office], steps(in_progress_seconds=5, fixed_seconds=12), clock=clock.now, rng=random.Random(1)
    )
    number = sent(office)
    handling.look()
    assert office.endpoint.ledger.updates() == ()
    clock.advance(seconds=6)
    handling.look()
    handling.look()
    assert [update.status for update in office.endpoint.ledger.updates()] == ["in_progress"]
    assert office.endpoint.ledger.entry(number).status == "open"
    clock.advance(seconds=6)
    handling.look()
    clock.advance(days=2)
    handling.look()
    assert [update.status for update in office.endpoint.ledger.updates()] == ["in_progress", "fixed"]
    assert office.endpoint.ledger.entry(number).status == "closed"


def test_after_a_restart_it_knows_what_it_had_and_goes_on_numbering(journal, clock):
    first = started(journal, clock)
    number = sent(first, key="one")
    handling = Handling([first], steps(in_progress_seconds=1, fixed_seconds=60), clock=clock.now)
    clock.advance(seconds=2)
    handling.look()

    clock.advance(seconds=90)
    again = started(journal, clock)
    (entry,) = again.entries()
    assert (entry.service_request_id, entry.new.service_code, entry.new.lat) == (number, "VA-KUM", 60.0)
    assert entry.received_at == first.entries()[0].received_at
    assert [one.update_id for one in again.endpoint.ledger.updates()] == [f"{number}.1"]
    assert sent(again, key="one") == number, "the same Idempotency-Key is the same report"
    assert sent(again, key="two") != number
    Handling([again], steps(in_progress_seconds=1, fixed_seconds=60), clock=clock.now).look()
    assert [one.status for one in again.endpoint.ledger.updates()] == ["in_progress", "fixed"]


def test_no_key_is_written_into_the_journal(journal, folder, clock):
    sent(started(journal, clock))
    assert "vikhavn-demo-key" not in folder.journal.read_text()


def test_a_line_that_a_crash_cut_off_is_left_out_and_harms_no_other(journal, folder, clock):
    office = started(journal, clock)
    first = sent(office)
    with folder.journal.open("a") as file:
        file.write('{"kind": "received", "office": "vikh')
    second = sent(office)
    known = [line.number for line in journal.lines() if isinstance(line, Received)]
    assert known == [first, second]


def test_its_page_shows_what_it_received_and_nothing_in_it_is_markup(administration, offices):
    number = sent(
        offices[0], description="<script>alert(1)</script> http://127.0.0.1:8000/reports/7?a=1&b=<x>"
    )
    page = Visitor().open(administration)
    assert number in page.text
    assert "<script>alert(1)</script>" in page.text
    assert "http://127.0.0.1:8000/reports/7?a=1&b=" in page.links
