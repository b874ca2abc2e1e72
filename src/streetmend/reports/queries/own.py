"""What is kept of one person, for that person."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.files.storage import default_storage

from streetmend.accounts.models import Person
from streetmend.photos.store import path_of
from streetmend.reports.models import Alert, Notice, Photo, Report, Update


def own_reports(person: Person, *, limit: int = 200) -> list[Report]:
    """The reports of the person, the newest first, confirmed or not."""
    return list(
        Report.objects.filter(reporter=person)
        .select_related("category_name")
        .order_by("-created_at", "-id")[:limit]
    )


def own_report(person: Person, report_id: int) -> Report | None:
    """The person's report of this id."""
    return Report.objects.filter(reporter=person, pk=report_id).first()


def everything_of(person: Person) -> dict[str, Any]:
    """All that is kept of the person, as plain values; moments in UTC, places in WGS84 degrees."""
    reports = Report.objects.filter(reporter=person).select_related("category_name").order_by("id")
    updates = Update.objects.filter(person=person).order_by("id")
    alerts = Alert.objects.filter(person=person).order_by("id")
    mails = Notice.objects.filter(email=person.email).order_by("id")
    return {
        "person": _fields(person, "email", "name", "phone", "language", "created_at", "verified_at"),
        "reports": [_report(report) for report in reports],
        "updates": [
            {**_fields(update, "report_id", "text", "state", "at", "name", "show_name"), "photos": _photos(update=update)}
            for update in updates
        ],
        "alerts": [
            _fields(
                alert, "report_id", "lat", "long", "metres", "area_id", "body_id", "category_name_id", "how_often",
                "created_at", "confirmed_at", "ended_at",
            )
            for alert in alerts
        ],
        "mails": [_fields(mail, "kind", "report_id", "created_at", "sent_at") for mail in mails],
    }  # fmt: skip


def _report(report: Report) -> dict[str, Any]:
    told = _fields(
        report, "id", "title", "detail", "lat", "long", "address", "place_hint", "answers", "state", "private", "name",
        "show_name", "email", "phone", "language", "source", "created_at", "requested_at", "updated_at",
    )  # fmt: skip
    return {**told, "category": report.category_name.name, "photos": _photos(report=report)}


def _photos(**of: Any) -> list[str]:
    names = Photo.objects.filter(**of).order_by("position", "id").values_list("name", flat=True)
    urls = (default_storage.url(path_of(name)) for name in names)
    return [url if url.startswith(("http://", "https://")) else f"{settings.BASE_URL}{url}" for url in urls]


def _fields(row: Any, *names: str) -> dict[str, Any]:
    values = {name: getattr(row, name) for name in names}
    return {
        name: value.isoformat() if isinstance(value, datetime) else value for name, value in values.items()
    }
