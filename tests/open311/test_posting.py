"""POST requests: what a program tells becomes a report, over a real socket, in every dialect and both formats."""

from __future__ import annotations

import pytest

from streetmend.bodies.models import Category
from streetmend.bodies.services import save_category
from streetmend.bodies.specs import CategorySpec
from streetmend.georeport.types import Upload
from streetmend.open311.operations import OPERATIONS
from streetmend.reports.models import Delivery, Notice, Posting, Report, WantedPhoto
from streetmend.reports.states import DeliveryState
from tests.open311.sending import Sender, jpeg, new_key, report
from tests.support.town import BEGAN, EAST, FAR, FJORD, WEST, make_town

pytestmark = pytest.mark.django_db(transaction=True)
BASES = ["/open311/v2/", "/open311/strict/v2/", "/open311/fixmystreet/v2/"]


@pytest.fixture
def sender(transactional_db, live_server) -> Sender:
    """A program with a key of scope report, in the town."""
    make_town()
    return Sender(live_server.url, new_key()[1])


def only() -> Report:
    return Report.objects.get()


def errors(answer) -> list[str]:
    """The descriptions of an answer that is an error, from either format."""
    if answer.body.lstrip().startswith(b"<"):
        return [str(one.text) for one in answer.xml.iterfind("error/description")]
    told = answer.json
    return [one["description"] for one in (told if isinstance(told, list) else told["errors"])]


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("fmt", ["xml", "json"])
def test_a_posted_report_is_public_at_once_and_owed_to_its_bodies(sender, base, fmt):
    answer = sender.post(report(), path=f"{base}requests.{fmt}")
    assert answer.status == 200, answer.body
    made = only()
    if fmt == "xml":
        assert answer.xml.findtext("request/service_request_id") == str(made.pk)
        assert answer.xml.find("request/token") is None
    else:
        row = answer.json["service_requests"][0] if "fixmystreet" in base else answer.json[0]
        assert str(row["service_request_id"]) == str(made.pk)
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["cache-control"] == "no-store"
    assert (made.title, made.detail, made.source, made.state) == (
        "Lykta er mørk",
        "Den over benken.",
        "Open311",
        "open",
    )
    assert Delivery.objects.get().state == DeliveryState.WAITING
    assert Delivery.objects.get().next_at is not None
    assert not Notice.objects.exists()
    assert sender.call("GET", f"requests/{made.pk}.json").json[0]["description"] == (
        "Lykta er mørk: Den over benken."
    )


def test_without_an_extension_accept_decides(sender):
    answer = sender.post(report(), path="requests", headers={"Accept": "application/json"})
    assert answer.json[0]["service_request_id"] == str(only().pk)
    assert "Accept" in answer.headers["vary"]


def test_who_tells_is_known_but_not_shown(sender):
    fields = report(
        email="Kari@Example.org",
        first_name="Kari",
        last_name="Nordmann",
        phone="12 34 56 78",
        jurisdiction_id="any",
    )
    assert sender.post(fields, path="requests.json?jurisdiction_id=x").status == 200
    made = only()
    assert (made.name, made.email, made.phone, made.show_name) == (
        "Kari Nordmann",
        "Kari@example.org",
        "12 34 56 78",
        False,
    )
    assert made.reporter is not None
    assert made.reporter.verified_at is None
    assert "Kari" not in sender.call("GET", f"requests/{made.pk}.json").body.decode()


def test_the_key_may_be_a_bearer_token(sender):
    key, sender.key = sender.key, None
    assert sender.post(report(), headers={"Authorization": f"Bearer {key}"}).status == 200


def test_line_breaks_of_forms_are_lines(sender):
    assert sender.post(report(description="Title\r\n\r\nOne\r\nTwo")).status == 200
    assert (only().title, only().detail) == ("Title", "One\nTwo")


@pytest.mark.parametrize(
    ("place", "bodies"),
    [(WEST, ["Vestby kommune"]), (EAST, ["Østby kommune"]), (FJORD, ["Vestby kommune"])],
)
def test_B_17_up_to_two_kilometres_outside_the_nearest_body_gets_it(sender, place, bodies):
    assert sender.post(report(lat=str(place[0]), long=str(place[1]))).status == 200
    assert [one.body.name for one in Delivery.objects.select_related("body")] == bodies


