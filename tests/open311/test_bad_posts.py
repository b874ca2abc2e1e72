"""Whatever is posted, the answer is one of the standard, in the asked format, and nothing is half written."""

from __future__ import annotations

import json
import socket
import unicodedata
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from streetmend.georeport.types import Upload
from streetmend.reports.models import Delivery, Photo, Posting, Report
from tests.open311.sending import URLENCODED, Sender, jpeg, new_key, report
from tests.open311.test_posting import errors
from tests.support.town import WEST, make_town

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sender(transactional_db, live_server) -> Sender:
    make_town()
    return Sender(live_server.url, new_key()[1])


def raw(sender: Sender, body: bytes, kind: str = URLENCODED, path: str = "requests.json", **headers: str):
    return sender.call("POST", path, body, {"Content-Type": kind, **headers})


def named(answer) -> set[str]:
    """The parameters that an answer finds wrong."""
    return {line.partition(":")[0] for line in errors(answer)}


def only() -> Report:
    return Report.objects.get()


def shown(sender: Sender) -> str:
    """The only report's description as both formats give it."""
    number = only().pk
    told = sender.call("GET", f"requests/{number}.json").json[0]["description"]
    answer = sender.call("GET", f"requests/{number}.xml")
    assert etree.fromstring(answer.body).findtext("request/description") == told
    return str(told)


@pytest.mark.parametrize("char", ["\0", "\x01", "\x08", "\x0b", "\x1f", "\ufffe", "\uffff", "\x85", "\u2028"])
def test_B_01_B_02_B_04_B_05_characters_that_nothing_can_say_are_gone_from_texts(sender, char):
    fields = report(description=f"Ly{char}kt", email="kari@example.org", first_name=f"Ka{char}ri")
    assert sender.post(fields).status == 200
    assert char not in shown(sender)
    assert char not in only().name


@pytest.mark.parametrize("name", ["service_code", "lat", "api_key", "email", "attribute[kind]", "x\0y"])
def test_B_01_a_nul_where_no_text_is_gets_no_500(sender, name):
    answer = sender.post([*report(**{name: None}), (name, "6\0" if name == "lat" else "a\0b")])
    assert answer.status in (200, 400, 403, 404)
    answer = sender.post(report(), headers={"Idempotency-Key": "a%00b"})
    assert answer.status == 200


def test_B_03_half_a_character_is_replaced(sender):
    body = (
        urlencode([*report(description=None), ("api_key", sender.key)]).encode()
        + b"&description=Lykt%ED%A0%80"
    )
    assert raw(sender, body).status == 200
    assert "\ufffd" in shown(sender)


def test_B_06_B_07_directions_and_towers_of_marks_are_tamed(sender):
    assert sender.post(report(description="\u202eLykt" + "e" + "\u0301" * 500)).status == 200
    title = only().title
    assert "\u202e" not in title
    assert len(title) < 12


@pytest.mark.parametrize(
    "text", ["👩‍👩‍👧‍👦 Lykt", "\U00020000 lykt", "שלום עולם", unicodedata.normalize("NFD", "Blåbærøl")]
)
def test_B_08_text_of_all_planes_comes_back_as_it_was(sender, text):
    assert sender.post(report(description=text)).status == 200
    assert shown(sender) == unicodedata.normalize("NFC", text)


@pytest.mark.parametrize("charset", ["utf-99", "latin-1", "utf-7", "utf-8", "UTF-8", '"utf-8"', "x" * 1000])
def test_B_09_other_encodings_are_refused_or_replaced(sender, charset):
    body = (
        urlencode([*report(description=None), ("api_key", sender.key)]).encode()
        + b"&description=Lykt%E6%ff%C0%AF"
    )
    answer = raw(sender, body, f"{URLENCODED}; charset={charset}")
    assert answer.status in (200, 400)
    assert answer.headers["content-type"] == "application/json; charset=utf-8"


def test_B_10_what_is_encoded_is_decoded_once(sender):
    assert sender.post(report(description="Lykt %2520 %u0041 &amp; +")).status == 200
    assert shown(sender) == "Lykt %2520 %u0041 &amp; +"


@pytest.mark.parametrize("text", ["x" * 10_201, "x " * 500_000, "linje\n" * 10_000])
def test_B_11_too_much_text_is_refused_with_the_limit(sender, text):
    answer = sender.post(report(description=text))
    assert (answer.status, named(answer)) == (400, {"description"})
    assert "10200" in errors(answer)[0]
    assert not Report.objects.exists()


def test_B_11_a_form_larger_than_any_report_is_a_413(sender):
    answer = sender.post(report(description="x" * 3_000_000), path="requests.xml")
    assert (answer.status, named(answer)) == (413, {"body"})


