"""What a report looks like to an administration: the parameters that users of FixMyStreet know, and each habit of an endpoint."""

from __future__ import annotations

import io

import pytest
from django.core.files.storage import default_storage
from PIL import Image

from streetmend.bodies.models import Category, Endpoint, Question, Send
from streetmend.bodies.sealing import seal
from streetmend.georeport import testing
from streetmend.georeport.testing import Entry, PretendEndpoint
from streetmend.photos.store import StoredPhoto, path_of, store
from streetmend.reports.models import Attempt, Delivery, Report
from streetmend.reports.services import Told
from tests.exchange.reports import KARI, make_report

URL = "http://127.0.0.1:8000"


def photo(shade: int = 0) -> StoredPhoto:
    """A small JPEG that lies in the store."""
    jpeg = io.BytesIO()
    Image.new("L", (8, 8), shade).save(jpeg, "JPEG")
    return store(jpeg.getvalue(), width=8, height=8)


def ask(code: str, *, category: str = "LIGHT", **more: object) -> None:
    """The category asks one thing more."""
    asking = Category.objects.get(code=category, body__send=Send.OPEN311)
    Question.objects.create(category=asking, code=code, text=f"{code}?", **more)


def habits(**told: object) -> None:
    Endpoint.objects.update(habits=told)


def fields(entry: Entry) -> dict[str, list[str]]:
    """The parameters as they arrived, in order, each with its values."""
    found: dict[str, list[str]] = {}
    for name, value in entry.fields:
        found.setdefault(name, []).append(value)
    return found


@pytest.fixture
def sent(town, endpoint: PretendEndpoint, clock, work):
    """Sends a report and gives the parameters that arrived."""

    def send(**report: object) -> dict[str, list[str]]:
        make_report(clock, **report)
        work()
        (entry,) = endpoint.ledger.entries()
        return fields(entry)

    return send


def test_a_report_goes_out_as_fixmystreet_sends_it(sent):
    arrived = sent()
    report_id = Delivery.objects.get().report_id
    assert arrived == {
        "jurisdiction_id": ["vestby.example"],
        "service_code": ["LIGHT"],
        "lat": ["60"],
        "long": ["4"],
        "email": ["kari@example.org"],
        "first_name": ["Kari"],
        "last_name": ["Nordmann"],
        "phone": ["12345678"],
        "description": [f"Lykta er mørk\r\n\r\nDen ved brua. 🕯\r\n\r\n{URL}/reports/{report_id}\r\n"],
    }


def test_coordinates_have_six_decimals_without_trailing_zeros(sent):
    arrived = sent(place=(60.0123456789, 4.05))
    assert (arrived["lat"], arrived["long"]) == (["60.012346"], ["4.05"])


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [("Kari", ["Kari"], None), ("Kari Anne Nordmann", ["Kari"], ["Anne Nordmann"]), ("", None, None)],
)
def test_a_name_is_split_at_its_first_white_space(sent, name, first, last):
    arrived = sent(told=Told(email="k@example.org", name=name, language="nb"))
    assert (arrived.get("first_name"), arrived.get("last_name")) == (first, last)


def test_a_reporter_without_phone_leaves_it_out(sent):
    assert "phone" not in sent(told=Told(email="k@example.org"))


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("labelled", "title: Lykta er mørk\n\ndetail: Den ved brua. 🕯\n\nurl: {url}\n"),
        ("detail", "Den ved brua. 🕯\n\n{url}\n"),
    ],
)
def test_the_description_takes_the_endpoints_form_and_always_names_our_address(sent, form, expected):
    habits(description=form)
    arrived = sent()
    (description,) = arrived["description"]
    url = f"{URL}/reports/{Delivery.objects.get().report_id}"
    assert description.replace("\r\n", "\n") == expected.format(url=url)