@pytest.mark.parametrize("fmt", ["xml", "json"])
def test_B_17_beyond_that_nobody_gets_it_and_it_is_not_there(sender, fmt):
    answer = sender.post(report(lat=str(FAR[0]), long=str(FAR[1])), path=f"requests.{fmt}")
    assert answer.status == 400
    assert errors(answer) == ["lat: and long are not in the area of this site"]
    assert not Report.objects.exists()


@pytest.mark.parametrize("fmt", ["xml", "json"])
def test_B_37_everything_that_is_wrong_is_named_at_once(sender, fmt):
    fields = report(
        service_code="Skilt", lat="60,0", description=" ", email="nobody", **{"attribute[kind]": "round"}
    )
    answer = sender.post(fields, path=f"requests.{fmt}")
    assert answer.status == 400
    assert sorted(line.partition(":")[0] for line in errors(answer)) == [
        "attribute[kind]",
        "description",
        "email",
        "lat",
    ]
    assert not Report.objects.exists()


def test_B_37_a_missing_attribute_is_named_by_its_code(sender):
    answer = sender.post(report(service_code="Skilt"))
    assert (answer.status, errors(answer)) == (400, ["attribute[kind]: is required (kind required)"])
    for name in ("attribute[kind]", "attribute[kind][]"):
        assert sender.post(report(service_code="Skilt", **{name: "stop"})).status == 200
    assert only().answers == [{"code": "kind", "values": ["stop"]}]


def test_an_unknown_service_is_a_404_and_one_that_is_not_offered_here_a_400(sender):
    unknown = sender.post(report(service_code="Nothing"))
    assert (unknown.status, errors(unknown)) == (404, ["service_code: is not a service of this site"])
    elsewhere = sender.post(report(service_code="Nothing", description=""))
    assert elsewhere.status == 400


def test_photos_of_a_form_stand_on_the_report_and_what_is_none_is_left_out(sender):
    broken = jpeg(name="file_2")
    uploads = [jpeg(name="photo1"), type(broken)(**{**_plain(broken), "content": b"no picture " * 9})]
    answer = sender.post(report(), *uploads, jpeg("blue", "media"))
    assert answer.status == 200
    assert "left out" in answer.json[0]["service_notice"]
    assert len(only().photo_names) == 2


def _plain(upload) -> dict:
    return {name: getattr(upload, name) for name in upload.__struct_fields__}


def test_photos_at_addresses_are_wanted_in_the_same_transaction(sender):
    urls = ["http://photos.example/1.jpg", "ftp://photos.example/2.jpg", "https://photos.example:8443/3.jpg"]
    answer = sender.post(report(media_url=urls))
    assert answer.status == 200
    assert "ports 80 and 443" in answer.json[0]["service_notice"]
    assert [wanted.url for wanted in WantedPhoto.objects.all()] == urls[:1]


@pytest.mark.parametrize("wrong", [None, "", "sm_wrong", "x" * 10_000])
def test_B_80_without_a_key_or_with_a_wrong_one_nothing_comes_in(sender, wrong):
    sender.key = wrong
    for fmt in ("xml", "json"):
        answer = sender.post(report(), path=f"requests.{fmt}")
        assert answer.status == 403
        assert errors(answer)[0].startswith("api_key: is")
    assert not Report.objects.exists()


def test_the_same_report_again_gets_the_number_of_the_first_time(sender):
    first = sender.post(report())
    again = sender.post(report(description="lykta  er MØRK\r\nDen over benken."), path="requests.xml")
    assert again.xml.findtext("request/service_request_id") == first.json[0]["service_request_id"]
    assert "already" in again.xml.findtext("request/service_notice")
    assert (Report.objects.count(), Posting.objects.count()) == (1, 1)
    assert sender.post(report(description="Lykta er mørk\nDen over benken. 2")).status == 200
    assert Report.objects.count() == 2


