"""The form in four steps, as a browser without JavaScript goes it."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from streetmend.reports.models import Delivery, Notice, Photo, Report
from streetmend.reports.services.notices import secret_of
from streetmend.reports.states import State
from tests.support.town import FAR, FJORD, WEST

pytestmark = pytest.mark.django_db


def jpeg() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (60, 40), (10, 90, 90)).save(out, "JPEG")
    return out.getvalue()


def test_a_report_is_told_in_four_steps_confirmed_by_mail_and_then_public(client, town, fill):
    draft = fill(photo=jpeg())
    page = client.get(f"/report/check?draft={draft}").content.decode()
    assert "Lykta er mørk" in page
    assert "Vestby kommune" in page
    answer = client.post(
        "/report/check", {"draft": draft, "email": "Kari@Example.org", "name": "Kari", "show_name": "yes"}
    )
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/report/sent/{draft}")
    assert "Kari@example.org" in client.get(answer.headers["Location"]).content.decode()
    report = Report.objects.get()
    assert (report.state, report.title, report.category_name.name) == (
        State.UNCONFIRMED,
        "Lykta er mørk",
        "Gatelys",
    )
    assert client.get(f"/reports/{report.pk}").status_code == 404

    secret = secret_of(Notice.objects.get())
    page = client.get(f"/confirm/{secret}").content.decode()
    assert "Lykta er mørk" in page
    report.refresh_from_db()
    assert report.state == State.UNCONFIRMED, "opening the link confirms nothing"
    answer = client.post(f"/confirm/{secret}")
    assert answer.headers["Location"] == f"/reports/{report.pk}?now=confirmed"
    page = client.get(answer.headers["Location"]).content.decode()
    assert "Lykta er mørk" in page
    assert "Kari" in page
    assert "example.org" not in page.replace("post@test.example", "")
    assert "About to be sent to Vestby kommune" in page
    photo = Photo.objects.get()
    served = client.get(f"/photos/{photo.name[:2]}/{photo.name}")
    assert served.headers["Content-Type"] == "image/jpeg"
    assert b"".join(served.streaming_content)[:2] == b"\xff\xd8"
    assert [row.title for row in client.get("/reports?q=lykta&photo=yes").context["found"].rows] == [
        "Lykta er mørk"
    ]
    assert Delivery.objects.get().next_at is not None


def test_a_second_press_of_the_button_makes_no_second_report(client, town, fill):
    draft = fill()
    told = {"draft": draft, "email": "kari@example.org"}
    first, second = client.post("/report/check", told), client.post("/report/check", told)
    assert (first.status_code, second.status_code) == (303, 302)
    assert (Report.objects.count(), Notice.objects.count()) == (1, 1)


def test_one_thing_is_changed_from_the_check_and_everything_else_is_kept(client, town, fill):
    draft = fill(title="Lykta er mørk")
    page = client.get(f"/report/what?draft={draft}&then=check").content.decode()
    assert 'value="Lykta er mørk"' in page
    answer = client.post(
        "/report/what", {"draft": draft, "title": "Lykta blinker", "category": "Gatelys", "then": "check"}
    )
    assert answer.headers["Location"].startswith("/report/check?")
    assert "Lykta blinker" in client.get(answer.headers["Location"]).content.decode()


def test_another_kind_of_problem_asks_its_own_questions_before_the_check(client, town, fill):
    draft = fill()
    answer = client.post(
        "/report/what", {"draft": draft, "title": "Skiltet er borte", "category": "Skilt", "then": "check"}
    )
    assert answer.headers["Location"].startswith("/report/details?")
    answer = client.post("/report/details", {"draft": draft})
    assert answer.status_code == 422
    assert [name for name, _ in answer.context["error_list"]] == ["answer.kind"]
    assert answer.context["error_list"][0][1].startswith("Hva slags skilt? ")
    assert client.get(f"/report/check?draft={draft}").headers["Location"].startswith("/report/details")


def test_photos_are_kept_while_an_answer_is_missing(client, town, begin):
    draft = begin()
    client.post("/report/what", {"draft": draft, "title": "Skiltet er borte", "category": "Skilt"})
    answer = client.post("/report/details", {"draft": draft, "photos": io.BytesIO(jpeg())})
    assert answer.status_code == 422
    assert len(answer.context["photos"]) == 1
    answer = client.post("/report/details", {"draft": draft, "answer.kind": "stop"})
    assert answer.status_code == 303
    client.post("/report/check", {"draft": draft, "email": "kari@example.org"})
    assert Photo.objects.filter(report=Report.objects.get()).count() == 1
    assert Report.objects.get().answers == [{"code": "kind", "values": ["stop"]}]


def test_a_file_that_is_no_photo_is_told_and_nothing_else_is_lost(client, town, begin):
    draft = begin()
    client.post("/report/what", {"draft": draft, "title": "Hull", "category": "Gatelys"})
    answer = client.post(
        "/report/details",
        {"draft": draft, "photos": [io.BytesIO(b"<svg onload=alert(1)>"), io.BytesIO(jpeg())]},
    )
    assert answer.status_code == 422
    assert "JPEG, PNG, WebP or HEIC" in answer.content.decode()
    assert len(answer.context["photos"]) == 1


def test_a_place_that_nobody_covers_names_the_nearest_one(client, town):
    answer = client.post("/report/where", {"lat": FAR[0], "long": FAR[1]})
    assert answer.status_code == 422
    page = client.get(
        f"/report/where?lat={FAR[0]}&long={FAR[1]}&pin_lat={FAR[0]}&pin_long={FAR[1]}"
    ).content.decode()
    assert "Nobody is responsible" in page
    assert "Vestby" in page


def test_a_place_in_the_fjord_goes_to_the_nearest_body(client, town, begin):
    draft = begin(FJORD)
    assert "Vestby kommune" in client.get(f"/report/what?draft={draft}").context["recipients"]


def test_a_click_on_the_map_chooses_the_place_under_it(client, town):
    page = client.get("/report/where?lat=60.0&long=4.0&zoom=14&map.x=360&map.y=240")
    assert page.context["place"] == pytest.approx(WEST, abs=1e-5)
    assert page.context["recipients"] == ["Vestby kommune", "Veietaten"]
    moved = client.get("/report/where?lat=60.0&long=4.0&zoom=14&go=n&pin_lat=60&pin_long=4")
    assert moved.context["window"].lat > 60.0
    assert moved.context["place"] == (60.0, 4.0)


def test_words_suggest_a_category_without_javascript(client, town, begin):
    draft = begin()
    answer = client.post("/report/what", {"draft": draft, "title": "gatelyset er mørkt", "go": "suggest"})
    assert answer.status_code == 200
    assert [choice.name for choice in answer.context["likely"]] == ["Gatelys"]
    assert answer.context["told"]["title"] == "gatelyset er mørkt"


def test_an_empty_step_is_told_field_by_field(client, town, begin):
    draft = begin()
    answer = client.post("/report/what", {"draft": draft})
    assert answer.status_code == 422
    assert [name for name, _ in answer.context["error_list"]] == ["title", "category"]
    assert "<title>Error: " in answer.content.decode()


def test_steps_that_were_jumped_over_are_gone_through_first(client, town, begin):
    assert client.get("/report/check").headers["Location"].startswith("/report/where")
    draft = begin()
    assert client.get(f"/report/check?draft={draft}").headers["Location"].startswith("/report/what")
    assert client.get(f"/report/details?draft={draft}").headers["Location"].startswith("/report/what")


def test_a_draft_that_is_gone_begins_anew(client, town):
    assert client.get("/report/what?draft=nothing").headers["Location"] == "/report/where"
    assert client.get("/report/sent/nothing").status_code == 404


def test_the_mail_is_sent_again_after_a_minute_and_not_before(client, town, fill):
    draft = fill()
    client.post("/report/check", {"draft": draft, "email": "kari@example.org"})
    assert "wait a minute" in client.post(f"/report/sent/{draft}").content.decode()
    assert Notice.objects.count() == 1


def test_a_private_kind_of_problem_is_told_and_never_shown(client, town, fill):
    draft = fill(category="Forsøpling")
    assert "not shown on the site" in client.get(f"/report/check?draft={draft}").content.decode()
    client.post("/report/check", {"draft": draft, "email": "kari@example.org"})
    answer = client.post(f"/confirm/{secret_of(Notice.objects.get())}")
    assert answer.headers["Location"] == "/about?now=confirmed"
    assert client.get(f"/reports/{Report.objects.get().pk}").status_code == 404
