"""Each operation of the standard is one HTTP request and one way to read its answer."""

from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlsplit

import pytest

from streetmend.georeport import calls
from streetmend.georeport.calls import Endpoint
from streetmend.georeport.dialect import Dialect
from streetmend.georeport.errors import KeyRefused, NotFound, Refused, Unclear, Unreachable
from streetmend.georeport.multipart import read_form
from streetmend.georeport.outcomes import Kind
from streetmend.georeport.search import RequestSearch
from streetmend.georeport.types import NewRequest, RequestUpdate, Upload

TOWN = Endpoint("https://town.example/open311/v2/", jurisdiction_id="town.example", api_key="s3cret")
NEW = NewRequest(service_code="POT", lat=60.0, long=5.0, description="Hull")
START, END = datetime(2024, 5, 1, tzinfo=UTC), datetime(2024, 5, 2, 0, 0, 0, 5, tzinfo=UTC)
UPDATE = RequestUpdate(update_id="9", service_request_id="7", status="closed", updated_datetime=START)


def query(call: calls.Call[object]) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(call.url).query, keep_blank_values=True))


def form(call: calls.Call[object]) -> dict[str, str]:
    return dict(read_form(dict(call.headers)["Content-Type"], call.body).fields)


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        ("https://town.example/open311/v2", "https://town.example/open311/v2/services.xml"),
        ("https://town.example/open311/v2/", "https://town.example/open311/v2/services.xml"),
        (" https://town.example ", "https://town.example/services.xml"),
        ("https://town.example/o311?city=5", "https://town.example/o311/services.xml?city=5"),
        ("https://town.example/o311/#x", "https://town.example/o311/services.xml"),
    ],
)
def test_B_90_the_base_address_may_end_in_a_slash_or_have_a_query(base, expected):
    assert calls.services(Endpoint(base)).url == expected


@pytest.mark.parametrize(
    ("code", "path"),
    [
        ("a b", "/services/a%20b.xml"),
        ("Lys/vei", "/services/Lys%2Fvei.xml"),
        ("100%?#", "/services/100%25%3F%23.xml"),
        ("Øvre", "/services/%C3%98vre.xml"),
        ("..", "/services/...xml"),
        ("\ud800", "/services/%3F.xml"),
    ],
)
def test_B_86_any_code_can_be_asked_for(code, path):
    assert urlsplit(calls.definition(Endpoint("https://town.example"), code).url).path == path
    assert urlsplit(calls.token(Endpoint("https://town.example"), code).url).path == path.replace(
        "services", "tokens"
    )


def test_a_get_carries_the_jurisdiction_and_no_key():
    call = calls.services(TOWN, lat=60.123456789, long=5.0)
    assert (call.method, call.body, call.headers) == ("GET", b"", (("Accept", "text/xml"),))
    assert query(call) == {"lat": "60.123457", "long": "5", "jurisdiction_id": "town.example"}


def test_a_point_needs_both_numbers():
    assert "lat" not in query(calls.services(TOWN, lat=60.0))


def test_updates_carry_the_key_and_the_shown_address_does_not():
    call = calls.updates(TOWN, start=START, end=END)
    assert query(call) == {
        "start_date": "2024-05-01T00:00:00Z",
        "end_date": "2024-05-02T00:00:01Z",
        "jurisdiction_id": "town.example",
        "api_key": "s3cret",
    }
    assert "s3cret" not in call.shown_url
    assert set(query(calls.updates(TOWN, start=None, end=None))) == {"jurisdiction_id", "api_key"}


def test_B_102_no_key_is_in_what_is_printed_of_an_endpoint_or_a_call():
    for call in (
        calls.create(TOWN, NEW),
        calls.updates(TOWN, start=START, end=END),
        calls.post_update(TOWN, UPDATE),
    ):
        assert "s3cret" not in repr(call)
        assert "s3cret" not in call.shown_url
    assert "s3cret" not in repr(TOWN)


