"""What the pages of the public site cost, as multiples of an empty page with the same middleware, head and foot."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from django.http import HttpRequest, HttpResponse
from django.template import engines

from bench.measuring import Site, count_queries, cpu
from bench.report import Result

EMPTY = "/empty"
#: how many times an empty page each may cost
SMALL_PAGE, LARGE_PAGE = 15.0, 45.0
_TEMPLATE = engines["django"].from_string('{% extends "web/base.html" %}{% block main %}{% endblock %}')


def empty(request: HttpRequest) -> HttpResponse:
    """Nothing but head and foot."""
    return HttpResponse(_TEMPLATE.render({}, request))


def pages(repeat: int, process: int | None, where: str) -> list[Result]:
    """A line for each page; its statements are the same whatever the number of reports."""
    from streetmend.reports.services.counting import count_reports

    count_reports(now=datetime.now(UTC))
    works = {name: _page(path) for name, path, _ in (("empty", EMPTY, 0.0), *_asked())}
    for work in works.values():
        work()  # what is read once a process is read now
    times = cpu(works, repeat, process)
    return [
        Result(
            f"page: {name}",
            where,
            times[name] / times["empty"],
            "empty",
            queries=count_queries(works[name]),
            most=most,
        )
        for name, _, most in _asked()
    ]


def _asked() -> list[tuple[str, str, float]]:
    from streetmend.reports.models import Report

    newest = Report.objects.filter(visible=True).order_by("-requested_at", "-id")[:1].get()
    place = f"lat={newest.lat}&long={newest.long}"
    return [
        ("home", "/", SMALL_PAGE),
        ("a report", f"/reports/{newest.pk}", SMALL_PAGE),
        ("list, newest", "/reports", LARGE_PAGE),
        ("list, open", "/reports?state=open", LARGE_PAGE),
        ("list, one body", "/reports?body=1", LARGE_PAGE),
        ("map of a city, with what is near", f"/report/where?{place}&zoom=12&pin_lat={newest.lat}&pin_long={newest.long}",
         LARGE_PAGE),
        ("statistics", "/stats?months=0", LARGE_PAGE),
    ]  # fmt: skip


def _page(path: str) -> Callable[[], None]:
    site = Site()

    def ask() -> None:
        answer = site.get(path)
        if answer.status != 200:
            raise SystemExit(f"{path} answered {answer.status}")

    return ask