def test_what_the_category_asks_goes_out_as_attributes(sent):
    ask("depth", datatype="number", position=1)
    ask(
        "where",
        datatype="multivaluelist",
        values=[{"key": key, "name": key} for key in ("pole", "wall", "wire")],
        position=2,
    )
    ask("note", variable=False, position=3)
    arrived = sent(answers={"depth": ["0"], "where": ["pole", "wire"]})
    assert arrived["attribute[depth]"] == ["0"]
    assert arrived["attribute[where]"] == ["pole", "wire"]
    assert [name for name in arrived if name.startswith("attribute")] == [
        "attribute[depth]",
        "attribute[where]",
    ]


def test_several_values_take_brackets_where_the_endpoint_wants_them(sent):
    habits(multivalue="brackets")
    values = [{"key": key, "name": key} for key in ("pole", "wall")]
    ask("where", datatype="multivaluelist", values=values)
    assert sent(answers={"where": ["pole", "wall"]})["attribute[where][]"] == ["pole", "wall"]


def test_each_body_gets_the_answers_to_its_own_questions(town, endpoint, clock, work):
    ask("depth", category="POT", datatype="number")
    ask("lane", category="R-POT", datatype="string")
    make_report(clock, category="Hull i vei", answers={"depth": ["12"], "lane": ["høyre"]})
    work()
    by_code = {entry.new.service_code: fields(entry) for entry in endpoint.ledger.entries()}
    assert by_code["POT"]["attribute[depth]"] == ["12"]
    assert "attribute[lane]" not in by_code["POT"]
    assert by_code["R-POT"]["attribute[lane]"] == ["høyre"]
    assert "attribute[depth]" not in by_code["R-POT"]


def test_what_only_we_know_is_filled_in_where_the_category_asks_for_it(sent):
    for position, code in enumerate(("fixmystreet_id", "easting", "northing", "closest_address")):
        ask(code, automated="server_set", position=position)
    habits(grid="EPSG:25832")
    arrived = sent()
    assert arrived["attribute[fixmystreet_id]"] == [str(Delivery.objects.get().report_id)]
    assert arrived["attribute[easting]"] == ["221289"]
    assert arrived["attribute[northing]"] == ["6661953"]
    assert "attribute[closest_address]" not in arrived


def test_nobody_is_sent_an_attribute_that_was_not_asked_for(sent):
    assert [name for name in sent() if "attribute" in name] == []


def test_the_ids_attribute_may_have_another_name_and_go_out_unasked(sent):
    habits(id_field="external_ref", always_send_id=True)
    assert sent()["attribute[external_ref]"] == [str(Delivery.objects.get().report_id)]


def test_the_ids_attribute_has_its_usual_name_where_it_goes_out_unasked(sent):
    habits(always_send_id=True)
    assert sent()["attribute[fixmystreet_id]"] == [str(Delivery.objects.get().report_id)]


def test_the_first_photo_goes_out_as_an_address(sent):
    first, second = photo(), photo(200)
    arrived = sent(photos=[first, second])
    assert arrived["media_url"] == [f"{URL}/photos/{path_of(first.name)}"]


def test_all_photos_go_out_as_addresses_where_the_endpoint_takes_them(sent):
    habits(photos="all_urls")
    photos = [photo(), photo(200)]
    assert sent(photos=photos)["media_url"] == [f"{URL}/photos/{path_of(one.name)}" for one in photos]


def test_no_photo_goes_out_where_the_endpoint_wants_none(sent):
    habits(photos="none")
    assert "media_url" not in sent(photos=[photo()])


@pytest.mark.parametrize(("field", "names"), [("", ["photo1", "photo2"]), ("media{n}", ["media1", "media2"])])
def test_photos_go_out_as_files_where_the_endpoint_takes_uploads(sent, endpoint, field, names):
    habits(photos="upload", **({"upload_field": field} if field else {}))
    photos = [photo(), photo(200)]
    arrived = sent(photos=photos)
    assert "media_url" not in arrived
    assert arrived["description"][0].replace("\r\n", "\n").startswith("Lykta er mørk\n\nDen ved brua. 🕯\n\n")
    (entry,) = endpoint.ledger.entries()
    report_id = Delivery.objects.get().report_id
    assert [(one.field, one.filename, one.content_type) for one in entry.uploads] == [
        (names[0], f"{report_id}.0.jpeg", "image/jpeg"),
        (names[1], f"{report_id}.1.jpeg", "image/jpeg"),
    ]
    with default_storage.open(path_of(photos[1].name)) as file:
        assert entry.uploads[1].content == file.read()