def test_a_post_carries_key_and_jurisdiction_in_its_body():
    call = calls.create(TOWN, NEW, headers=[("Idempotency-Key", "k")])
    assert (call.method, call.url) == ("POST", "https://town.example/open311/v2/requests.xml")
    assert dict(call.headers)["Content-Type"] == "application/x-www-form-urlencoded; charset=utf-8"
    assert dict(call.headers)["Idempotency-Key"] == "k"
    assert form(call) == {
        "api_key": "s3cret",
        "jurisdiction_id": "town.example",
        "service_code": "POT",
        "lat": "60",
        "long": "5",
        "description": "Hull",
    }


def test_line_breaks_go_out_as_forms_have_them_and_brackets_encoded():
    new = NewRequest(service_code="POT", lat=1, long=1, description="a\nb", attributes=(("x", ("1",)),))
    body = calls.create(TOWN, new).body
    assert b"description=a%0D%0Ab" in body
    assert b"attribute%5Bx%5D=1" in body


def test_files_make_it_multipart_with_the_names_of_the_dialect():
    photo = Upload(filename="77.0.jpeg", content_type="image/jpeg", content=b"\xff\xd8\r\n--")
    call = calls.create(TOWN, NewRequest(service_code="POT", lat=1, long=1, uploads=(photo, photo)))
    found = read_form(dict(call.headers)["Content-Type"], call.body)
    assert [(upload.field, upload.filename, upload.content) for upload in found.uploads] == [
        ("photo1", "77.0.jpeg", photo.content),
        ("photo2", "77.0.jpeg", photo.content),
    ]


@pytest.mark.parametrize(
    ("where", "in_query", "in_body"), [("body", False, True), ("query", True, False), ("both", True, True)]
)
def test_a_dialect_says_where_a_post_has_its_jurisdiction(where, in_query, in_body):
    line = Endpoint("https://town.example", "town.example", "k", Dialect(jurisdiction_in=where))
    call = calls.create(line, NEW)
    assert ("jurisdiction_id" in query(call), "jurisdiction_id" in form(call)) == (in_query, in_body)


def test_a_dialect_puts_the_key_into_a_header_or_on_every_get():
    bearer = Endpoint("https://town.example", api_key="k", dialect=Dialect(key_in="bearer"))
    call = calls.create(bearer, NEW)
    assert dict(call.headers)["Authorization"] == "Bearer k"
    assert "api_key" not in form(call)
    always = Endpoint("https://town.example", api_key="k", dialect=Dialect(key_on_get=True))
    assert query(calls.services(always)) == {"api_key": "k"}
    assert "api_key" not in calls.services(always).shown_url


@pytest.mark.parametrize("key", ["a\r\nHost: evil.example", "a b", "nøkkel", "\x00"])
def test_B_66_a_key_that_no_header_can_have_makes_no_endpoint_and_is_not_repeated(key):
    with pytest.raises(ValueError, match="cannot stand in a header") as caught:
        Endpoint("https://town.example", api_key=key, dialect=Dialect(key_in="bearer"))
    assert key not in str(caught.value)
    assert form(calls.create(Endpoint("https://town.example", api_key=key), NEW))["api_key"] == key


def test_a_dialect_asks_in_json_and_under_other_names():
    line = Endpoint("https://town.example", dialect=Dialect(format="json", paths=(("services", "Services"),)))
    call = calls.definition(line, "POT")
    assert call.url == "https://town.example/Services/POT.json"
    assert dict(call.headers)["Accept"] == "application/json"
    assert calls.requests(line, RequestSearch()).url == "https://town.example/requests.json"


def test_a_search_asks_for_the_endpoints_jurisdiction_or_its_own():
    search = RequestSearch(status=("open",), jurisdiction_id="other.example")
    assert query(calls.requests(TOWN, search)) == {"status": "open", "jurisdiction_id": "town.example"}
    alone = calls.requests(Endpoint("https://town.example"), search)
    assert query(alone) == {"status": "open", "jurisdiction_id": "other.example"}


