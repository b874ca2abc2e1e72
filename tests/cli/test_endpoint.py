"""`streetmend endpoint check`, as an operator runs it."""

from __future__ import annotations

import pytest

from streetmend.georeport.dialect import FIXMYSTREET
from streetmend.georeport.testing import serving
from tests.exchange.probing.test_oddities import Changed, replaced, standard


def test_a_server_as_the_standard_has_it_ends_with_0(fresh):
    with serving(standard()) as server:
        told = fresh("endpoint", "check", f"{server.url}open311/v2")
    assert told.status == 0
    assert "as GeoReport v2 describes it" in told.out


def test_what_is_wrong_is_told_with_its_line_and_settings_and_ends_with_1(fresh):
    with serving(Changed(standard(), replaced("xml", r"(_datetime>[^<]+)Z<", r"\1<"))) as server:
        told = fresh("endpoint", "check", f"{server.url}open311/v2/", NO_COLOR="1")
    assert told.status == 1
    assert "no time zone" in told.out
    assert "got: line " in told.out
    assert 'time_style = "naive"' in told.out.partition("[bodies.endpoint]")[2]


def test_json_is_one_document_with_findings_abilities_and_settings(fresh):
    endpoint = standard()
    endpoint.dialect = FIXMYSTREET
    with serving(endpoint) as server:
        told = fresh("endpoint", "check", f"{server.url}open311/v2", "--json")
    assert told.status == 1
    assert told.json["ok"] is False
    assert told.json["abilities"]["windows"]["can"] is True
    assert {"json-wrapped", "number-for-service_request_id"} <= {one["code"] for one in told.json["findings"]}
    assert all(one["says"] for one in told.json["findings"])


def test_a_server_that_cannot_be_reached_ends_with_1(fresh):
    with serving(standard()) as server:
        url = server.url
    told = fresh("endpoint", "check", url, "--timeout", "5")
    assert told.status == 1
    assert "cannot be reached" in told.out


@pytest.mark.parametrize(
    "url", ["town.example", "ftp://town.example/", "http://", "https://me:secret@town.example/"]
)
def test_what_is_no_address_ends_with_2(fresh, url):
    told = fresh("endpoint", "check", url)
    assert told.status == 2
    assert "is no address" in told.err
