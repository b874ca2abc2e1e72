"""What the worker makes of an endpoint's answer to its POST: one POST in every case, and nothing is ever lost."""

from __future__ import annotations

import pytest

from streetmend.bodies.health import resume_endpoint
from streetmend.bodies.models import Endpoint
from streetmend.georeport import testing
from streetmend.georeport.testing import PretendEndpoint, serving
from streetmend.reports.models import Attempt, Notice
from streetmend.reports.models.outbox import NoticeKind
from streetmend.reports.states import DeliveryState
from tests.exchange.reports import is_parked, make_report, only_delivery, posts


def xml(inside: str, *, head: str = '<?xml version="1.0" encoding="utf-8"?>') -> bytes:
    return f"{head}<service_requests>{inside}</service_requests>".encode()


def answers(endpoint: PretendEndpoint, body: bytes, content_type: str = "text/xml; charset=utf-8") -> None:
    endpoint.script(testing.garbage(body, content_type=content_type))


@pytest.mark.parametrize("form", ["xml", "json"])
def test_a_number_in_the_answer_is_acceptance(town, endpoint, clock, work, form):
    Endpoint.objects.update(format=form)
    make_report(clock)
    work()
    delivery = only_delivery()
    (entry,) = endpoint.ledger.entries()
    assert (delivery.state, delivery.remote_id) == (DeliveryState.ACCEPTED, entry.service_request_id)
    assert (delivery.proof, delivery.next_at) == ("answer", None)
    (seen,) = endpoint.ledger.seen("create")
    assert seen.path == f"/requests.{form}"
    assert seen.headers["idempotency-key"] == str(delivery.mark)
    assert Notice.objects.filter(kind=NoticeKind.REPORT_SENT).count() == 1


EMPTY = [
    (200, b""), (201, b""), (204, b""),
    (200, b"[]"), (200, b"{}"), (200, b"null"), (200, b'"7"'), (200, b"[[]]"),
    (200, b'[{"service_request_id": ""}]'), (200, b'[{"service_request_id": null}]'),
    (200, b'[{"service_request_id": 0}]'), (200, b'[{"service_request_id": ["7", "8"]}]'),
    (200, b'[{"service_request_id": {"id": 7}}]'), (200, b'[{"service_request_id": "   "}]'),
    (200, b'[{"service_request_id": "' + b"9" * 300 + b'"}]'),
    (200, b'[{"service_request_id": "7 8"}]'), (200, b'[{"service_request_id": "7\\n8"}]'),
    (200, b'[{"service_request_id": "<script>alert(1)</script>"}]'),
    (200, xml("<request><service_request_id/></request>")),
    (200, xml("<request><service_request_id>0</service_request_id></request>")),
    (200, xml("<request><service_request_id>7 8</service_request_id></request>")),
    (200, xml("<request><service_request_id>" + "9" * 300 + "</service_request_id></request>")),
    (200, xml("<request/>")), (200, xml("")),
]  # fmt: skip


@pytest.mark.parametrize(("status", "body"), EMPTY)
def test_F_36_an_answer_without_a_usable_id_is_never_stored_as_accepted(
    town, endpoint, clock, work, status, body
):
    endpoint.script(testing.garbage(body, content_type="application/json", status=status))
    make_report(clock)
    work()
    delivery = only_delivery()
    assert is_parked(delivery)
    clock.advance(days=3)
    work()
    assert (posts(endpoint), delivery.attempts) == (1, 1)


READABLE = {
    "bom": "\ufeff".encode() + xml("<request><service_request_id>77</service_request_id></request>"),
    "utf-16": '<?xml version="1.0" encoding="utf-16"?><service_requests><request><service_request_id>77'
    "</service_request_id></request></service_requests>".encode("utf-16"),
    "wrong charset": xml(
        "<request><service_request_id>77</service_request_id><service_notice>blåbær</service_notice></request>",
        head='<?xml version="1.0" encoding="us-ascii"?>',
    ),
    "cdata": xml("<request><service_request_id><![CDATA[77]]></service_request_id></request>"),
    "namespace": b'<o:service_requests xmlns:o="urn:x"><o:request><o:service_request_id>77'
    b"</o:service_request_id></o:request></o:service_requests>",
    "no list": b"<request><service_request_id>77</service_request_id></request>",
    "attributes": xml('<request><service_request_id type="integer"> 77 </service_request_id></request>'),
}


@pytest.mark.parametrize("name", READABLE)
def test_F_37_odd_but_sound_xml_is_read(town, endpoint, clock, work, name):
    answers(endpoint, READABLE[name])
    make_report(clock)
    work()
    delivery = only_delivery()
    assert (delivery.state, delivery.remote_id) == (DeliveryState.ACCEPTED, "77")


DANGEROUS = {
    "document type": b'<!DOCTYPE a [<!ENTITY b "77">]><service_requests><request><service_request_id>&b;'
    b"</service_request_id></request></service_requests>",
    "external entity": b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname">]><service_requests><request>'
    b"<service_request_id>&b;</service_request_id></request></service_requests>",
    "two requests": xml("<request><service_request_id>77</service_request_id></request>" * 2),
    "deep": b"<a>" * 5000 + b"</a>" * 5000,
    "cut": xml("<request><service_request_id>77</service_request_id>")[:-30],
}