# --- reading


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, Refused),
        (401, KeyRefused),
        (403, KeyRefused),
        (404, NotFound),
        (407, KeyRefused),
        (408, Unclear),
        (410, NotFound),
        (422, Refused),
        (429, Unreachable),
        (302, Unclear),
        (304, Unclear),
        (500, Unclear),
        (503, Unclear),
    ],
)
def test_F_31_F_32_F_40_a_get_that_fails_says_whether_trying_again_helps(status, kind):
    body = b"<errors><error><code>1</code><description>Because.</description></error></errors>"
    with pytest.raises(kind, match=r"Because\.") as caught:
        calls.services(TOWN).read(status, {"Retry-After": "120"}, body)
    assert (caught.value.status, caught.value.retry_after) == (status, 120)
    assert type(caught.value) is kind
    assert [error.description for error in caught.value.errors] == ["Because."]


def test_F_34_a_redirect_that_was_not_followed_names_its_target():
    with pytest.raises(Unclear, match="sent us to 'https://new"):
        calls.services(TOWN).read(301, {"Location": "https://new.example/"}, b"")


@pytest.mark.parametrize("body", [b"", b"<html>Maintenance</html>", b"<a><b>", b"<!DOCTYPE a><a/>", b"[1, 2"])
def test_F_35_a_successful_answer_that_is_none_is_unclear(body):
    with pytest.raises(Unclear, match="answered 200, but its answer"):
        calls.services(TOWN).read(200, {}, body)


def test_F_30_an_answer_that_broke_off_is_unclear():
    with pytest.raises(Unclear, match="broke off"):
        calls.services(TOWN).read(200, {"content-length": "10"}, b"[]")


@pytest.mark.parametrize("body", [b"[]", b"<service_requests/>"])
def test_F_47_one_request_that_is_not_in_the_answer_is_not_found(body):
    with pytest.raises(NotFound, match="no request 7") as caught:
        calls.request(TOWN, "7").read(200, {}, body)
    assert caught.value.status == 200


def test_one_request_is_found_among_several_and_two_strangers_are_unclear():
    rows = b'[{"service_request_id": 6}, {"service_request_id": 7}]'
    assert calls.request(TOWN, "7").read(200, {}, rows).service_request_id == "7"
    with pytest.raises(Unclear):
        calls.request(TOWN, "9").read(200, {}, rows)


@pytest.mark.parametrize(
    "body", [b'[{"token": "t"}]', b'[{"token": "t", "service_request_id": null}]', b"[]"]
)
def test_F_39_a_token_without_an_id_is_still_waiting(body):
    found = calls.token(TOWN, "t").read(200, {}, body)
    assert (found.service_request_id, found.token) == (None, "t")


def test_F_39_a_token_with_an_id_is_done_and_an_unknown_one_not_found():
    assert (
        calls.token(TOWN, "t")
        .read(200, {}, b'[{"token": "t", "service_request_id": "7"}]')
        .service_request_id
        == "7"
    )
    with pytest.raises(NotFound):
        calls.token(TOWN, "t").read(404, {}, b"")
    for odd in (
        b'[{"service_request_id": 7}, {"service_request_id": 8}]',
        b'[{"token": "t", "service_request_id": [7]}]',
    ):
        with pytest.raises(Unclear):
            calls.token(TOWN, "t").read(200, {}, odd)


def test_F_42_the_dialects_pattern_finds_what_the_endpoint_has_already():
    line = Endpoint("https://town.example", dialect=Dialect(duplicate_pattern=r"duplicate of (?P<id>\w+)"))
    outcome = calls.create(line, NEW).read(400, {}, b"<error>This is a duplicate of 77</error>")
    assert (outcome.kind, outcome.remote_id) == (Kind.ACCEPTED, "77")


def test_an_update_is_read_as_an_update():
    body = b"<service_request_updates><request_update><update_id>5</update_id></request_update></service_request_updates>"
    assert calls.post_update(TOWN, UPDATE).read(200, {}, body).remote_id == "5"


@pytest.mark.parametrize(
    ("habits", "what"),
    [
        ({"duplicate_pattern": "("}, "regular expression"),
        ({"duplicate_pattern": "x"}, "group"),
        ({"time_zone": "Oslo/Norway"}, "time zone"),
        ({"time_zone": "../../etc/hostname"}, "time zone"),
    ],
)
def test_a_dialect_that_makes_no_sense_cannot_be_made(habits, what):
    with pytest.raises(ValueError, match=what):
        Dialect(**habits)
