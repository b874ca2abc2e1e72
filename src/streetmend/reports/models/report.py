"""A report and what belongs to it. Only `reports.services` writes these rows."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models

from streetmend.bodies.models import Body, CategoryName
from streetmend.database.derived import kept_trigrams
from streetmend.reports.models.devices import Device
from streetmend.reports.models.places import cell_column, cell_row, kept_places
from streetmend.reports.states import Actor, State


def _choices(states: type[State] | type[Actor]) -> list[tuple[str, str]]:
    return [(state.value, state.value.replace("_", " ")) for state in states]


class Report(models.Model):
    """One problem at one place, told by one person. Coordinates are WGS84 degrees."""

    lat = models.FloatField()
    long = models.FloatField()
    title = models.CharField(max_length=200)
    detail = models.TextField(blank=True)
    category_name = models.ForeignKey(
        CategoryName, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    #: [{"code": .., "values": [..]}] as answered, for every body that asked
    answers: models.JSONField[list[dict[str, Any]], list[dict[str, Any]]] = models.JSONField(default=list)
    address = models.CharField(max_length=300, blank=True)
    #: how to find it: "opposite the bakery"
    place_hint = models.CharField(max_length=300, blank=True)

    reporter = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="reports"
    )
    #: the name as told with this report; shown only where show_name is true
    name = models.CharField(max_length=200, blank=True)
    show_name = models.BooleanField(default=False)
    email = models.CharField(max_length=254, blank=True)
    phone = models.CharField(max_length=40, blank=True)
    language = models.CharField(max_length=10, default="en")
    #: how it came in; what interface_used shows
    source = models.CharField(max_length=100, default="Web interface")

    state = models.CharField(max_length=20, choices=_choices(State), default=State.UNCONFIRMED)
    hidden = models.BooleanField(default=False)
    private = models.BooleanField(default=False)
    status_notes = models.TextField(blank=True)
    expected_at = models.DateTimeField(null=True, blank=True)

    created_at = models.DateTimeField()
    #: when it became public, in whole seconds; null until then
    requested_at = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField()
    #: when the first body had it
    sent_at = models.DateTimeField(null=True, blank=True)
    #: when its reporter wanted no more mails about it
    updates_ended_at = models.DateTimeField(null=True, blank=True)

    #: when the reporter was asked whether it is still there
    asked_at = models.DateTimeField(null=True, blank=True)
    #: when all that was kept of those who told and followed it went (`reports.services.forgetting`)
    forgotten_at = models.DateTimeField(null=True, blank=True)

    # kept for the mass reads, always recomputed from their sources (`reports.services.kept`)
    visible = models.BooleanField(default=False)
    closed = models.BooleanField(default=False)
    has_photo = models.BooleanField(default=False)
    comment_count = models.PositiveIntegerField(default=0)
    photo_names: models.JSONField[list[str], list[str]] = models.JSONField(default=list)
    #: ids of the bodies with a delivery that was not cancelled, in order
    recipient_ids: models.JSONField[list[int], list[int]] = models.JSONField(default=list)
    #: MapIt ids of the areas of the place, in order
    area_ids: models.JSONField[list[int], list[int]] = models.JSONField(default=list)
    #: what a search for words looks through: title, detail and address without regard to letter case
    words = models.TextField(default="", blank=True)
    #: the finest cell of the map (`models.places`), which the database works out
    cell_x = models.GeneratedField(
        expression=cell_column(), output_field=models.IntegerField(), db_persist=True
    )
    cell_y = models.GeneratedField(expression=cell_row(), output_field=models.IntegerField(), db_persist=True)
    #: goes up with every change of anything that is shown
    version = models.PositiveIntegerField(default=1)
    #: whether its last change has its place in the order in which changes are told (`reports.services.settling`)
    settled = models.BooleanField(default=False)

    #: the one-use token of the form that made it: a repeat finds the report instead of making another
    form_token = models.CharField(max_length=64, null=True, blank=True, unique=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["requested_at", "id", "closed", "has_photo", "category_name", "source"],
                name="report_newest",
                condition=models.Q(visible=True),
            ),
            models.Index(
                fields=["category_name", "requested_at", "id"],
                name="report_category",
                condition=models.Q(visible=True),
            ),
            models.Index(
                fields=["updated_at", "id", "settled", "category_name", "closed", "requested_at"],
                name="report_updated",
                condition=models.Q(visible=True),
            ),
            models.Index(
                fields=["updated_at", "id"],
                name="report_unsettled",
                condition=models.Q(visible=True, settled=False),
            ),
            models.Index(
                fields=["updated_at"],
                name="report_to_ask",
                condition=models.Q(visible=True, closed=False, asked_at=None),
            ),
            models.Index(
                fields=["updated_at"],
                name="report_to_forget",
                condition=models.Q(closed=True, forgotten_at=None),
            ),
            models.Index(
                fields=["updated_at"],
                name="report_never_confirmed",
                condition=models.Q(state=State.UNCONFIRMED.value, forgotten_at=None),
            ),
            models.Index(
                fields=["cell_y", "long", "lat", "closed", "category_name", "requested_at", "id"],
                name="report_place",
                condition=models.Q(visible=True),
            ),
            *kept_trigrams("report_words", "words"),
            *kept_places(),
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.title}"


class Update(models.Model):
    """Something said about a report later."""

    report = models.ForeignKey(Report, on_delete=models.CASCADE, related_name="updates")
    actor = models.CharField(max_length=10, choices=_choices(Actor))
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="updates"
    )
    body = models.ForeignKey(Body, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    name = models.CharField(max_length=200, blank=True)
    show_name = models.BooleanField(default=False)
    text = models.TextField(blank=True)
    #: the state that it moved the report to; empty where it moved nothing
    state = models.CharField(max_length=20, choices=_choices(State), blank=True)
    #: the state that was told, whether or not it was the newest word and so moved anything
    told_state = models.CharField(max_length=20, choices=_choices(State), blank=True)
    #: the body's own word for the state, where it was not understood
    foreign_state = models.CharField(max_length=100, blank=True)
    #: when it was said (UTC), never before the report and never far in the future
    at = models.DateTimeField()
    received_at = models.DateTimeField()
    #: the body's number of the update
    remote_id = models.CharField(max_length=255, blank=True)
    source = models.CharField(max_length=100, blank=True)
    media_urls: models.JSONField[list[str], list[str]] = models.JSONField(default=list)
    hidden = models.BooleanField(default=False)
    #: hidden because it is no news beside what its body said before, and not by a moderator
    muted = models.BooleanField(default=False)
    #: what a body said, as it said it: its words, its code, whose endpoint; `text` is what is made public of it
    told: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)
    #: what the mail to the reporter says instead of the public words
    email_text = models.TextField(blank=True)
    form_token = models.CharField(max_length=64, null=True, blank=True, unique=True)

    class Meta:
        indexes = [
            models.Index(fields=["report", "at", "id"], name="update_of_report"),
            models.Index(fields=["at", "id"], name="update_told", condition=models.Q(hidden=False)),
        ]

    def __str__(self) -> str:
        return f"update {self.pk} of report {self.report_id}"


class MeToo(models.Model):
    """Somebody sees the problem of a report too. Who it was is not kept."""

    report = models.ForeignKey(Report, on_delete=models.CASCADE, related_name="me_toos", db_index=False)
    #: by which a second time of the same one is known
    who = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["report", "who"], name="one_voice_per_reader")]

    def __str__(self) -> str:
        return f"one more sees {self.report_id}"


class Photo(models.Model):
    """A picture of a report or an update: decoded and encoded anew, without any metadata."""

    report = models.ForeignKey(Report, null=True, blank=True, on_delete=models.CASCADE, related_name="photos")
    update = models.ForeignKey(Update, null=True, blank=True, on_delete=models.CASCADE, related_name="photos")
    #: the file's random name in the store, without its folder
    name = models.CharField(max_length=100, unique=True)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    alt = models.CharField(max_length=300, blank=True)
    position = models.PositiveIntegerField(default=0)
    hidden = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class HowOften(models.TextChoices):
    """When an alert tells of new reports."""

    INSTANT = "instant", "at once"
    DAILY = "daily", "once a day"


class Alert(models.Model):
    """A wish to be told: of what happens to one report, or of new reports that are like what it says.

    Of what it says of new reports, all that is set must hold; an alert that says nothing is about all of them.
    """

    #: who is told by mail; null: the device is told instead
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="alerts"
    )
    device = models.ForeignKey(Device, null=True, blank=True, on_delete=models.CASCADE, related_name="alerts")
    report = models.ForeignKey(Report, null=True, blank=True, on_delete=models.CASCADE, related_name="alerts")
    #: new reports within `metres` of this place (WGS84 degrees)
    lat = models.FloatField(null=True, blank=True)
    long = models.FloatField(null=True, blank=True)
    metres = models.PositiveIntegerField(null=True, blank=True)
    #: new reports in the area of this MapIt id
    area_id = models.PositiveIntegerField(null=True, blank=True)
    #: new reports that this body gets
    body = models.ForeignKey(
        Body, null=True, blank=True, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    category_name = models.ForeignKey(
        CategoryName, null=True, blank=True, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    #: of new reports only; what happens to one report is told at once
    how_often = models.CharField(max_length=10, choices=HowOften, default=HowOften.INSTANT)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "report"], name="one_alert_per_person_and_report"),
            models.UniqueConstraint(fields=["device", "report"], name="one_alert_per_device_and_report"),
            models.CheckConstraint(
                condition=models.Q(person=None, device__isnull=False)
                | models.Q(person__isnull=False, device=None),
                name="an_alert_tells_a_person_or_a_device",
            ),
        ]
        indexes = [
            models.Index(
                fields=["area_id", "body", "lat"],
                name="alert_of_new_reports",
                condition=models.Q(report=None, ended_at=None, confirmed_at__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"{self.person or self.device} follows {self.report_id or 'new reports'}"


class NewReport(models.Model):
    """A report became public, and those who want to hear of new ones were not looked for yet."""

    report = models.OneToOneField(Report, on_delete=models.CASCADE, related_name="+")
    #: not before then: until then it can be taken back
    due_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"new report {self.report_id}"


class AlertHit(models.Model):
    """A new report is what an alert is about. One row: nobody is told twice."""

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="hits")
    report = models.ForeignKey(Report, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField()
    told_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["alert", "report"], name="one_hit_per_alert_and_report")
        ]
        indexes = [models.Index(fields=["at"], name="hit_to_tell", condition=models.Q(told_at=None))]

    def __str__(self) -> str:
        return f"{self.alert_id} hears of {self.report_id}"


class ConfirmLink(models.Model):
    """A link that confirms one thing once, by a button. Only the hash of its secret is kept."""

    secret_hash = models.CharField(max_length=64, unique=True)
    report = models.ForeignKey(Report, null=True, blank=True, on_delete=models.CASCADE, related_name="links")
    alert = models.ForeignKey(Alert, null=True, blank=True, on_delete=models.CASCADE, related_name="links")
    update_text: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"confirm link {self.pk}"


class Draft(models.Model):
    """A report in the making: kept after each step of the form, found again by its token."""

    token_hash = models.CharField(max_length=64, unique=True)
    content: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField(db_index=True)
    #: what became of it
    report = models.ForeignKey(Report, null=True, blank=True, on_delete=models.CASCADE, related_name="drafts")

    def __str__(self) -> str:
        return f"draft {self.pk}"