@pytest.mark.parametrize("name", DANGEROUS)
def test_F_37_xml_that_must_not_be_trusted_leaves_it_open_whether_the_report_is_there(
    town, endpoint, clock, work, name
):
    answers(endpoint, DANGEROUS[name])
    make_report(clock)
    work()
    assert is_parked(only_delivery())
    clock.advance(days=3)
    work()
    assert posts(endpoint) == 1


@pytest.mark.parametrize(
    ("asked", "body", "content_type"),
    [
        ("xml", b'[{"service_request_id": "77"}]', "application/json"),
        ("xml", b'[{"service_request_id": 77}]', "text/xml"),
        ("xml", b'{"service_requests": [{"service_request_id": "77"}]}', "text/html"),
        ("xml", b'{"service_request_id": "77"}', "application/octet-stream"),
        ("json", xml("<request><service_request_id>77</service_request_id></request>"), "text/xml"),
        ("json", xml("<request><service_request_id>77</service_request_id></request>"), "application/json"),
        ("json", b'[{"service_request_id": "77"}]', "text/plain; charset=latin-1"),
    ],
)
def test_F_38_an_answer_is_read_by_its_content(town, endpoint, clock, work, asked, body, content_type):
    Endpoint.objects.update(format=asked)
    answers(endpoint, body, content_type)
    make_report(clock)
    work()
    delivery = only_delivery()
    assert (delivery.state, delivery.remote_id) == (DeliveryState.ACCEPTED, "77")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("target", ["other host", "https", "itself", "metadata", "no address"])
def test_F_34_a_redirect_of_a_post_is_not_followed_and_staff_hear_of_it(
    town, endpoint, clock, work, status, target
):
    elsewhere = PretendEndpoint(clock=clock.now)
    with serving(elsewhere) as other:
        to = {
            "other host": other.url + "requests.xml",
            "https": "https://council.example/requests.xml",
            "itself": "/requests.xml",
            "metadata": "http://169.254.169.254/latest/meta-data",
            "no address": "http://[::bad",
        }[target]
        endpoint.script(testing.redirect(to, status=status))
        make_report(clock)
        work()
        clock.advance(days=2)
        work()
        assert elsewhere.ledger.seen() == ()
    assert (only_delivery().proof, posts(endpoint)) == ("found", 1)
    told = [notice.content["text"] for notice in Notice.objects.filter(kind=NoticeKind.STAFF)]
    assert sum(to in text for text in told) == 1


def test_F_35_login_pages_with_status_200_leave_it_open_and_the_third_one_alarms(town, endpoint, clock, work):
    endpoint.always(testing.html())
    for number in range(4):
        assert Notice.objects.filter(kind=NoticeKind.STAFF).count() == (1 if number >= 3 else 0)
        make_report(clock, title=f"Lykt {number}")
        work()
        clock.advance(minutes=1)
    assert Notice.objects.filter(kind=NoticeKind.STAFF).count() == 1
    assert posts(endpoint) == 4


def test_F_41_a_refused_report_waits_for_staff_with_the_endpoints_words(town, endpoint, clock, work):
    endpoint.script(testing.refuse(400, "service_code LIGHT not found"))
    make_report(clock)
    make_report(clock, title="Enda ei lykt")
    work()
    clock.advance(days=3)
    work()
    refused, accepted = sorted(
        Attempt.objects.select_related("delivery"), key=lambda one: one.outcome, reverse=True
    )
    assert refused.delivery.state == DeliveryState.REFUSED
    assert "service_code LIGHT not found" in refused.delivery.why
    assert accepted.delivery.state == DeliveryState.ACCEPTED
    assert posts(endpoint) == 2


@pytest.mark.parametrize("status", [401, 403])
def test_F_40_a_refused_key_pauses_the_endpoint_once_and_resuming_drains_it(
    town, endpoint, clock, work, status
):
    endpoint.always(testing.refuse(status, "Invalid api_key received."))
    for number in range(6):
        make_report(clock, title=f"Lykt {number}")
    work()
    asked = posts(endpoint)
    assert asked <= 2, "at most what was in flight when the first answer came"
    clock.advance(days=1)
    work()
    assert posts(endpoint) == asked
    assert Notice.objects.filter(kind=NoticeKind.STAFF).count() == 1
    endpoint.always(None)
    resume_endpoint(endpoint_id=town.endpoint.pk, now=clock.now())
    work()
    assert len(endpoint.ledger.entries()) == 6


def test_F_42_a_refusal_that_means_it_is_there_already_is_acceptance_by_the_endpoints_pattern(
    town, endpoint, clock, work
):
    Endpoint.objects.update(habits={"duplicate_pattern": r"duplicate, original id (?P<id>\d+)"})
    endpoint.script(testing.refuse(400, "duplicate, original id 77"))
    make_report(clock)
    work()
    delivery = only_delivery()
    assert (delivery.state, delivery.remote_id) == (DeliveryState.ACCEPTED, "77")


def test_F_43_the_same_id_for_another_report_is_no_acceptance(town, endpoint, clock, work):
    endpoint.script(testing.accept(), testing.same_id())
    make_report(clock)
    work()
    make_report(clock, title="En annen")
    work()
    states = sorted(Attempt.objects.values_list("delivery__state", flat=True))
    assert states == ["accepted", "uncertain"]
    assert Notice.objects.filter(kind=NoticeKind.STAFF).count() == 1
