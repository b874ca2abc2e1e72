"""Servers that differ: each oddity is told by its own finding, with the line that shows it and what to write."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from streetmend.exchange.probing import Finding, Probed, probe
from streetmend.georeport.dialect import STRICT
from streetmend.georeport.testing import Answer, PretendEndpoint, fail, html, serving
from streetmend.georeport.types import (
    Attribute,
    AttributeValue,
    Discovery,
    DiscoveryEndpoint,
    NewRequest,
    Service,
    ServiceDefinition,
)

NOW = datetime.now(UTC).replace(microsecond=0)
SERVICES = (
    Service(service_code="POT", service_name="Pothole", metadata=True, groups=("Roads",)),
    Service(service_code="LIGHT", service_name="Light", metadata=False),
)
SIZE = Attribute(
    code="SIZE",
    description="How large?",
    datatype="singlevaluelist",
    required=True,
    order=1,
    values=(AttributeValue("S", "Small"), AttributeValue("L", "Large")),
)
Change = Callable[[str, str, str], str]


class Clock:
    """Stands until it is moved."""

    def __init__(self) -> None:
        self.now = NOW - timedelta(hours=40)

    def __call__(self) -> datetime:
        return self.now


def standard(**habits: object) -> PretendEndpoint:
    """An endpoint that is as the standard has it, with five requests."""
    clock = Clock()
    place = DiscoveryEndpoint(
        url="http://localhost/open311/v2",
        changeset="2026-03-01T09:30:00Z",
        formats=("text/xml", "application/json"),
    )
    about = Discovery(
        changeset="2026-03-01T09:30:00Z",
        contact="post@town.example",
        key_service="Ask us.",
        endpoints=(place,),
    )
    endpoint = PretendEndpoint(
        services=SERVICES, definitions=[ServiceDefinition(service_code="POT", attributes=(SIZE,))], base="/open311/v2",
        dialect=STRICT, discovery=about, clock=clock, **habits,
    )  # fmt: skip
    for number in range(5):
        code = "POT" if number % 2 else "LIGHT"
        new = NewRequest(
            service_code=code, lat=60.1 + number / 100, long=5.2, description=f"Hull {number} & <mer>"
        )
        endpoint.ledger.store(new, (), {}, key=None)
        clock.now += timedelta(hours=7)
    clock.now = NOW
    endpoint.say("2", "closed", "Ferdig.", at=NOW - timedelta(minutes=5))
    return endpoint


@dataclass
class Changed:
    """Stands before an endpoint and changes what it says."""

    behind: PretendEndpoint
    change: Change = lambda fmt, path, text: text
    headers: Mapping[str, str] | None = None

    def handle(
        self, method: str, target: str, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Answer:
        answer = self.behind.handle(method, target, headers, body)
        path = target.partition("?")[0]
        fmt = "json" if path.endswith("json") else "xml"
        text = self.change(fmt, target, answer.body.decode())
        more = tuple((self.headers or {}).items())
        kind = (self.headers or {}).get("Content-Type", answer.content_type)
        return replace(answer, body=text.encode(), headers=(*answer.headers, *more), content_type=kind)


def probed(behind: object, path: str = "open311/v2", **more) -> Probed:
    with serving(behind) as server:
        return asyncio.run(probe(f"{server.url}{path}", **more))


def found(behind: object, **more) -> dict[str, Finding]:
    return {one.code: one for one in probed(behind, **more).findings}


def test_an_endpoint_as_the_standard_has_it_gets_no_finding():
    assert found(standard()) == {}


def replaced(fmt: str, old: str, new: str, where: str = "") -> Change:
    """Changes the answers in that format below that address."""

    def change(kind: str, target: str, text: str) -> str:
        return re.sub(old, new, text) if kind == fmt and where in target else text

    return change


@pytest.mark.parametrize(
    ("code", "change", "line"),
    [
        ("number-for-service_request_id", replaced("json", r'("service_request_id":)"(\d+)"', r"\1\2"), '_id":'),
        ("coordinates-as-text", replaced("json", r'"lat":([\d.]+)', r'"lat":"\1"'), '"lat":"60'),
        ("truth-as-text", replaced("json", r'"metadata":true', '"metadata":"true"'), '"metadata":"true"'),
        ("truth-as-text", replaced("xml", "<metadata>true<", "<metadata>1<"), "<metadata>1"),
        ("kind-of-order", replaced("json", r'"order":1', '"order":"1"'), '"order":"1"'),
        ("missing-type", replaced("json", r'"type":"realtime",', "", "services"), "service_code"),
        ("service-type", replaced("xml", "<type>realtime<", "<type>live<"), "<type>live"),
        ("status", replaced("xml", "<status>open<", "<status>Open<"), "<status>Open</status>"),
        ("times-without-zone", replaced("xml", r"(_datetime>[^<]+)Z<", r"\1<"), "_datetime>"),
        ("fractions", replaced("json", r'(\d\d:\d\d:\d\d)Z"', r'\1.250Z"', "requests"), '.250Z"'),
        ("no-time", replaced("xml", r"(<requested_datetime>)[^<]+", r"\1yesterday"), "yesterday"),
        ("null-island", replaced("json", r'"lat":[\d.]+,"long":[\d.]+', '"lat":0.0,"long":0.0'), '"lat":0.0'),
        ("no-place", replaced("json", r'"lat":[\d.]+,', '"lat":160.5,'), "160.5"),
        ("xml-declaration", replaced("xml", r"^<\?xml[^>]*>\s*", ""), "<"),
        ("xml-root-services", replaced("xml", r"(</?)services\b", r"\1list", "services.xml"), "<list>"),
        ("xml-item-service", replaced("xml", r"(</?)service\b", r"\1row", "services.xml"), "<services>"),
        ("xml-namespace", replaced("xml", "<services>", '<services xmlns:xsi="http://x.example/">'), "xmlns"),
        ("json-wrapped", replaced("json", r"(?s)^(\[.*\])$", r'{"services":\1}', "services.json"), '"services"'),
        ("other-fields-services", replaced("json", r'"type":', '"colour":"red","type":'), '"colour":"red"'),
        ("datatype", replaced("xml", "<datatype>singlevaluelist", "<datatype>choice"), "<datatype>choice"),
        ("no-values", replaced("json", r'"values":\[.*?\]', '"values":[]'), '"values":'),
        ("values-twice", replaced("json", '"key":"L"', '"key":"S"'), '"key":"S"'),
        ("code-twice", replaced("xml", "<service_code>LIGHT<", "<service_code>POT<", "services.xml"), "POT"),
        ("missing-key_service", replaced("json", r'"key_service":"[^"]*"', '"key_service":null'), '"key_service":null'),
        ("other-address", replaced("xml", "http://localhost/open311/v2", "http://other.example/v2"), "other.example"),
        ("changeset", replaced("json", "2026-03-01T09:30:00Z", "version 7"), "version 7"),
        ("formats-differ-description", replaced("json", r"Hull \d", "Noe annet"), ""),
        ("errors", replaced("json", r'^\[\{"code":404.*$', '"No."'), '"No."'),
        ("unreadable-xml", replaced("xml", "(?s)</service>.*", "", "services.xml"), "<?xml"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_an_oddity_is_told_with_the_line_that_shows_it(code, change, line):
    told = found(Changed(standard(), change))
    assert code in told
    assert line in told[code].line
    assert told[code].says.endswith(".")


@pytest.mark.parametrize(
    ("code", "kind"), [("xml-type", "application/octet-stream"), ("charset", "text/xml; charset=ISO-8859-1")]
)
def test_a_wrong_content_type_is_told_with_its_header(code, kind):
    told = found(Changed(standard(), headers={"Content-Type": kind}))
    assert kind in told[code].line


def test_times_without_a_zone_come_with_the_settings_that_fit():
    told = probed(Changed(standard(), replaced("xml", r"(_datetime>[^<]+)Z<", r"\1<")))
    assert 'time_style = "naive"' in told.settings
    assert any(line.startswith("time_zone = ") for line in told.settings)


def test_a_list_of_services_in_html_is_told():
    endpoint = standard()
    endpoint.always(html(), operation="services")
    told = found(endpoint)
    assert "html" in told


def test_a_failing_server_is_told():
    endpoint = standard()
    endpoint.always(fail(502), operation="definition")
    assert "502" in found(endpoint)["server-error"].says


class Lenient(Changed):
    """Ignores the parameters of a search."""

    def handle(
        self, method: str, target: str, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Answer:
        path, _, query = target.partition("?")
        return super().handle(method, target if "ids" in query else path, headers, body)


def test_a_server_that_ignores_what_is_asked_is_found_out():
    told = found(Lenient(standard()))
    wanted = {
        "several-ids",
        "ignores-status",
        "ignores-service_code",
        "ignores-window",
        "bad-date",
        "bad-status",
    }
    assert wanted <= set(told)


class NoZones(Changed):
    """Refuses times with a zone, as an old server does."""

    def handle(
        self, method: str, target: str, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Answer:
        if "_date=" in target and re.search(r"(Z|%2B\d\d:\d\d)(&|$)", target):
            return Answer(
                400,
                b"<errors><error><code>400</code><description>No.</description></error></errors>",
                "text/xml",
            )
        return super().handle(method, target, headers, body)


def test_a_server_that_takes_times_without_a_zone_only_is_told_how_to_be_asked():
    told = found(NoZones(standard()))
    assert told["times-refused"].settings == ('time_style = "naive"',)


def test_a_server_that_misreads_offsets_is_to_be_asked_in_utc():
    class Misreads(Changed):
        def handle(self, method, target, headers=None, body=b""):
            return super().handle(method, target.replace("%2B02:00", "Z"), headers, body)

    assert found(Misreads(standard()))["offsets"].settings == ('time_style = "utc"',)


def test_an_unknown_request_with_an_empty_list_is_told():
    class Empty(Changed):
        def handle(self, method, target, headers=None, body=b""):
            answer = super().handle(method, target, headers, body)
            if "requests/9999" not in target:
                return answer
            empty = (
                b"[]"
                if target.endswith("json")
                else b'<?xml version="1.0" encoding="utf-8"?><service_requests/>'
            )
            return replace(answer, status=200, body=empty)

    assert "unknown-request" in found(Empty(standard()))


def test_a_wrong_clock_is_told():
    told = found(Changed(standard(), headers={"Date": "Mon, 05 Jan 2015 10:00:00 GMT"}))
    assert "behind" in told["clock"].says


def test_requests_of_the_future_are_told():
    in_ten_years = str(NOW.year + 10)
    told = found(
        Changed(standard(), replaced("json", rf'(requested_datetime":"){NOW.year}', rf"\g<1>{in_ten_years}"))
    )
    assert "future" in told


def test_a_jurisdiction_that_is_needed_is_asked_for():
    endpoint = standard(jurisdiction_id="town.example")
    assert "--jurisdiction" in found(endpoint)["jurisdiction"].says
    assert found(standard(jurisdiction_id="town.example"), jurisdiction_id="town.example") == {}
    needed = probed(standard(jurisdiction_id="town.example"), jurisdiction_id="town.example")
    assert {one.name for one in needed.abilities if one.can} >= {
        "needs_jurisdiction",
        "updates",
        "windows",
        "several_ids",
    }


def test_a_server_that_wants_a_key_for_reading_is_told_with_its_setting():
    class Keyed(Changed):
        def handle(self, method, target, headers=None, body=b""):
            body = b'<?xml version="1.0"?><errors><error><code>403</code><description>Key.</description></error></errors>'
            return Answer(403, body, "text/xml; charset=utf-8")

    assert found(Keyed(standard()))["key-for-reading"].settings == ("key_on_get = true",)


def test_a_server_that_gives_few_rows_at_once_is_told():
    class Few(Changed):
        def handle(self, method, target, headers=None, body=b""):
            answer = super().handle(method, target, headers, body)
            if "/requests.json" not in target or answer.status != 200 or "service_request_id" in target:
                return (
                    answer if "requests.xml" not in target else replace(answer, body=_first(answer.body, 3))
                )
            return replace(answer, body=json.dumps(json.loads(answer.body)[:3]).encode())

    told = found(Few(standard()))
    assert "3 rows" in told["few-rows"].says


def _first(body: bytes, count: int) -> bytes:
    parts = body.split(b"</request>")
    return b"</request>".join([*parts[:count], parts[-1]] if len(parts) > count else parts)


def test_nothing_that_answers_is_one_finding():
    with serving(standard()) as server:
        url = server.url
    (only,) = asyncio.run(probe(url, deadline_seconds=5)).findings
    assert only.code == "unreachable"


def test_a_page_of_the_web_is_no_server():
    class Page:
        def handle(self, method, target, headers=None, body=b""):
            return Answer(200, b"<!doctype html><html><title>Town</title></html>", "text/html")

    codes = set(found(Page(), path=""))
    assert {"html", "no-discovery"} <= codes


def test_nothing_but_gets_is_sent():
    endpoint = standard()
    probed(endpoint)
    assert {seen.method for seen in endpoint.ledger.seen()} == {"GET"}