def test_B_11_a_long_first_line_goes_on_in_the_detail(sender):
    assert sender.post(report(description="ord " * 100)).status == 200
    assert len(only().title) <= 200
    assert " ".join((only().title + " " + only().detail).split()) == " ".join(["ord"] * 100)


@pytest.mark.parametrize("text", [None, "", "   ", "\u3164", "\u200b\u200b", "\r\n"])
def test_B_12_a_description_that_says_nothing_is_missing(sender, text):
    answer = sender.post(report(description=text))
    assert (answer.status, errors(answer)) == (400, ["description: is required"])


WRONG = [
    "nan",
    "inf",
    "-inf",
    "1e400",
    "60,5",
    "٦٠",
    "６０",
    "1_0",
    "0x3c",
    "9" * 400,
    "sixty",
    "60;",
    "+-60",
]


@pytest.mark.parametrize("name", ["lat", "long"])
def test_B_13_B_15_what_is_no_coordinate_is_named(sender, name):
    answers = {value: sender.post(report(**{name: value})) for value in WRONG}
    told = {value: (answer.status, named(answer)) for value, answer in answers.items()}
    assert told == dict.fromkeys(WRONG, (400, {name}))


@pytest.mark.parametrize(("lat", "long"), [("91", "4"), ("60", "181"), ("-90.1", "999")])
def test_B_14_what_is_off_the_globe_is_named(sender, lat, long):
    answer = sender.post(report(lat=lat, long=long))
    assert answer.status == 400
    assert named(answer) <= {"lat", "long"}


def test_B_14_a_place_that_fits_the_other_way_round_is_told_so(sender):
    answer = sender.post(report(lat=str(WEST[1]), long=str(WEST[0])))
    assert answer.status == 400
    assert "swapped" in errors(answer)[0]


@pytest.mark.parametrize("value", [" 60 ", "60.000000", "6e1", "+60"])
def test_B_15_other_ways_to_write_it_are_understood(sender, value):
    assert sender.post(report(lat=value)).status == 200
    assert only().lat == 60


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"long": None}, {"long"}),
        ({"lat": None}, {"lat"}),
        ({"lat": ["60", "61"]}, {"lat"}),
        ({"lat": None, "long": None}, {"lat"}),
        ({"service_code": ["Gatelys", "Hull i vei"]}, {"service_code"}),
        ({"lat": None, "long": None, "address_id": "17"}, {"address_id"}),
        ({"lat": None, "long": None, "address_string": "Storgata 1"}, {"address_string"}),
    ],
)
def test_B_16_half_a_place_or_two_values_of_one_are_refused(sender, change, wrong):
    answer = sender.post(report(**change))
    assert (answer.status, named(answer)) == (400, wrong)


@pytest.mark.parametrize("text", ["'; DROP TABLE reports_report;--", '" OR 1=1', "$$", "\\'", "%_", "(a+)+$"])
def test_B_31_B_32_signs_of_other_languages_are_text(sender, text):
    fields = report(description=text, address_string=text, first_name=text, **{"attribute[x]": text})
    assert sender.post(fields).status == 200
    assert (shown(sender), only().address, only().name) == (text, text, text)
    assert sender.post(report(service_code=text)).status == 404


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("requests.yaml", 404),
        ("requests.JSON", 200),
        ("requests.json.xml", 404),
        ("requests.json/", 404),
        ("requests.", 404),
    ],
)
def test_B_34_unknown_formats_are_nowhere(sender, path, status):
    answer = sender.post(report(), path=path)
    assert answer.status == status
    assert answer.headers["content-type"].startswith(("text/xml", "application/json"))


def test_B_34_accept_that_allows_neither_is_a_406(sender):
    assert sender.post(report(), path="requests", headers={"Accept": "image/png"}).status == 406
    assert not Report.objects.exists()


@pytest.mark.parametrize("value", ["", "unknown.example", "x" * 500, "a\0b"])
def test_B_35_a_site_of_one_jurisdiction_does_not_look_at_it(sender, value):
    assert (
        sender.post(
            report(jurisdiction_id=value), path=f"requests.json?jurisdiction_id={quote(value)}"
        ).status
        == 200
    )


def test_B_36_what_the_service_does_not_ask_is_ignored(sender):
    odd = dict.fromkeys(
        ("foo", "attribute[]", "attribute[a][b]", "attribute[__proto__]", "attribute", "attribute[kind"), "x"
    )
    assert sender.post(report(service_code="Skilt", **odd, **{"attribute[kind]": "stop"})).status == 200
    assert only().answers == [{"code": "kind", "values": ["stop"]}]


