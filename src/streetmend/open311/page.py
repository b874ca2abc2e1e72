"""The page about the server for people: what can be asked, with the running site's own ids, categories and limits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from streetmend.bodies.queries import bodies, categories_in_use, site
from streetmend.clock import SystemClock
from streetmend.georeport.dialect import SERVED
from streetmend.open311.wire import BASES
from streetmend.reports.queries.mass import ReportRow
from streetmend.reports.queries.mass import page as rows_of
from streetmend.reports.queries.search import Search


@dataclass(frozen=True, slots=True)
class Example:
    """A query as a link in both formats."""

    words: str
    query: str
    resource: str = "requests"

    def url(self, extension: str) -> str:
        """The whole address."""
        asked = f"?{self.query}" if self.query else ""
        return f"{settings.BASE_URL}{BASES['default']}{self.resource}.{extension}{asked}"

    @property
    def xml(self) -> str:
        """The address of the answer in XML."""
        return self.url("xml")

    @property
    def json(self) -> str:
        """The address of the answer in JSON."""
        return self.url("json")

    @property
    def geojson(self) -> str:
        """The address of the answer as points."""
        return self.url("geojson")

    @property
    def csv(self) -> str:
        """The address of the answer as a table."""
        return self.url("csv")

    @property
    def rss(self) -> str:
        """The address of the answer as a feed."""
        return self.url("rss")


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """What the server offers, with examples that answer."""
    names = [choice.name for choice in categories_in_use()]
    receiving = [body for body in bodies() if body.mapit_id is not None]
    context: dict[str, Any] = {
        "examples": _examples(names, [body.mapit_id for body in receiving if body.mapit_id]),
        "bases": [(f"{settings.BASE_URL}{BASES[name]}", name) for name in SERVED],
        "base": f"{settings.BASE_URL}{BASES['default']}",
        "categories": names,
        "bodies": receiving,
        "most": settings.MAX_REQUESTS,
        "parameters": parameters(),
        "try_now": _try_now(request),
        "tried": request.GET,
    }
    return render(request, "open311/page.html", context)


@require_safe
def administrations(request: HttpRequest) -> HttpResponse:
    """What Open311 is to an administration, and how it connects."""
    context = {
        "bodies": [body for body in bodies() if body.send != "none"],
        "discovery": Example("", "", "discovery"),
    }
    return render(request, "open311/administrations.html", context)


def _examples(names: list[str], ids: list[int]) -> list[Example]:
    """The queries that integrators begin with, over what this site really has."""
    newest = rows_of(Search(limit=1)).rows
    shown = ReportRow(*newest[0]) if newest else None
    a_month_ago = timezone.localtime(SystemClock().now() - timedelta(days=30), site().zone).date().isoformat()
    found = [
        Example(_("What this server is"), "", "discovery"),
        Example(_("What can be reported"), "", "services"),
    ]
    if shown:
        place = urlencode({"lat": shown.lat, "long": shown.long})
        words = _("What can be reported at a place (WGS84: latitude %(lat)s, longitude %(long)s)")
        found += [
            Example(words % {"lat": shown.lat, "long": shown.long}, place, "services"),
            Example(_("Report number %(number)d") % {"number": shown.id}, "", f"requests/{shown.id}"),
        ]
    if names:
        words = _("All reports of the kind “%(name)s”") % {"name": names[0]}
        found.append(Example(words, urlencode([(_CODE, names[0])])))
    found.append(Example(_("All closed reports"), urlencode({"status": "closed"})))
    if ids:
        query = {"status": "open", "end_date": a_month_ago, _BODY: ids[0]}
        words = _("All open reports from before %(day)s to one body (id %(id)d)") % {
            "day": a_month_ago,
            "id": ids[0],
        }
        found.append(Example(words, urlencode(query)))
    if len(ids) > 1:
        query = {"status": "open", _BODY: f"{ids[0]}|{ids[1]}"}
        words = _("All open reports to any of two bodies (ids %(one)d and %(other)d)") % {
            "one": ids[0],
            "other": ids[1],
        }
        found.append(Example(words, urlencode(query)))
    return found


_BODY = "agency_responsible"
_CODE = "service_code"


def parameters() -> list[tuple[str, str]]:
    """Every parameter of a search with what it asks for."""
    return [
        ("service_request_id", _("these reports, separated by commas; nothing else counts then")),
        (_CODE, _("these kinds of problem, by their name; several with commas")),
        ("status", _("open or closed; both with a comma")),
        ("start_date", _("public at this moment or later")),
        ("end_date", _("public before this moment")),
        ("updated_after, updated_before", _("the same for the last change")),
        ("agency_responsible", _("sent to any of these bodies, by their MapIt ids; several with |")),
        ("interface_used", _("how the report came in, as it is shown")),
        ("has_photo", _("true or false")),
        ("q", _("these words in the title or in the description")),
        ("bbox", _("inside these four degrees: west, south, east, north")),
        ("lat, long, radius", _("within so many metres of a place")),
        ("max_requests", _("at most so many")),
        ("page, page_size", _("page after page; the Link header has the next one")),
        ("cursor", _("* reads everything; the Link header has the next page")),
    ]


def _try_now(request: HttpRequest) -> Example | None:
    """The address that the form on the page makes; it is opened by a link, so that one sees it first."""
    if "try" not in request.GET:
        return None
    names = (
        _CODE,
        "status",
        "start_date",
        "end_date",
        "agency_responsible",
        "has_photo",
        "q",
        "interface_used",
        "updated_after",
        "bbox",
        "cursor",
        "max_requests",
    )
    query = [(name, request.GET[name][:200]) for name in names if request.GET.get(name)]
    return Example("", urlencode(query))
