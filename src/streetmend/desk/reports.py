"""Reports and what belongs to them: staff look, hide and show."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from streetmend.desk.rows import EVERYBODY, Shown, ShownBelow
from streetmend.reports.models import Attempt, Delivery, Photo, Report, Update
from streetmend.reports.services import hide_photo, hide_report, hide_update, show_report
from streetmend.reports.services.moderating import show_photo, show_update


def picture(row: Photo) -> SafeString:
    """The photo, small, as a link to the whole."""
    url = reverse("admin:photo", args=[row.name])
    size = format_html('<img src="{}" alt="{}" class="desk-photo" loading="lazy">', url, row.alt)
    return format_html('<a href="{}">{}</a>', url, size)


class UpdatesBelow(ShownBelow):
    """What was said about the report."""

    model = Update
    fields = ("at", "actor", "body", "name", "text", "state", "foreign_state", "hidden")
    ordering = ("at", "id")


class PhotosBelow(ShownBelow):
    """The report's photos."""

    model = Photo
    fields = readonly_fields = ("shown", "alt", "hidden")
    ordering = ("position", "id")

    @admin.display(description="photo")
    def shown(self, row: Photo) -> SafeString:
        """The photo, small."""
        return picture(row)


class DeliveriesBelow(ShownBelow):
    """To whom the report is owed."""

    model = Delivery
    fk_name = "report"
    fields = ("body", "kind", "state", "remote_id", "attempts", "next_at", "why")
    ordering = ("body", "kind", "seq")


class Reports(Shown):
    """Reports: looked at, hidden and shown."""

    roles = EVERYBODY
    change_form_template = "desk/report.html"
    list_display = ("id", "title", "state", "category_name", "address", "hidden", "private", "requested_at")
    list_display_links = ("id", "title")
    list_filter = ("state", "hidden", "private", "has_photo", "category_name")
    list_select_related = ("category_name",)
    search_fields = ("=id", "title", "address")
    search_help_text = "Number, or words of the title or the address"
    ordering = ("-id",)
    actions = ("hide", "show")
    inlines = (PhotosBelow, UpdatesBelow, DeliveriesBelow)
    for_administrators = ("reporter", "email", "phone")
    fields = (
        "title", "detail", "category_name", "answers", "lat", "long", "address", "place_hint", "state", "status_notes",
        "hidden", "private", "name", "show_name", "reporter", "email", "phone", "language", "source", "created_at",
        "requested_at", "sent_at", "updated_at", "expected_at",
    )  # fmt: skip

    @admin.action(description="Hide the selected reports", permissions=["view"])
    def hide(self, request: HttpRequest, rows: QuerySet[Report]) -> None:
        """Nothing of the reports shows any more."""
        self.each(request, rows, hide_report, done="Hidden.", what="report")

    @admin.action(description="Show the selected reports again", permissions=["view"])
    def show(self, request: HttpRequest, rows: QuerySet[Report]) -> None:
        """The reports show again."""
        self.each(request, rows, show_report, done="Shown again.", what="report")

    def get_view_on_site_url(self, obj: Any = None) -> str | None:
        """The report's page, where there is one."""
        return f"/reports/{obj.pk}" if isinstance(obj, Report) and obj.visible else None


class Updates(Shown):
    """Updates: looked at and hidden."""

    roles = EVERYBODY
    list_display = ("id", "report", "at", "actor", "body", "state", "text_begin", "hidden")
    list_filter = ("actor", "hidden", "state")
    list_select_related = ("report", "body")
    search_fields = ("=id", "=report__id", "text")
    ordering = ("-id",)
    actions = ("hide", "show")
    for_administrators = ("person",)
    exclude = ("form_token",)

    @admin.display(description="text")
    def text_begin(self, row: Update) -> str:
        """How it begins."""
        return row.text if len(row.text) <= 80 else f"{row.text[:79]}…"

    @admin.action(description="Hide the selected updates", permissions=["view"])
    def hide(self, request: HttpRequest, rows: QuerySet[Update]) -> None:
        """The updates show no more."""
        self.each(request, rows, hide_update, done="Hidden.", what="update")

    @admin.action(description="Show the selected updates again", permissions=["view"])
    def show(self, request: HttpRequest, rows: QuerySet[Update]) -> None:
        """The updates show again."""
        self.each(request, rows, show_update, done="Shown again.", what="update")


class Photos(Shown):
    """Photos: looked at and hidden."""

    roles = EVERYBODY
    list_display = ("id", "shown", "report", "update", "width", "height", "created_at", "hidden")
    list_filter = ("hidden",)
    list_select_related = ("report", "update")
    search_fields = ("=id", "=report__id", "name")
    ordering = ("-id",)
    actions = ("hide", "show")
    fields = readonly_fields = ("shown", "report", "update", "width", "height", "alt", "hidden", "created_at")

    @admin.display(description="photo")
    def shown(self, row: Photo) -> SafeString:
        """The photo, small."""
        return picture(row)

    @admin.action(description="Hide the selected photos", permissions=["view"])
    def hide(self, request: HttpRequest, rows: QuerySet[Photo]) -> None:
        """The photos show no more."""
        self.each(request, rows, hide_photo, done="Hidden.", what="photo")

    @admin.action(description="Show the selected photos again", permissions=["view"])
    def show(self, request: HttpRequest, rows: QuerySet[Photo]) -> None:
        """The photos show again."""
        self.each(request, rows, show_photo, done="Shown again.", what="photo")


class AttemptsBelow(ShownBelow):
    """How often it was tried, and what was answered."""

    model = Attempt
    show_change_link = False
    fields = (
        "n",
        "started_at",
        "ended_at",
        "outcome",
        "http_status",
        "explanation",
        "response_head",
        "evidence_id",
    )
    ordering = ("n",)


class Deliveries(Shown):
    """What is owed to whom, and why it is where it is."""

    roles = EVERYBODY
    list_display = ("id", "report", "body", "kind", "state", "remote_id", "attempts", "next_at", "why")
    list_filter = ("state", "kind", "body")
    list_select_related = ("report", "body")
    search_fields = ("=id", "=report__id", "=remote_id")
    ordering = ("-id",)
    inlines = (AttemptsBelow,)
    for_administrators = ("params_snapshot",)
    fields = (
        "report", "update", "body", "endpoint", "kind", "state", "why", "attempts", "next_at", "remote_id", "proof",
        "token", "mark", "params_snapshot", "first_sent_at", "accepted_at", "settle_until", "created_at",
    )  # fmt: skip

    def get_view_on_site_url(self, obj: Any = None) -> str | None:
        """The page on which staff act."""
        return reverse("desk-delivery", args=[obj.pk]) if isinstance(obj, Delivery) else None


class InboxRows(Shown):
    """What bodies said, as it came."""

    list_display = ("id", "endpoint", "body", "kind", "remote_report_id", "received_at", "state", "why")
    list_filter = ("state", "kind", "endpoint")
    list_select_related = ("endpoint",)
    search_fields = ("=id", "=remote_report_id", "=key")
    ordering = ("-id",)


class Notices(Shown):
    """Messages to people, without their words, which may hold links."""

    list_display = ("id", "kind", "email", "report", "state", "attempts", "next_at", "sent_at", "why")
    list_filter = ("state", "kind")
    list_select_related = ("report",)
    search_fields = ("=id", "=report__id", "=email")
    ordering = ("-id",)
    exclude = ("content",)