@pytest.mark.parametrize(
    "body",
    [
        b'{"a":1,"a":2}',
        b"[" * 100_000,
        b"1" * 5000,
        b"NaN",
        b'{"service_code":"Gatelys"} // comment',
        b'\xef\xbb\xbf{"service_code":"Gatelys"}',
        b'"text"',
    ],
)
def test_B_38_json_is_no_form(sender, body):
    answer = raw(sender, body, "application/json", Authorization=f"Bearer {sender.key}")
    assert (answer.status, named(answer)) == (400, {"Content-Type"})


@pytest.mark.parametrize(
    "fields",
    [
        [(f"f{number}", "") for number in range(1001)],
        [("x" * 2_700_000, "")],
        [("description", "x" * 3_000_000)],
    ],
)
def test_B_39_more_than_any_form_has_is_refused(sender, fields):
    answer = sender.post([*fields, *report()])
    assert (answer.status, named(answer)) == (413, {"body"})


def test_B_39_more_files_than_any_form_has_are_refused(sender):
    answer = sender.post(report(), *[jpeg(name=f"photo{number}") for number in range(101)])
    assert (answer.status, named(answer)) == (413, {"body"})


def test_B_40_a_file_that_is_too_large_is_left_out_and_the_report_comes_in(sender):
    large = Upload(field="photo1", filename="x.jpg", content_type="image/jpeg", content=b"\xff" * 11_000_000)
    answer = sender.post(report(), large, jpeg(name="photo2"))
    assert answer.status == 200
    assert "too large" in answer.json[0]["service_notice"]


def test_B_40_a_body_beyond_everything_is_not_read(sender):
    head = (
        f"POST /open311/v2/requests.json HTTP/1.1\r\nHost: {sender.host.netloc}\r\nConnection: close\r\n"
        f"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: {3 * 10**9}\r\n\r\n"
    )
    with socket.create_connection((sender.host.hostname or "", sender.host.port), timeout=30) as connected:
        connected.sendall(head.encode())
        assert b" 413 " in connected.recv(1000)


FORM = "multipart/form-data; boundary=cut"
PART = b'--cut\r\nContent-Disposition: form-data; name="service_code"\r\n\r\nGatelys\r\n'


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", PART + b"--cut--\r\n"),
        ("multipart/form-data; boundary=", PART + b"--cut--\r\n"),
        ("multipart/form-data; boundary=a\0b", PART + b"--cut--\r\n"),
        ("multipart/form-data; boundary=" + "x" * 300, PART),
        (FORM, b""),
        (FORM, PART),
        (FORM, b"--cut\r\n\r\n\r\n--cut--\r\n"),
        (FORM, b"--cut\r\nContent-Type: multipart/mixed; boundary=in\r\n\r\n--in\r\n\r\nx\r\n--in--\r\n--cut--\r\n"),
        (FORM, b"--cut\r\n" + b"X-Head: y\r\n" * 10_000 + b"\r\nx\r\n--cut--\r\n"),
        (FORM, b"--cut\r\nContent-Disposition: form-data; name*=utf-99''x; filename*=a'b'%ff\r\n\r\nx\r\n--cut--\r\n"),
        (FORM, b"--cut\r\nContent-Disposition: form-data; name=x; filename=\"../../etc/passwd\"\r\n\r\nx\r\n--cut--\r\n"),
        (FORM, b"--cut\r\nContent-Disposition: form-data; name=x\r\nContent-Transfer-Encoding: base64\r\n\r\n!\r\n--cut--\r\n"),
        (FORM, b"\xff\xfe" * 1000),
    ],
)  # fmt: skip
def test_B_41_broken_parts_are_refused(sender, kind, body):
    answer = raw(sender, body, kind, Authorization=f"Bearer {sender.key}")
    assert answer.status == 400
    assert errors(answer)
    assert not Report.objects.exists()


def test_B_41_names_of_files_are_never_paths(sender):
    odd = Upload(
        field="photo1", filename="../../x;$(id).jpg", content_type="image/svg+xml", content=jpeg().content
    )
    assert sender.post(report(), odd).status == 200
    (name,) = only().photo_names
    assert name.removesuffix(".jpg").isalnum()


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "PROPFIND"])
@pytest.mark.parametrize("resource", ["requests", "servicerequestupdates"])
def test_B_43_other_methods_are_refused_with_those_that_are_possible(sender, method, resource):
    answer = sender.call(method, f"{resource}.xml")
    assert answer.status in (404, 405)
    if answer.status == 405:
        assert "POST" in answer.headers["allow"]
    assert sender.call("POST", "services.xml").status == 405


@pytest.mark.parametrize(
    "path", ["requests.json/../x", "//requests.json", "requests.json%00", "..;/requests.json", "x" * 60_000]
)
def test_B_44_addresses_that_are_none_are_nowhere(sender, path):
    answer = sender.post(report(), path=f"/open311/v2/{path}")
    assert answer.status in (400, 404, 405, 414)
    assert not Report.objects.exists()


