"""The second trip over real sockets: what the site knows is found through its Open311 server, in both formats alike."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from streetmend.demo.visitor import Visitor
from streetmend.georeport.calls import Endpoint
from streetmend.georeport.client import Client
from streetmend.georeport.dialect import Dialect
from streetmend.georeport.search import RequestSearch
from streetmend.georeport.types import Request
from tests.support.demo import Demo


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with Demo(tmp_path_factory.mktemp("town"), reports=120) as demo:
        yield demo.ready()


def client(site: str, form: str) -> Client:
    dialect = Dialect(name="test", format=form)
    return Client(Endpoint(f"{site}open311/v2", jurisdiction_id="vikhavn.example", dialect=dialect))


def both(site: str, search: RequestSearch) -> list[Request]:
    """The answer, which is the same as XML and as JSON."""
    as_xml, as_json = (list(client(site, form).requests(search)) for form in ("xml", "json"))
    assert as_xml == as_json
    return as_xml


def test_every_public_report_is_found_and_each_search_finds_what_it_asks_for(site: str):
    everything = both(site, RequestSearch())
    assert len(everything) == 120
    open_ones, closed = (both(site, RequestSearch(status=(status,))) for status in ("open", "closed"))
    assert {one.status for one in open_ones} == {"open"}
    assert {one.status for one in closed} == {"closed"}
    assert ids(open_ones) | ids(closed) == ids(everything)

    with_photo = both(site, RequestSearch(has_photo=True))
    assert ids(with_photo) == {one.service_request_id for one in everything if one.media_url}

    by_body = both(site, RequestSearch(agency_responsible=(9001, 90)))
    wanted = {"Vikhavn kommune", "Øyane fylkeskommune"}
    assert ids(by_body) == ids([one for one in everything if wanted & set(one.recipients)])

    now = datetime.now(UTC)
    start, end = now - timedelta(days=90), now - timedelta(days=10)
    window = both(site, RequestSearch(start_date=start, end_date=end))
    assert ids(window) == ids([one for one in everything if start <= one.requested_datetime < end])
    assert 0 < len(window) < 120

    category = both(site, RequestSearch(service_code="Gatelys", max_requests=3))
    assert {one.service_code for one in category} == {"Gatelys"}
    assert len(category) == 3


def test_a_report_reads_the_same_on_its_page_and_as_a_service_request(site: str):
    for one in both(site, RequestSearch(has_photo=True, max_requests=5)):
        page = Visitor().open(f"{site}reports/{one.service_request_id}")
        assert " ".join(one.title.split()) in page.text
        assert one.address in page.text
        assert f"{one.lat:.6f}".rstrip("0") in page.text
        (alone,) = both(site, RequestSearch(service_request_id=(one.service_request_id,)))
        assert alone == one
        assert one.media_url.startswith(f"{site}photos/")


def test_the_services_of_a_place_are_those_that_the_form_offers_there(site: str):
    offered = {one.service_code for one in client(site, "json").services(lat=60.0, long=3.98)}
    visitor = Visitor()
    page = visitor.open(f"{site}report/where?q=60.0,3.98")
    page = visitor.submit(page, page.form("csrfmiddlewaretoken", "lat", "hint"), {})
    assert set(page.form("title", "category").choices("category")) == offered


def ids(requests: list[Request]) -> set[str]:
    return {one.service_request_id for one in requests}
