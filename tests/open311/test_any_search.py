"""Any search finds what a plain reading of its parameters over all reports finds. Over a real socket, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streetmend.demo.filling.writing import fill
from streetmend.georeport.dialect import DEFAULT
from streetmend.georeport.errors import InvalidParameters
from streetmend.georeport.search import RequestSearch, split_query
from streetmend.reports.models import Report
from streetmend.reports.services import hide_report
from tests.support.town import make_town

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
BODIES = (101, 102, 103)
NAMES = ("Gatelys", "Hull i vei", "Forsøpling", "Skilt", "No such thing")

moments = st.integers(0, 365 * 24).map(lambda hours: NOW - timedelta(hours=hours))
NAMED = [
    "service_request_id",
    "service_code",
    "status",
    "start_date",
    "end_date",
    "agency_responsible",
    "interface_used",
    "has_photo",
    "max_requests",
    "updated_after",
    "bbox",
    "lat",
    "long",
    "radius",
    "page",
    "page_size",
    "q",
    "cursor",
]
SEARCHES = st.fixed_dictionaries(
    {},
    optional={
        "service_code": st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True).map(",".join),
        "status": st.sampled_from(["open", "closed", "open,closed"]),
        "start_date": moments.map(datetime.isoformat),
        "end_date": moments.map(datetime.isoformat),
        "updated_after": moments.map(datetime.isoformat),
        "updated_before": moments.map(datetime.isoformat),
        "agency_responsible": st.lists(st.sampled_from(BODIES), min_size=1, max_size=3).map(
            lambda ids: "|".join(map(str, ids))
        ),
        "interface_used": st.sampled_from(["Web interface", "iPhone", "%"]),
        "has_photo": st.sampled_from(["true", "false"]),
        "bbox": st.sampled_from(["3.9,59.9,4.1,60.1", "4,59,4.2,60", "0,0,1,1"]),
        "max_requests": st.integers(1, 40).map(str),
        "fmt": st.sampled_from(["xml", "json"]),
    },
)


def found_by_reading(asked: dict[str, str], mapit_ids: dict[int, int]) -> list[str]:
    """The ids of all public reports that the parameters ask for, the newest first, however many."""

    def fits(report: Report) -> bool:
        sent_to = {str(mapit_ids[body]) for body in report.recipient_ids}
        requested, updated = report.requested_at, report.updated_at
        west, south, east, north = map(float, asked.get("bbox", "-180,-90,180,90").split(","))
        moment = datetime.fromisoformat
        return (
            report.visible
            and report.category_name.name in asked.get("service_code", report.category_name.name).split(",")
            and ("closed" if report.closed else "open") in asked.get("status", "open,closed").split(",")
            and ("start_date" not in asked or requested >= moment(asked["start_date"]))
            and ("end_date" not in asked or requested < moment(asked["end_date"]))
            and ("updated_after" not in asked or updated >= moment(asked["updated_after"]))
            and ("updated_before" not in asked or updated < moment(asked["updated_before"]))
            and (
                "agency_responsible" not in asked
                or sent_to & set(asked["agency_responsible"].split("|")) != set()
            )
            and report.source == asked.get("interface_used", report.source)
            and str(report.has_photo).lower() == asked.get("has_photo", str(report.has_photo).lower())
            and (south <= report.lat <= north and west <= report.long <= east)
        )

    reports = Report.objects.select_related("category_name").order_by("-requested_at", "-id")
    return [str(report.pk) for report in reports if fits(report)]


@pytest.mark.django_db(transaction=True)
def test_any_search_finds_what_a_plain_reading_of_its_parameters_finds(get, settings_of_photos):
    town = make_town()
    fill(count=90, seed=5, now=NOW, progress=lambda done, total: None)
    for report in Report.objects.filter(visible=True)[:3]:
        hide_report(report=report, now=NOW)
    mapit_ids = {body.pk: body.mapit_id for body in (town.west, town.east, town.roads)}

    @settings(max_examples=120)
    @given(SEARCHES)
    def any_search(asked: dict[str, str]) -> None:
        query = {name: value for name, value in asked.items() if name != "fmt"}
        answer = get(f"requests.{asked.get('fmt', 'json')}?{urlencode(query)}")
        expected = found_by_reading(query, mapit_ids)
        most = int(asked.get("max_requests", 1000))
        assert answer.status == 200
        # a full page ends where a second ends, so it may be a little shorter than the most
        assert answer.ids == expected[: len(answer.ids)]
        assert len(answer.ids) <= most
        if len(expected) <= most:
            assert answer.ids == expected
        else:
            assert answer.ids

    any_search()


@pytest.fixture
def settings_of_photos(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


@settings(max_examples=300)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(NAMED),
            st.text(max_size=40),
        ),
        max_size=6,
    )
)
def test_any_query_is_understood_or_refused_with_the_names_of_what_is_wrong(pairs):
    search, faults = understood(pairs)
    assert faults <= {name for name, _ in pairs} | {"lat", "long", "radius"}
    if search is not None:
        again, _ = understood(split_query(urlencode(search.to_query(DEFAULT))))
        assert again == search


def understood(pairs: list[tuple[str, str]]) -> tuple[RequestSearch | None, set[str]]:
    try:
        return RequestSearch.parse(pairs, zone=UTC, limit=1000), set()
    except InvalidParameters as error:
        return None, {fault.parameter for fault in error.faults}