@pytest.mark.parametrize(
    "content",
    [
        rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"%PDF-1.7 " + b"x" * 99,
        b"GIF89a" + b"\0" * 99,
    ],
)
def test_B_45_B_53_a_file_that_is_no_photo_is_left_out_and_never_kept(sender, content):
    odd = Upload(field="photo1", filename="x.jpg", content_type="image/jpeg", content=content)
    answer = sender.post(report(), odd)
    assert (answer.status, Photo.objects.count()) == (200, 0)
    assert "left out" in answer.json[0]["service_notice"]


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd", "gopher://x/", "javascript:alert(1)", "data:text/html;base64,PGI+", "data:image/png;base64,!",
        "http://user:pass@x.example/1.jpg", "http://x.example:22/1.jpg", "http://0x7f.1/1.jpg", "//x.example/1.jpg",
        "http://x.example/" + "x" * 3000, "photo.jpg",
    ],
)  # fmt: skip
def test_B_54_B_58_an_address_that_is_never_called_is_left_out(sender, url):
    answer = sender.post(report(media_url=url))
    assert answer.status == 200
    assert "media_url was left out" in answer.json[0]["service_notice"]


def test_B_54_a_photo_in_a_data_address_is_taken_at_once(sender):
    import base64

    url = "data:image/jpeg;base64," + base64.b64encode(jpeg().content).decode()
    assert sender.post(report(media_url=url)).status == 200
    assert only().has_photo


@pytest.mark.parametrize("name", ["api_key", "API_KEY"])
def test_B_80_a_key_in_the_address_opens_nothing(sender, name):
    key, sender.key = sender.key, None
    answer = sender.post(report(), path=f"requests.json?{name}={key}")
    assert (answer.status, named(answer)) == (403, {"api_key"})


def test_B_80_a_refusal_never_repeats_the_key(sender, caplog):
    sender.key = "sm_secret-of-somebody"
    answer = sender.post(report(), headers={"Authorization": "Bearer sm_secret-of-somebody"})
    assert answer.status == 403
    assert "secret-of-somebody" not in answer.body.decode() + caplog.text


def test_B_97_of_twenty_photos_the_first_ones_are_taken_and_the_rest_is_named(sender):
    answer = sender.post(report(), *[jpeg(name=f"photo{number}") for number in range(20)])
    assert answer.status == 200
    assert "first 3 of 20" in answer.json[0]["service_notice"]
    assert Photo.objects.count() == 3


def test_B_100_a_new_line_in_what_is_logged_is_none(sender, caplog):
    sender.post(
        report(), path="/open311/v2/requests.json%0AERROR%20forged", headers={"User-Agent": "x\x1b[31m"}
    )
    assert "\nERROR forged" not in caplog.text


def test_B_101_headers_and_fields_without_end_are_refused(sender):
    answer = raw(sender, urlencode({f"k{number * 2**32}": "" for number in range(5000)}).encode())
    assert answer.status == 413


BYTES = st.binary(max_size=400)
TEXTS = st.text(max_size=40)
NAMES = st.one_of(
    st.sampled_from(
        [
            "service_code",
            "lat",
            "long",
            "description",
            "email",
            "media_url",
            "attribute[kind]",
            "phone",
            "update_id",
        ]
    ),
    TEXTS,
)
KINDS = st.sampled_from(
    [URLENCODED, FORM, "", "text/plain", f"{URLENCODED}; charset=utf-16", "multipart/form-data"]
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    fields=st.lists(st.tuples(NAMES, st.one_of(TEXTS, st.sampled_from(["60", "4", "Gatelys", "Skilt"]))), max_size=8),
    body=BYTES, kind=KINDS, resource=st.sampled_from(["requests", "servicerequestupdates"]), good=st.booleans(),
    fmt=st.sampled_from(["xml", "json"]),
)  # fmt: skip
def test_whatever_is_posted_the_answer_is_one_of_the_standard(
    anything, fields, body, kind, resource, good, fmt
):
    if good:
        kind, body = URLENCODED, urlencode(fields, errors="replace").encode()
    answer = raw(anything, body, kind, f"{resource}.{fmt}", Authorization=f"Bearer {anything.key}")
    assert answer.status in (200, 400, 404, 413)
    if fmt == "xml":
        assert etree.fromstring(answer.body).tag in ("errors", "service_requests", "service_request_updates")
    else:
        assert isinstance(json.loads(answer.body), list)
    assert Report.objects.count() == Posting.objects.count()
    assert Delivery.objects.count() <= 2 * Report.objects.count()


@pytest.fixture
def anything(transactional_db, live_server) -> Sender:
    """A program whose key may do everything."""
    from streetmend.accounts.models import Scope

    town = make_town()
    return Sender(live_server.url, new_key(*Scope, body_id=town.west.pk)[1])
