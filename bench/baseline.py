"""The same answers as most programs would make them: Django's models and Django REST framework's serializers.

They are not made slow: one query names what it needs (`select_related`), bodies come from a dictionary, and the kept columns
for comments, photos and recipients are read, so that there is a fixed number of queries; no authentication, throttling, pages or
links between resources. The renderer for XML is the framework's usual one in spirit, but over ElementTree, which is quicker.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any
from urllib.parse import urljoin
from xml.etree import ElementTree

from django.conf import settings
from django.db.models import QuerySet
from django.utils.timezone import localtime
from rest_framework import generics, serializers
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer, JSONRenderer

from streetmend.bodies.models import Body
from streetmend.bodies.queries import site
from streetmend.photos.store import path_of
from streetmend.reports.models import Report


class XmlRenderer(BaseRenderer):
    """A document of the rows."""

    media_type = "text/xml"
    format = "xml"
    charset = "utf-8"

    def render(self, data: Any, accepted_media_type: Any = None, renderer_context: Any = None) -> bytes:
        """The bytes of the document."""
        root = ElementTree.Element("service_requests")
        for row in data:
            one = ElementTree.SubElement(root, "request")
            for name, value in row.items():
                if name == "agency_responsible":
                    agencies = ElementTree.SubElement(one, name)
                    for body in value["recipient"]:
                        ElementTree.SubElement(agencies, "recipient").text = body
                elif name != "media_urls" and (value is not None or not name.endswith("_datetime")):
                    ElementTree.SubElement(one, name).text = None if value is None else str(value)
        found: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
        return found


class Shown(serializers.ModelSerializer[Report]):
    """A report in the words of GeoReport v2 with the extensions."""

    service_request_id = serializers.CharField(source="pk")
    status = serializers.SerializerMethodField()
    status_notes = serializers.SerializerMethodField()
    service_name = serializers.CharField(source="category_name.name")
    service_code = serializers.CharField(source="category_name.name")
    description = serializers.SerializerMethodField()
    agency_responsible = serializers.SerializerMethodField()
    service_notice = serializers.SerializerMethodField(method_name="get_nothing")
    requested_datetime = serializers.SerializerMethodField()
    updated_datetime = serializers.SerializerMethodField()
    expected_datetime = serializers.SerializerMethodField()
    address = serializers.SerializerMethodField()
    address_id = serializers.SerializerMethodField(method_name="get_nothing")
    zipcode = serializers.SerializerMethodField(method_name="get_nothing")
    media_url = serializers.SerializerMethodField()
    interface_used = serializers.CharField(source="source")
    extended_status = serializers.CharField(source="state")

    class Meta:
        model = Report
        fields = (
            "service_request_id", "status", "status_notes", "service_name", "service_code", "description",
            "agency_responsible", "service_notice", "requested_datetime", "updated_datetime", "expected_datetime", "address",
            "address_id", "zipcode", "lat", "long", "media_url", "title", "interface_used", "extended_status",
        )  # fmt: skip

    def to_representation(self, report: Report) -> dict[str, Any]:
        """The row, with what is there only sometimes."""
        row: dict[str, Any] = super().to_representation(report)
        more = {
            "media_urls": self.context["photos"](report),
            "detail": report.detail,
            "comment_count": report.comment_count,
            "requestor_name": report.name if report.show_name else "",
            "agency_sent_datetime": self._time(report.sent_at),
        }
        row.update({name: value for name, value in more.items() if value})
        return row

    def _time(self, moment: Any) -> str | None:
        return localtime(moment, self.context["zone"]).replace(microsecond=0).isoformat() if moment else None

    def get_nothing(self, report: Report) -> None:
        return None

    def get_status(self, report: Report) -> str:
        return "closed" if report.closed else "open"

    def get_status_notes(self, report: Report) -> str | None:
        return report.status_notes or None

    def get_description(self, report: Report) -> str:
        return f"{report.title}: {report.detail}" if report.detail else report.title

    def get_agency_responsible(self, report: Report) -> dict[str, list[str]]:
        return {"recipient": [self.context["names"][body] for body in report.recipient_ids]}

    def get_requested_datetime(self, report: Report) -> str | None:
        return self._time(report.requested_at)

    def get_updated_datetime(self, report: Report) -> str | None:
        return self._time(report.updated_at)

    def get_expected_datetime(self, report: Report) -> str | None:
        return self._time(report.expected_at)

    def get_address(self, report: Report) -> str | None:
        return report.address or None

    def get_media_url(self, report: Report) -> str | None:
        return next(iter(self.context["photos"](report)), None)


class ByExtension(DefaultContentNegotiation):
    """The address says the format."""

    def select_renderer(self, request: Any, renderers: Any, format_suffix: Any = None) -> Any:
        wanted = request.parser_context["kwargs"]["format"]
        return next((one, one.media_type) for one in renderers if one.format == wanted)


class _View(generics.ListAPIView[Report]):
    authentication_classes = ()
    permission_classes = ()
    pagination_class = None
    filter_backends = ()
    renderer_classes = (JSONRenderer, XmlRenderer)
    content_negotiation_class = ByExtension
    serializer_class = Shown

    @cached_property
    def _photos(self) -> str:
        return urljoin(f"{settings.BASE_URL}/", settings.MEDIA_URL)

    def get_serializer_context(self) -> dict[str, Any]:
        """What the rows need besides."""
        context: dict[str, Any] = super().get_serializer_context()
        context["zone"] = site().zone
        context["names"] = dict(Body.objects.values_list("id", "name"))
        context["photos"] = lambda report: [f"{self._photos}{path_of(name)}" for name in report.photo_names]
        return context

    def finalize_response(self, *arguments: Any, **named: Any) -> Any:
        answer = super().finalize_response(*arguments, **named)
        answer["Access-Control-Allow-Origin"] = "*"
        return answer


class Newest(_View):
    """The newest public reports."""

    def get_queryset(self) -> QuerySet[Report]:
        reports = Report.objects.filter(visible=True).select_related("category_name")
        return reports.order_by("-requested_at", "-id")[: settings.MAX_REQUESTS]


class One(_View):
    """One public report, in a list."""

    def get_queryset(self) -> QuerySet[Report]:
        return Report.objects.filter(visible=True, pk=self.kwargs["pk"]).select_related("category_name")
