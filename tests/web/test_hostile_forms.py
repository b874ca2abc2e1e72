"""What nobody asked for, sent to every field of every form: a clear word at the field, never a failure, nothing half-written."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from streetmend.reports.models import ConfirmLink, Draft, Notice, Report, Update
from streetmend.reports.services import Told, hide_report, submit
from streetmend.reports.services.notices import secret_of
from tests.support.town import BEGAN, FAR, WEST

pytestmark = pytest.mark.django_db

XSS = "\"><script>alert(1)</script><img src=x onerror=alert(1)>'"
EVERY_KIND = (
    "\x00",
    "a\x00b",
    "\x01\x02\x0b\x0c\x0e\x1f",
    "\ufffe\uffff\ufdd0",
    "\x85\u2028\u2029\x9f",
    "\u202eabc\u2066def",
    "Z" + "\u0316" * 500,
    "👨\u200d👩\u200d👧\u200d👦 𐐷 שלום مرحبا Æøå",
    "x" * 250_000,
    "a\n" * 10_000,
    " \u3164\u200b ",
    XSS,
    "'; DROP TABLE reports_report; --",
    "(a+)+$",
    "%00%u0041%2520",
    "\r\nBcc: someone@example.org",
    "../../etc/passwd",
    "1e400",
    "nan",
    "9" * 5000,
)
PAGES = (
    "/",
    "/reports",
    "/report/where",
    "/report/what",
    "/report/details",
    "/report/check",
    "/about",
    "/sign-in",
    "/map.svg",
    "/language",
)
PARAMETERS = (
    "q page state category body photo draft then lat long zoom go pin_lat pin_long map.x map.y now to next"
)


def a_report(**told: Any) -> Report:
    fields: dict[str, Any] = {
        "title": "Lykta er mørk",
        "category_name": "Gatelys",
        "told": Told("kari@example.org", "Kari"),
    }
    return submit(
        now=BEGAN, lat=WEST[0], long=WEST[1], confirmed=True,
        **{**fields, **told},
    ).report  # fmt: skip


def page_of(answer: Any) -> str:
    return str(answer.content.decode())


@pytest.mark.parametrize("path", PAGES)
def test_B_01_B_31_B_62_no_parameter_of_any_page_fails_or_gets_into_its_markup(client, town, path):
    for hard in EVERY_KIND:
        if len(hard) > 6000:
            continue
        answer = client.get(path, dict.fromkeys(PARAMETERS.split(), hard))
        assert answer.status_code in (200, 302), (path, hard)
        if answer.status_code == 200:
            assert "<script>alert" not in page_of(answer), (path, hard)
            assert "<img src=x" not in page_of(answer), (path, hard)


@pytest.mark.parametrize("hard", EVERY_KIND, ids=range(len(EVERY_KIND)))
def test_B_02_B_04_B_08_B_11_every_step_of_the_form_takes_any_text(client, town, fill, hard):
    answer = client.post(
        "/report/where", {"lat": hard, "long": hard, "place": hard, "hint": hard, "then": hard}
    )
    assert answer.status_code == 422
    assert "place" in answer.context["errors"]
    draft = fill(category="Skilt", kind="stop")
    told = {"draft": draft, "title": hard, "detail": hard, "category": hard, "then": hard}
    answer = client.post("/report/what", told)
    assert answer.status_code == 422
    assert "category" in answer.context["errors"]
    answer = client.post(
        "/report/details",
        {"draft": draft, "answer.kind": hard, "photos": hard, "remove": hard, "alt.x": hard},
    )
    assert answer.status_code == 422
    assert [name for name, _ in answer.context["error_list"]] == ["answer.kind"]
    told = {"draft": draft, "email": hard, "name": hard, "phone": hard, "show_name": hard}
    answer = client.post("/report/check", told)
    assert answer.status_code in (302, 422)
    assert Report.objects.count() == 0
    for page in (client.get(f"/report/what?draft={draft}"), client.get(f"/report/details?draft={draft}")):
        assert "<script>alert" not in page_of(page)


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ("a\x00b", "ab"),
        ("a\x01\x0bb", "ab"),
        ("a\ufffeb", "a\ufffdb"),
        ("a\u202eb", "ab"),
        ("Z" + "\u0316" * 500, "Z" + "\u0316" * 4),
        ("A\u030afjord 👨\u200d👩\u200d👧 שלום", "Åfjord 👨\u200d👩\u200d👧 שלום"),
    ],
)
def test_B_01_B_06_B_07_B_08_a_title_is_cleaned_once_and_the_same_wherever_it_is_shown(
    client, town, fill, told, kept
):
    draft = fill(title=told)
    client.post("/report/check", {"draft": draft, "email": "kari@example.org"})
    client.post(f"/confirm/{secret_of(Notice.objects.get())}")
    report = Report.objects.get()
    assert report.title == kept
    for path in ("/", "/reports", f"/reports/{report.pk}"):
        assert kept in page_of(client.get(path))


@pytest.mark.parametrize("field", ["title", "detail"])
def test_B_11_a_text_that_is_too_long_is_told_with_its_limit(client, town, begin, field):
    told = {"draft": begin(), "title": "Lykt", "category": "Gatelys", field: "x" * 9000}
    answer = client.post("/report/what", told)
    assert answer.status_code == 422
    assert list(answer.context["errors"]) == [field]
    limit = {"title": "200", "detail": "5000"}[field]
    assert limit in answer.context["errors"][field].replace(",", "").replace("\xa0", "")


@pytest.mark.parametrize("nothing", ["", "   ", "\u3164\u200b", "\x00\x01", "\n\n"])
def test_B_12_a_title_in_which_nothing_shows_is_missing(client, town, begin, nothing):
    answer = client.post("/report/what", {"draft": begin(), "title": nothing, "category": "Gatelys"})
    assert answer.status_code == 422
    assert list(answer.context["errors"]) == ["title"]


@pytest.mark.parametrize(
    ("lat", "long"),
    [
        ("nan", "4"), ("inf", "4"), ("60", "-inf"), ("1e400", "4"), ("91", "4"), ("60", "181"), ("999", "999"),
        ("60", ""), ("", "4"), ("6_0", "4"), ("٦٠", "4"), ("６０", "4"), ("0x3c", "4"), ("6" * 400, "4"),
    ],
)  # fmt: skip
def test_B_13_B_14_B_15_a_place_that_is_none_is_told_and_no_draft_is_kept(client, town, lat, long):
    answer = client.post("/report/where", {"lat": lat, "long": long})
    assert answer.status_code == 422
    assert list(answer.context["errors"]) == ["place"]
    assert Draft.objects.count() == 0
    assert client.get(f"/map.svg?lat={lat}&long={long}&zoom=99").status_code == 200


def test_B_17_a_place_that_nobody_covers_is_no_step_forward(client, town):
    answer = client.post("/report/where", {"place": f"{FAR[0]},{FAR[1]}"})
    assert (answer.status_code, Draft.objects.count()) == (422, 0)


@pytest.mark.parametrize(
    "number", ["9" * 30, str(2**63), "9" * 5000, "0", "00", "-1", "1.0", "١", " 1", "1_0"]
)
def test_B_18_a_number_that_no_report_has_is_not_found(client, town, number):
    report = a_report()
    for path in (f"/reports/{number}", f"/reports/{number}/"):
        assert client.get(path).status_code == 404
    assert client.post(f"/reports/{number}/update", {"text": "x"}).status_code == 404
    assert client.post(f"/reports/{number}/follow", {"email": "a@example.org"}).status_code == 404
    assert client.get("/report/where", {"q": f"#{number}"}).status_code in (200, 302)
    assert client.get("/report/where", {"q": f"#{report.pk}"}).headers["Location"] == f"/reports/{report.pk}"


@pytest.mark.parametrize("path", ["/report/what", "/report/check", "/sign-in"])
def test_B_39_a_form_of_a_thousand_and_one_fields_or_three_megabytes_is_refused(client, town, path):
    assert client.post(path, {f"f{n}": "x" for n in range(1001)}).status_code == 400
    answer = client.post(path, f"title={'x' * 3_000_000}", content_type="application/x-www-form-urlencoded")
    assert answer.status_code in (400, 413)
    assert "<h1>" in page_of(answer)


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=", b"x"),
        ("multipart/form-data; boundary=\x00", b"x"),
        ("multipart/form-data; boundary=" + "b" * 300, b"--" + b"b" * 300),
        ("multipart/form-data; boundary=b", b"--b\r\n" + b"X: y\r\n" * 10_000 + b"\r\n\r\n--b--"),
        (
            "multipart/form-data; boundary=b",
            b"--b\r\nContent-Disposition: form-data; name=x; filename*=UTF-8''..%2f\r\n\r\nx\r\n--b",
        ),
        ("application/json", b'{"title": NaN'),
        ("application/x-www-form-urlencoded; charset=utf-99", b"title=%ff%fe"),
        ("application/x-www-form-urlencoded", b"title=\xff\xfe%zz&&&=&="),
    ],
)  # fmt: skip
def test_B_09_B_41_a_body_that_cannot_be_read_is_refused(client, town, begin, content_type, body):
    begin()
    for path in ("/report/details", "/report/what", "/report/where"):
        answer = client.generic("POST", path, body, content_type=content_type)
        assert answer.status_code in (302, 400, 413, 422), (path, answer.status_code)


def test_B_41_a_photos_own_name_is_never_a_path(client, town, fill, tmp_path):
    from io import BytesIO

    from tests.web.test_flow import jpeg

    file = BytesIO(jpeg())
    file.name = "../../../../x.php"
    draft = fill()
    assert client.post("/report/details", {"draft": draft, "photos": file}).status_code == 303
    page = page_of(client.get(f"/report/details?draft={draft}"))
    assert "x.php" not in page
    for name in ("../../x.jpg", "%2e%2e/secret_key", "aa/../../secret_key", "aa/" + "a" * 32 + ".jpg"):
        assert client.get(f"/photos/{name}").status_code == 404


@pytest.mark.parametrize("method", ["put", "patch", "delete", "options", "trace"])
@pytest.mark.parametrize("path", ["/", "/reports", "/report/where", "/about", "/map.svg"])
def test_B_43_another_method_is_refused_and_the_right_ones_are_named(client, town, method, path):
    answer = getattr(client, method)(path)
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]


def test_B_43_a_head_is_a_get_without_its_body_and_a_post_to_a_page_is_refused(client, town):
    for path in ("/", "/reports", "/about", "/report/where"):
        answer = client.head(path)
        assert (answer.status_code, answer.content) == (200, b"")
    assert client.post("/reports").status_code == 405
    assert client.get(f"/reports/{a_report().pk}/update").status_code == 405


@pytest.mark.parametrize(
    "path", ["/..;/admin", "/%2e%2e/%2e%2e/etc/passwd", "/reports/1/x.css", "/" + "x" * 60_000]
)
def test_B_44_B_93_an_address_that_is_none_is_not_found(client, town, path):
    a_report()
    answer = client.get(path)
    assert answer.status_code in (301, 404)
    if answer.status_code == 404:
        assert "public" not in answer.headers.get("Cache-Control", "")


def test_B_44_ten_thousand_parameters_are_refused_or_ignored(client, town):
    answer = client.get("/reports?" + "&".join(f"p{n}=1" for n in range(10_000)))
    assert answer.status_code in (200, 400)


def test_B_64_addresses_in_texts_lead_nowhere(client, town):
    report = a_report(detail="javascript:alert(1) http://xn--e1afmkfd.example " + "https://a.example " * 50)
    page = page_of(client.get(f"/reports/{report.pk}"))
    assert 'href="javascript:' not in page
    assert page.count('<a href="https://a.example') == page.count(
        'rel="nofollow ugc noopener">https://a.example'
    )


@pytest.mark.parametrize(
    "email",
    ['"a b"@example.org', "a" * 320 + "@example.org", "a@b", "a@[127.0.0.1]", "a@example.org,b@example.org",
     "a@example.org\r\nBcc: b@example.org", "a@example.org\x00", "Kari <a@example.org>", ""],
)  # fmt: skip
def test_B_66_B_67_what_is_not_one_address_is_told_and_nothing_is_sent(client, town, fill, email):
    draft, report = fill(), a_report()
    before = Notice.objects.count()
    answers = [
        client.post("/report/check", {"draft": draft, "email": email}),
        client.post(f"/reports/{report.pk}/update", {"text": "x", "email": email}),
        client.post(f"/reports/{report.pk}/follow", {"follow_email": email}),
        client.post("/sign-in", {"email": email}),
    ]
    assert [answer.status_code for answer in answers] == [422] * 4
    assert (Report.objects.count(), Notice.objects.count()) == (1, before)


def test_B_72_a_form_without_our_token_or_from_elsewhere_changes_nothing(town, fill):
    draft, report = fill(), a_report()
    strict = Client(enforce_csrf_checks=True, headers={"Accept-Language": "en"})
    for path in ("/report/where", "/report/what", "/report/details", "/report/check", f"/reports/{report.pk}/update",
                 f"/reports/{report.pk}/follow", "/sign-in", "/confirm/x", f"/report/sent/{draft}"):  # fmt: skip
        answer = strict.post(path, {"draft": draft, "email": "a@example.org", "text": "x"})
        assert answer.status_code == 403, path
        assert "<h1>" in page_of(answer)
    assert (Report.objects.count(), Update.objects.count(), ConfirmLink.objects.count()) == (1, 0, 0)


def test_B_72_a_link_that_is_only_opened_does_nothing(client, town, fill):
    client.post("/report/check", {"draft": fill(), "email": "kari@example.org"})
    secret = secret_of(Notice.objects.get())
    for _ in range(3):
        assert client.get(f"/confirm/{secret}").status_code == 200
        assert client.head(f"/confirm/{secret}").status_code == 200
    assert ConfirmLink.objects.get().used_at is None


def test_B_75_a_link_is_good_once_and_a_guess_never(client, town, fill):
    client.post("/report/check", {"draft": fill(), "email": "kari@example.org"})
    secret = secret_of(Notice.objects.get())
    first, second = client.post(f"/confirm/{secret}"), client.post(f"/confirm/{secret}")
    assert first.headers["Location"] == second.headers["Location"]
    assert (Report.objects.count(), Notice.objects.filter(kind="confirm_report").count()) == (1, 1)
    for guess in (secret[:-1], secret + "x", "%00", "\u00e6", "x" * 5000, XSS.replace("/", "")):
        for answer in (client.get(f"/confirm/{guess}"), client.post(f"/confirm/{guess}")):
            assert answer.status_code == 404
            assert "<script>alert" not in page_of(answer)


def test_B_77_B_83_a_hidden_or_private_report_is_nowhere_and_says_what_never_was_says(client, town):
    private, hidden = a_report(category_name="Forsøpling", title="Hemmelig"), a_report(title="Skjult")
    hide_report(report=hidden, now=BEGAN)
    for report in (private, hidden):
        answer, never = client.get(f"/reports/{report.pk}"), client.get("/reports/987654")
        # the switch of the language names the page that was asked for
        same = page_of(never).replace("987654", str(report.pk))
        assert (answer.status_code, page_of(answer)) == (never.status_code, same)
        for path in ("update", "follow"):
            answer = client.post(f"/reports/{report.pk}/{path}", {"email": "a@example.org", "text": "x"})
            assert answer.status_code == 404
    for path in ("/", "/reports", "/map.svg?lat=60&long=4&zoom=16"):
        assert "Hemmelig" not in page_of(client.get(path))
        assert "Skjult" not in page_of(client.get(path))
    for path in ("/reports", "/reports?q=Hemmelig", "/reports?q=Skjult", "/reports?state=open"):
        assert client.get(path).context["found"].total == 0


@pytest.mark.parametrize("hard", EVERY_KIND, ids=range(len(EVERY_KIND)))
def test_B_01_B_11_an_update_takes_any_text_in_every_field(client, town, hard):
    report = a_report()
    names = ("text", "state", "name", "show_name", "email", "form_token", "photos")
    answer = client.post(f"/reports/{report.pk}/update", dict.fromkeys(names, hard))
    assert answer.status_code == 422
    told = {"text": "Den blinker", "email": "ola@example.org", "form_token": hard}
    assert client.post(f"/reports/{report.pk}/update", told).status_code == 200
    assert Update.objects.count() == 0
    assert client.post(f"/reports/{report.pk}/follow", {"follow_email": hard}).status_code == 422


@pytest.mark.parametrize("field", ["text", "name"])
def test_B_11_an_update_that_is_too_long_is_told_at_its_field(client, town, field):
    told = {"text": "Den blinker", "email": "ola@example.org", field: "x" * 9000}
    answer = client.post(f"/reports/{a_report().pk}/update", told)
    assert answer.status_code == 422
    assert list(answer.context["errors"]) == [field]
    assert "Den blinker" in page_of(answer) or field == "text"


def test_B_12_an_update_that_says_nothing_is_told(client, town):
    answer = client.post(f"/reports/{a_report().pk}/update", {"text": " ", "email": "ola@example.org"})
    assert answer.status_code == 422
    assert [name for name, _ in answer.context["error_list"]] == ["text"]


def test_B_92_a_map_of_anything_is_a_map(client, town):
    a_report()
    for lat, long, zoom in (
        ("nan", "nan", "nan"),
        ("90", "180", "99"),
        ("-85", "-180", "0"),
        ("0", "0", "-5"),
        ("60", "4", "1e9"),
    ):
        answer = client.get("/map.svg", {"lat": lat, "long": long, "zoom": zoom})
        assert answer.status_code == 200
        assert len(answer.content) < 400_000


def test_B_93_pages_with_what_somebody_told_are_kept_by_nobody(client, town, fill):
    draft = fill()
    for path in ("what", "details", "check", "where"):
        cached = client.get(f"/report/{path}?draft={draft}").headers["Cache-Control"]
        assert "no-store" in cached
        assert "private" in cached
    client.post("/report/check", {"draft": draft, "email": "kari@example.org"})
    assert "no-store" in client.get(f"/report/sent/{draft}").headers["Cache-Control"]


@pytest.mark.parametrize(
    "path", ["/", "/reports", "/report/where", "/about", "/nothing-here", "/colours.css"]
)
def test_B_94_every_answer_keeps_the_browser_safe(client, town, path):
    headers = client.get(path, headers={"Origin": "null"}).headers
    policy = headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe-inline" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "Access-Control-Allow-Origin" not in headers


@pytest.mark.parametrize(
    "accepted",
    ["../../etc/passwd", "sv-SE;DROP", "x" * 5000, "", "*", "no", "nb;q=nan", ",,,;;;", "\x00nb", "de"],
)
def test_B_99_a_language_that_is_none_is_the_sites_first(client, town, accepted):
    answer = client.get("/", headers={"Accept-Language": accepted})
    assert answer.headers["Content-Language"] == "nb"
    assert client.get("/language", {"to": accepted, "next": "/"}).cookies == {}
