"""The same answer as most programs would make it: model objects, and the framework's own JSON and the library's own XML.

It is not made slow: it names what it needs in one query (`select_related`), looks up bodies in a dictionary, and reads the kept
columns for comments, photos and recipients, so that it too has a fixed number of queries.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin
from xml.etree import ElementTree

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.timezone import localtime

from streetmend.bodies.models import Body
from streetmend.bodies.queries import site
from streetmend.photos.store import path_of
from streetmend.reports.models import Report


def requests_json(request: HttpRequest) -> JsonResponse:
    """The newest public reports as an array."""
    answer = JsonResponse(list(_rows()), safe=False)
    answer.headers["Access-Control-Allow-Origin"] = "*"
    return answer


def requests_xml(request: HttpRequest) -> HttpResponse:
    """The newest public reports as a document."""
    root = ElementTree.Element("service_requests")
    for row in _rows():
        one = ElementTree.SubElement(root, "request")
        row.pop("media_urls", None)
        for name, value in row.items():
            if name == "agency_responsible":
                agencies = ElementTree.SubElement(one, name)
                for body in value["recipient"]:
                    ElementTree.SubElement(agencies, "recipient").text = body
            elif value is not None or not name.endswith("_datetime"):
                ElementTree.SubElement(one, name).text = None if value is None else str(value)
    body = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    answer = HttpResponse(body, content_type="text/xml; charset=utf-8")
    answer.headers["Access-Control-Allow-Origin"] = "*"
    return answer


def _rows() -> Iterator[dict[str, Any]]:
    zone = site().zone
    names = dict(Body.objects.values_list("id", "name"))
    photos = urljoin(f"{settings.BASE_URL}/", settings.MEDIA_URL)
    reports = Report.objects.filter(visible=True).select_related("category_name")
    for report in reports.order_by("-requested_at", "-id")[: settings.MAX_REQUESTS]:
        urls = [f"{photos}{path_of(name)}" for name in report.photo_names]
        row: dict[str, Any] = {
            "service_request_id": str(report.pk),
            "status": "closed" if report.closed else "open",
            "status_notes": report.status_notes or None,
            "service_name": report.category_name.name,
            "service_code": report.category_name.name,
            "description": f"{report.title}: {report.detail}" if report.detail else report.title,
            "agency_responsible": {"recipient": [names[body] for body in report.recipient_ids]},
            "service_notice": None,
            "requested_datetime": _time(report.requested_at, zone),
            "updated_datetime": _time(report.updated_at, zone),
            "expected_datetime": _time(report.expected_at, zone),
            "address": report.address or None,
            "address_id": None,
            "zipcode": None,
            "lat": report.lat,
            "long": report.long,
            "media_url": urls[0] if urls else None,
            "title": report.title,
            "interface_used": report.source,
            "extended_status": report.state,
        }
        more = {
            "media_urls": urls,
            "detail": report.detail,
            "comment_count": report.comment_count,
            "requestor_name": report.name if report.show_name else "",
            "agency_sent_datetime": _time(report.sent_at, zone),
        }
        yield row | {name: value for name, value in more.items() if value}


def _time(moment: Any, zone: Any) -> str | None:
    return localtime(moment, zone).replace(microsecond=0).isoformat() if moment else None