@pytest.fixture
def addresses(tmp_path, settings) -> None:
    """The site has a file of addresses: one in the town, one of the same street elsewhere."""
    file = tmp_path / "addresses.csv"
    rows = f"Storgata 1 Bortby,{FAR[0]},{FAR[1]}\nStorgata 1 Vestby,{WEST[0]},{WEST[1]}\n"
    file.write_text("address,lat,long\n" + rows, encoding="utf-8")
    settings.GEOCODER = str(file)


def test_an_address_is_looked_up_where_there_is_a_geocoder_and_one_of_ours_is_meant(sender, addresses):
    answer = sender.post(report(lat=None, long=None, address_string="Storgata 1"))
    assert answer.status == 200, answer.body
    assert (only().lat, only().long, only().address) == (*WEST, "Storgata 1")
    unknown = sender.post(report(lat=None, long=None, address_string="Lillegata 9"))
    assert errors(unknown) == ["address_string: is no address that could be found; send lat and long"]


def test_an_address_beside_coordinates_is_kept_as_it_was_told(sender):
    assert sender.post(report(address_string="Ved kirka")).status == 200
    assert sender.call("GET", f"requests/{only().pk}.json").json[0]["address"] == "Ved kirka"


def test_an_address_that_is_coordinates_needs_nobody_to_look_it_up(sender):
    answer = sender.post(report(lat=None, long=None, address_string=f"{WEST[0]}, {WEST[1]}"))
    assert answer.status == 200
    assert (only().lat, only().long) == WEST


def test_B_77_a_report_of_a_private_kind_gets_a_number_and_is_seen_by_nobody(sender):
    answer = sender.post(report(service_code="Forsøpling"))
    number = answer.json[0]["service_request_id"]
    assert only().private
    unknown = sender.call("GET", "requests/999999.json")
    assert sender.call("GET", f"requests/{number}.json").body == unknown.body


@pytest.mark.parametrize(
    ("accepted", "language"),
    [("nn-NO,nb;q=0.5", "nn"), ("no", "nb"), ("de, en;q=0.3", "en"), ("de", "nb"), ("", "nb")],
)
def test_the_reporter_is_written_to_in_the_language_that_the_program_asks_for(sender, accepted, language):
    assert sender.post(report(), headers={"Accept-Language": accepted}).status == 200
    assert only().language == language


def test_what_the_document_says_of_a_form_is_what_is_read_of_it(sender):
    """Every field that OpenAPI tells of does something, and one that is missing is named."""
    posted = {one.name: one for one in OPERATIONS if one.method == "post"}
    form = posted["report"].fields
    missing = sender.post([])
    needed = {name for name, told in form.items() if told.required}
    assert needed | {"lat"} == {line.partition(":")[0] for line in errors(missing)}
    texts = {name: "kari@example.org" if name == "email" else "Kari" for name in form}
    kept = ("api_key", "service_code", "lat", "long", "media", "media_url", "attribute[CODE]")
    assert (
        sender.post(report(**{name: text for name, text in texts.items() if name not in kept})).status == 200
    )
    made = only()
    assert (made.title, made.email, made.name, made.phone, made.address) == (
        "Kari", "kari@example.org", "Kari Kari", "Kari", "Kari",
    )  # fmt: skip
    assert Posting.objects.get().mark.startswith("id:"), "client_reference is a mark"


def test_a_photo_and_a_phone_number_that_the_category_requires_are_named_at_once(sender):
    light = Category.objects.get(body__mapit_id=101, code="LIGHT")
    spec = CategorySpec(name="Gatelys", code="LIGHT", photo_required=True, phone_required=True)
    save_category(body=light.body, category=light, spec=spec, now=BEGAN)
    answer = sender.post(report())
    assert answer.status == 400
    told = " ".join(errors(answer))
    assert "phone: is required for this service" in told
    assert "media_url: is required for this service" in told
    assert not Report.objects.exists()
    assert sender.post(report(phone="12345678", media_url="https://photos.example/1.jpg")).status == 200
    assert sender.post(report(phone="12345678", description="En annen"), jpeg()).status == 200
    broken = Upload(field="photo1", filename="1.jpg", content_type="image/jpeg", content=b"no photo")
    refused = sender.post(report(phone="12345678", description="En tredje"), broken)
    assert refused.status == 400
    assert "media_url" in " ".join(errors(refused))
    assert Report.objects.count() == 2
