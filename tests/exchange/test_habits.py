"""What an endpoint may want besides the standard: each habit has an effect on the wire, over real sockets."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import parse_qsl

import pytest

from streetmend.bodies.habits import HABIT_NAMES
from streetmend.bodies.models import Category, Endpoint
from streetmend.bodies.sealing import seal
from streetmend.georeport.types import Service
from streetmend.reports.models import Delivery, Report, Update
from streetmend.reports.services import Told
from streetmend.reports.states import DeliveryState
from tests.exchange.reports import make_report
from tests.exchange.test_as_fixmystreet import URL, ask, fields, habits

ROOT = Path(__file__).parents[2]
#: habits of updates and of the asking after unknown outcomes; their tests stand with those
OWED = frozenset(
    {
        "ask_by",
        "idempotent",
        "fallback_email_hours",
        "breaker_failures",
        "breaker_max_seconds",
        "max_rate",
        "extended_statuses",
        "statuses_out",
        "mark_reopen",
        "may_reopen",
        "code_on_updates",
        "always_email_updates",
        "update_photos",
        "blank_updates",
        "tell_reporter",
        "customer_reference",
        "publish_text",
        "templates",
        "full_page",
        "find_metres",
        "pull_overlap_seconds",
        "status_case",
    }
)


@pytest.fixture
def sent(town, endpoint, clock, work):
    """Sends a report and gives the parameters that arrived."""

    def send(**report: object) -> dict[str, list[str]]:
        address = report.pop("address", "")
        made = make_report(clock, **report)
        Report.objects.filter(pk=made.pk).update(address=address, place_hint="ved bakeriet")
        work()
        (entry,) = endpoint.ledger.entries()
        return fields(entry)

    return send


def number() -> str:
    return str(Delivery.objects.get().report_id)


@pytest.mark.parametrize("name", sorted(set(HABIT_NAMES) - OWED))
def test_every_habit_has_an_effect_and_a_test_over_a_socket(name):
    effect = re.compile(rf"\bhabits(?:_of\([\w.]+\))?\.{name}\b|\"{name}\"")
    sources = [path for path in (ROOT / "src/streetmend").rglob("*.py") if path.name != "habits.py"]
    assert any(effect.search(path.read_text(encoding="utf-8")) for path in sources), "it has no effect"
    used = re.compile(rf"\b{name}=|\"{name}\"")
    tests = [*(ROOT / "tests/exchange").rglob("test_*.py"), *(ROOT / "tests/trips").glob("test_*.py")]
    texts = [path.read_text(encoding="utf-8") for path in tests if path != Path(__file__)]
    texts.append(Path(__file__).read_text(encoding="utf-8").partition("# --- tests")[2])
    assert any(used.search(text) for text in texts), "it has no test"


@pytest.mark.parametrize("name", HABIT_NAMES)
def test_every_habit_has_its_row_in_the_reference(name):
    page = (ROOT / "docs/reference/site-file.md").read_text(encoding="utf-8")
    assert f"| `{name}` |" in page


# --- tests


def test_description_template_says_everything_in_the_endpoints_own_order(sent):
    habits(
        description_template="{{category}} nr {{id}} ({{address}}, {{place_hint}})\n{{ title }}: {{detail}}\n\n{{url}}"
    )
    (said,) = sent(address="Storgata 1")["description"]
    assert said.replace("\r\n", "\n") == (
        f"Gatelys nr {number()} (Storgata 1, ved bakeriet)\nLykta er mørk: Den ved brua. 🕯\n\n{URL}/reports/{number()}\n"
    )


def test_description_template_never_reads_what_a_resident_wrote_as_a_template(sent):
    habits(description_template="{{title}} {{url}}")
    (said,) = sent(title="{{detail}} {{url}}")["description"]
    assert said.startswith("{{detail}} {{url}} http")


@pytest.mark.parametrize(
    ("how", "first", "last"),
    [
        ("split", ["Kari"], ["Anne Nordmann"]),
        ("first", ["Kari Anne Nordmann"], None),
        ("last", None, ["Kari Anne Nordmann"]),
    ],
)
def test_names_go_out_split_or_whole(sent, how, first, last):
    habits(names=how)
    arrived = sent(told=Told(email="k@example.org", name="Kari Anne Nordmann"))
    assert (arrived.get("first_name"), arrived.get("last_name")) == (first, last)


@pytest.mark.parametrize(("name", "last"), [("Kari", ["-"]), ("Kari Nordmann", ["Nordmann"]), ("", None)])
def test_no_last_name_stands_in_for_one_that_was_not_told(sent, name, last):
    habits(no_last_name="-")
    assert sent(told=Told(email="k@example.org", name=name)).get("last_name") == last


@pytest.mark.parametrize(
    ("how", "address", "names"),
    [
        ("degrees", "Storgata 1", {"lat", "long"}),
        ("both", "Storgata 1", {"lat", "long", "address_string"}),
        ("address", "Storgata 1", {"address_string"}),
        ("address", "", {"lat", "long"}),
    ],
)
def test_place_goes_out_as_degrees_as_an_address_or_as_both(sent, how, address, names):
    habits(place=how)
    arrived = sent(address=address)
    assert {"lat", "long", "address_string"} & set(arrived) == names
    if "address_string" in names:
        assert arrived["address_string"] == ["Storgata 1"]


def test_account_id_goes_out_with_every_report(sent):
    habits(account_id="0")
    assert sent()["account_id"] == ["0"]


def test_attributes_go_out_though_nobody_asks_for_them_but_never_over_an_answer(sent):
    ask("depth", datatype="number")
    habits(attributes={"title": "{{title}}", "depth": "7", "source": "web", "hint": "{{address}}"})
    arrived = sent(answers={"depth": ["12"]})
    told = {name: value for name, value in arrived.items() if name.startswith("attribute")}
    assert told == {
        "attribute[depth]": ["12"],
        "attribute[title]": ["Lykta er mørk"],
        "attribute[source]": ["web"],
    }


def test_attribute_names_are_the_endpoints_own(sent):
    ask("depth", datatype="number", position=1)
    ask("easting", automated="server_set", position=2)
    habits(attribute_names={"depth": "DYBDE", "easting": "east"}, grid="EPSG:25832")
    arrived = sent(answers={"depth": ["12"]})
    assert [name for name in arrived if name.startswith("attribute")] == [
        "attribute[DYBDE]",
        "attribute[east]",
    ]


def test_attributes_kept_here_are_not_sent(sent):
    ask("depth", datatype="number", position=1)
    ask("secret", position=2)
    habits(attributes_kept=["secret"])
    arrived = sent(answers={"depth": ["12"], "secret": ["x"]})
    assert [name for name in arrived if name.startswith("attribute")] == ["attribute[depth]"]


def test_paths_are_the_endpoints_own_file_names(sent, endpoint):
    habits(paths={"requests": "Requests"})
    make = sent
    with pytest.raises(ValueError, match="not enough values"):
        make()
    (seen,) = endpoint.ledger.seen(None)[:1]
    assert seen.path == "/Requests.xml"


def test_key_on_get_sends_the_key_with_every_question(town, endpoint, clock, work):
    Endpoint.objects.update(api_key_sealed=seal("s3cret"), habits={"key_on_get": True, "pull_services": True})
    work()
    (seen,) = endpoint.ledger.seen("services")[:1]
    assert "api_key=s3cret" in seen.query


def test_json_is_asked_for_and_read_where_the_endpoint_speaks_it(sent, endpoint):
    Endpoint.objects.update(format="json")
    sent()
    (seen,) = endpoint.ledger.seen("create")
    assert (seen.path, Delivery.objects.get().state) == ("/requests.json", DeliveryState.ACCEPTED)


def test_services_seconds_says_when_the_list_is_fetched_again(town, endpoint, clock, work):
    habits(pull_services=True, services_seconds=60)
    work()
    before = len(endpoint.ledger.seen("services"))
    clock.advance(seconds=61)
    work()
    assert len(endpoint.ledger.seen("services")) == 2 * before


def test_a_category_may_have_an_endpoint_of_its_own(town, endpoint, clock, work):
    second = Endpoint.objects.create(
        body=town.west, name="lights", url=town.endpoint.url + "lights/", jurisdiction_id="lights.example"
    )
    Category.objects.filter(body=town.west, code="LIGHT").update(endpoint=second)
    make_report(clock)
    work()
    (seen,) = [one for one in endpoint.ledger.seen(None) if one.method == "POST"]
    assert seen.path == "/lights/requests.xml"
    assert Delivery.objects.get().endpoint == second


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"time_style": "offset", "time_zone": "Asia/Tokyo"}, "2024-05-01T10:00:00(Z|[+]00:00)"),
        ({"time_style": "utc", "time_zone": "Asia/Tokyo"}, "2024-05-01T10:00:00Z"),
        ({"time_style": "naive", "time_zone": "Asia/Tokyo"}, "2024-05-01T19:00:00"),
    ],
)
def test_time_style_is_the_endpoints(town, endpoint, work, told, expected):
    Endpoint.objects.exclude(pk=town.endpoint.pk).update(active=False)
    habits(**told)
    work()
    (seen,) = endpoint.ledger.seen("updates")
    assert re.fullmatch(expected, dict(parse_qsl(seen.query))["end_date"])


def test_pull_without_window_asks_for_everything(town, endpoint, work):
    habits(pull_without_window=True)
    work()
    assert all("_date" not in seen.query for seen in endpoint.ledger.seen("updates"))


def test_latest_data_only_drops_what_says_nothing_new(sent, endpoint, clock, work):
    sent()
    habits(latest_data_only=True)
    (entry,) = endpoint.ledger.entries()
    for _ in range(3):
        clock.advance(minutes=10)
        endpoint.say(entry.service_request_id, "open", "Under arbeid.", extended_status="in_progress")
        work()
    assert Update.objects.count() == 1


def test_services_shrink_percent_is_how_short_a_list_may_be(town, endpoint, clock, work):
    Endpoint.objects.exclude(pk=town.endpoint.pk).update(active=False)
    for code in ("A", "B", "C"):
        endpoint.offer(Service(service_code=code, service_name=code))
    habits(pull_services=True, services_shrink_percent=100)
    work()
    endpoint.services = {"A": endpoint.services["A"]}
    for _ in range(4):
        clock.advance(hours=9)
        work()
    assert [code for code in "ABC" if Category.objects.get(code=code).active] == ["A"]