def test_F_63_a_photo_that_is_gone_from_the_store_keeps_no_report_from_being_sent(sent, endpoint):
    habits(photos="upload")
    gone, there = photo(), photo(200)
    default_storage.delete(path_of(gone.name))
    sent(photos=[gone, there])
    (entry,) = endpoint.ledger.entries()
    assert len(entry.uploads) == 1


def test_photos_of_private_reports_never_go_out_as_addresses(sent, endpoint):
    arrived = sent(category="Forsøpling", photos=[photo()])
    assert "media_url" not in arrived
    assert endpoint.ledger.entries()[0].uploads == ()


def test_photos_of_private_reports_go_out_as_files_where_the_endpoint_takes_them(sent, endpoint):
    habits(upload_private_photos=True)
    sent(category="Forsøpling", photos=[photo()])
    assert len(endpoint.ledger.entries()[0].uploads) == 1


@pytest.mark.parametrize(("what", "names"), [("name", {"first_name", "last_name"}), ("none", set())])
def test_an_endpoint_may_be_told_less_of_the_reporter(sent, what, names):
    habits(reporter=what)
    about = {"first_name", "last_name", "email", "phone"}
    assert about & set(sent()) == names


def test_an_endpoint_that_insists_on_an_address_gets_the_sites(sent):
    habits(reporter="none", always_email=True)
    assert sent()["email"] == ["post@test.example"]


def test_the_source_and_fixed_parameters_go_out_under_the_endpoints_names(sent):
    habits(device_field="deviceid", parameters={"channel": "web"})
    arrived = sent()
    assert (arrived["deviceid"], arrived["channel"]) == (["Web interface"], ["web"])


def test_the_jurisdiction_may_stand_in_the_query(sent, endpoint):
    habits(jurisdiction_in="query")
    assert "jurisdiction_id" not in sent()
    (seen,) = endpoint.ledger.seen("create")
    assert seen.query == "jurisdiction_id=vestby.example"


def test_the_key_goes_out_in_the_body_of_a_post(sent, endpoint):
    Endpoint.objects.update(api_key_sealed=seal("s3cret/key"))
    assert sent()["api_key"] == ["s3cret/key"]
    (seen,) = endpoint.ledger.seen("create")
    assert ("authorization" in seen.headers, seen.query) == (False, "")


def test_the_key_goes_out_as_a_bearer_where_the_endpoint_wants_it_there(sent, endpoint):
    Endpoint.objects.update(api_key_sealed=seal("s3cret"), habits={"key_in": "bearer"})
    assert "api_key" not in sent()
    (seen,) = endpoint.ledger.seen("create")
    assert seen.headers["authorization"] == "Bearer s3cret"
    asked = endpoint.ledger.seen("updates")[0]
    assert (asked.headers["authorization"], "api_key" in asked.query) == ("Bearer s3cret", False)


def test_every_post_carries_our_mark_and_goes_out_on_a_connection_of_its_own(sent, endpoint):
    sent()
    (seen,) = endpoint.ledger.seen("create")
    assert seen.headers["idempotency-key"] == str(Delivery.objects.get().mark)
    assert seen.headers["connection"].lower() == "close"


def test_a_repeat_sends_the_bytes_of_the_first_time(town, endpoint, clock, work):
    endpoint.script(testing.busy(429))
    report = make_report(clock)
    work()
    Report.objects.filter(pk=report.pk).update(title="Noe helt annet", email="other@example.org")
    clock.advance(minutes=5)
    work()
    (entry,) = endpoint.ledger.entries()
    assert (entry.new.description or "").startswith("Lykta er mørk")
    assert entry.new.email == KARI.email
    first, second = Attempt.objects.order_by("n")
    assert (first.outcome, second.outcome) == ("not_received", "accepted")
