"""What the form offers besides the straight way: lists of streets, finishing later, another address, taking it back, stoppers."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from streetmend.accounts.services import person_with_email
from streetmend.bodies.models import Body
from streetmend.bodies.services import save_category
from streetmend.bodies.specs import CategorySpec, QuestionSpec, ValueSpec
from streetmend.exchange.notices import mail_of
from streetmend.reports.models import Alert, ConfirmLink, Delivery, Notice, Report
from streetmend.reports.services.notices import secret_of
from streetmend.reports.states import DeliveryState, State
from streetmend.web.same import same_within
from tests.support.town import BEGAN, WEST, make_town
from tests.web.conftest import draft_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def streets(settings, tmp_path: Path):
    """A table of addresses in GeoJSON, of which only points count."""
    places = [("Storgata 2", 60.0, 4.0), ("Storgata 10", 60.0001, 4.0), ("Åsveien 1 B", 60.0, 4.001)]
    features = [
        {
            "type": "Feature",
            "properties": {"address": name},
            "geometry": {"type": "Point", "coordinates": [long, lat]},
        }
        for name, lat, long in places
    ]
    file = tmp_path / "addresses.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    settings.GEOCODER = str(file)


def test_a_place_is_found_by_a_list_of_streets_without_any_map(client, town, streets):
    page = client.get("/report/streets")
    assert [place.label for _, places in page.context["shown"] for place in places] == ["Storgata", "Åsveien"]
    page = client.get("/report/streets?street=Storgata")
    assert [place.label for place in page.context["numbers"]] == ["Storgata 2", "Storgata 10"]
    assert "<svg" not in page.content.decode().partition("<main")[2]
    answer = client.post("/report/where", {"place": "60.0001,4.0", "hint": "ved døra"})
    draft = draft_in(answer.headers["Location"])
    assert client.get(f"/report/where?draft={draft}").context["address"] == "Storgata 10"


@pytest.mark.parametrize(
    "asked", ["street=nothing", "street=%00", "letter=%00", "street=" + "x" * 5000, "letter=", "draft=x"]
)
def test_B_62_lists_of_streets_answer_whatever_is_asked(client, town, streets, asked):
    assert client.get(f"/report/streets?{asked}").status_code == 200


def test_why_these_bodies_get_it_is_told_with_the_areas(client, town):
    page = client.get("/report/where?lat=60&long=4&pin_lat=60&pin_long=4&zoom=16").content.decode()
    assert "the place lies in Vestby, which it looks after" in page
    page = client.get("/report/where?lat=60&long=3.895&pin_lat=60&pin_long=3.895&zoom=16").content.decode()
    assert "outside of every area; Vestby is the nearest one" in page


def test_the_page_of_a_place_is_told_in_parts_while_the_map_moves(client, town):
    part = client.get("/report/where?lat=60&long=4&pin_lat=60&pin_long=4&zoom=16&part=told").content.decode()
    assert "Vestby kommune" in part
    assert "<html" not in part


def test_a_draft_goes_on_from_a_mailed_link(client, town, begin):
    draft = begin()
    client.post("/report/what", {"draft": draft, "title": "Lykta er mørk", "category": "Gatelys"})
    assert client.post("/report/later", {"draft": draft, "email": "no address"}).status_code == 422
    assert Notice.objects.count() == 0
    page = client.post("/report/later", {"draft": draft, "email": "kari@example.org"})
    assert "kari@example.org" in page.content.decode()
    mail = mail_of(Notice.objects.get())
    assert f"/report/check?draft={draft}" in mail.text
    assert draft not in json.dumps(Notice.objects.get().content), "the link is sealed where it waits"
    answer = client.get(f"/report/check?draft={draft}")
    assert answer.headers["Location"].startswith("/report/details")
    client.post("/report/details", {"draft": draft})
    client.post("/report/check", {"draft": draft, "email": "kari@example.org"})
    assert client.get(f"/report/later?draft={draft}").headers["Location"] == f"/report/sent/{draft}"
    assert client.get("/report/later?draft=nothing").headers["Location"] == "/report/where"


def test_B_84_links_of_drafts_count_as_mails_that_an_address_is_asked_by(client, town, begin):
    draft = begin()
    for _ in range(50):
        client.post("/report/later", {"draft": draft, "email": "victim@example.org"})
    answer = client.post("/report/later", {"draft": draft, "email": "victim@example.org"})
    assert answer.status_code == 422
    assert Notice.objects.count() == 50
    at_once = Notice.objects.order_by("next_at").values_list("next_at", "created_at")
    assert sum((due - made).total_seconds() < 30 for due, made in at_once) <= 10


def test_a_wrong_address_is_changed_and_the_old_link_leads_nowhere(client, town, fill):
    draft = fill()
    client.post("/report/check", {"draft": draft, "email": "kair@example.org"})
    old = secret_of(Notice.objects.get())
    answer = client.post(f"/report/sent/{draft}", {"go": "address", "email": "nobody"})
    assert answer.status_code == 422
    page = client.post(
        f"/report/sent/{draft}", {"go": "address", "email": "kari@example.org"}
    ).content.decode()
    assert "<b>kari@example.org</b>" in page
    assert client.get(f"/confirm/{old}").status_code == 404
    new = secret_of(Notice.objects.order_by("-pk").first())
    client.post(f"/confirm/{new}")
    report = Report.objects.get()
    assert (report.state, report.email, report.reporter.email) == (
        State.OPEN,
        "kari@example.org",
        "kari@example.org",
    )
    client.post(f"/report/sent/{draft}", {"go": "address", "email": "mallory@example.org"})
    report.refresh_from_db()
    assert report.email == "kari@example.org"


@pytest.fixture
def slow_town(db):
    return make_town(undo_minutes=10)


def test_a_report_is_taken_back_before_it_is_sent(client, slow_town, fill):
    draft = fill()
    client.post("/report/check", {"draft": draft, "email": "kari@example.org"})
    secret = secret_of(Notice.objects.get())
    answer = client.post(f"/confirm/{secret}")
    assert answer.headers["Location"] == f"/confirm/{secret}"
    assert "sent in 10 minutes" in client.get(f"/confirm/{secret}").content.decode()
    assert "Take it back" in client.get(f"/report/sent/{draft}").content.decode()
    client.post(f"/confirm/{secret}", {"go": "undo"})
    assert "It was sent to nobody" in client.get(f"/confirm/{secret}").content.decode()
    report = Report.objects.get()
    assert (report.state, report.visible) == (State.WITHDRAWN, False)
    assert set(Delivery.objects.values_list("state", flat=True)) == {DeliveryState.CANCELLED}
    assert "taken back" in client.get(f"/report/sent/{draft}").content.decode()


def test_what_has_left_is_not_taken_back(client, town, fill):
    draft = fill()
    client.post("/report/check", {"draft": draft, "email": "kari@example.org"})
    secret = secret_of(Notice.objects.get())
    assert client.post(f"/confirm/{secret}").headers["Location"].startswith("/reports/")
    client.post(f"/confirm/{secret}", {"go": "undo"})
    assert "It has left already" in client.post(f"/report/sent/{draft}", {"go": "undo"}).content.decode()
    assert Report.objects.get().state == State.OPEN


def category(**more) -> None:
    spec = CategorySpec(code="DANGER", **{"name": "Fare", **more})
    save_category(body=Body.objects.get(mapit_id=101), category=None, spec=spec, now=BEGAN)


def test_a_kind_that_is_a_danger_says_whom_to_call_and_goes_no_further(client, town, begin):
    category(stop="Ring 110 nå, eller 22 33 44 55.")
    draft = begin()
    answer = client.post("/report/what", {"draft": draft, "title": "Gass", "category": "Fare"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert '<div class="stop" role="alert">' in page
    assert '<a class="call" href="tel:110">110</a>' in page
    assert 'href="tel:22334455"' in page
    assert Report.objects.count() == 0


def test_a_question_that_hangs_on_an_answer_says_so_and_is_asked_only_then(client, town, begin):
    values = [ValueSpec(key="yes", name="Ja"), ValueSpec(key="no", name="Nei")]
    first = QuestionSpec(
        code="hurt", datatype="singlevaluelist", required=True, text="Er noen skadet?", values=values
    )
    second = QuestionSpec(code="how", required=True, text="Hvordan?", only_if={"hurt": ["yes"]})
    category(questions=[first, second])
    draft = begin()
    client.post("/report/what", {"draft": draft, "title": "Noe", "category": "Fare"})
    page = client.get(f"/report/details?draft={draft}").content.decode()
    assert "Only where “Er noen skadet?” is: Ja" in page
    answer = client.post("/report/details", {"draft": draft, "answer.hurt": "yes"})
    assert [name for name, _ in answer.context["error_list"]] == ["answer.how"]
    assert client.post("/report/details", {"draft": draft, "answer.hurt": "no"}).status_code == 303


def test_reports_of_the_same_kind_near_by_can_be_followed_instead(client, town, fill, begin):
    draft = fill()
    client.post("/report/check", {"draft": draft, "email": "kari@example.org"})
    client.post(f"/confirm/{secret_of(Notice.objects.get())}")
    report = Report.objects.get()
    draft = begin((WEST[0] + 0.0005, WEST[1]))
    answer = client.post("/report/what", {"draft": draft, "title": "gatelyset er mørkt", "go": "suggest"})
    assert f'formaction="/reports/{report.pk}/follow"' in answer.content.decode()
    answer = client.post("/report/what", {"draft": draft, "title": "hull i veien", "go": "suggest"})
    assert f'formaction="/reports/{report.pk}/follow"' not in answer.content.decode()


def test_who_is_known_follows_the_same_report_by_one_press_and_others_say_their_address_alone(
    client, town, fill, begin
):
    client.post("/report/check", {"draft": fill(), "email": "kari@example.org"})
    client.post(f"/confirm/{secret_of(Notice.objects.get())}")
    report = Report.objects.get()
    draft = begin()
    pressed = {"draft": draft, "same": str(report.pk), "title": "Lykta", "category": "Gatelys"}
    asked = client.post(f"/reports/{report.pk}/follow", pressed)
    assert asked.status_code == 200
    assert f"/report/what?draft={draft}" in asked.content.decode()
    assert not Alert.objects.exists()
    wrong = client.post(f"/reports/{report.pk}/follow", {"same": "1", "follow_email": "nobody"})
    assert (wrong.status_code, list(wrong.context["errors"])) == (422, ["follow_email"])
    client.post(f"/reports/{report.pk}/follow", {"same": "1", "follow_email": "ola@example.org"})
    assert Alert.objects.get().confirmed_at is None
    kari = person_with_email(email="kari@example.org", now=datetime.now(UTC))
    client.force_login(kari)
    answer = client.post(f"/reports/{report.pk}/follow", pressed)
    assert answer.headers["Location"] == f"/reports/{report.pk}?now=follows"
    assert Alert.objects.get(person=kari).confirmed_at is not None
    client.post(f"/reports/{report.pk}/follow", pressed)
    assert Alert.objects.count() == 2
    assert Report.objects.count() == 1


@pytest.mark.parametrize(
    ("name", "metres"),
    [
        ("Gatelys", 60), ("Street light", 60), ("Skilt", 60), ("Design av plasser", 150), ("Hull i vei", 80),
        ("Forsøpling", 150), ("Public service", 150), ("Snow and ice", 300), ("Snøbrøyting", 300), ("Mobil mast", 150),
    ],
)  # fmt: skip
def test_how_near_the_same_problem_may_be_depends_on_what_it_is(name, metres):
    assert same_within(name) == metres


def test_B_32_a_search_is_words_and_never_a_pattern(client, town, fill):
    draft = fill(title="Lykta (a+)+$ er mørk")
    client.post("/report/check", {"draft": draft, "email": "kari@example.org"})
    client.post(f"/confirm/{secret_of(Notice.objects.get())}")
    for words, found in (("(a+)+$", 1), ("(", 1), ("[", 0), (".*", 0), ("^Lykta", 0), ("a" * 5000 + "!", 0)):
        assert client.get("/reports", {"q": words}).context["found"].total == found, words


def test_no_confirm_link_outlives_its_address(client, town, fill):
    draft = fill()
    client.post("/report/check", {"draft": draft, "email": "one@example.org"})
    client.post(f"/report/sent/{draft}", {"go": "address", "email": "two@example.org"})
    assert ConfirmLink.objects.count() == 1
