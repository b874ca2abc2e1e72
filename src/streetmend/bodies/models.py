"""Who is responsible for what, and how they are reached; and the site itself."""

from __future__ import annotations

from typing import Any

from django.db import models


class Site(models.Model):
    """The one row about this site (id 1), made like the site file says."""

    name = models.CharField(max_length=200, default="Streetmend")
    jurisdiction_id = models.CharField(max_length=200, blank=True)
    time_zone = models.CharField(max_length=100, default="UTC")
    #: language codes, the site's first language first
    languages: models.JSONField[list[str], list[str]] = models.JSONField(default=list)
    contact_email = models.CharField(max_length=254, blank=True)
    undo_minutes = models.PositiveIntegerField(default=0)
    open_posting = models.BooleanField(default=False)
    max_photos = models.PositiveIntegerField(default=3)
    #: other keys of [site] (texts, colours, map centre), kept as they are
    more: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)
    #: goes up with every change of a name that is shown: whoever keeps names in memory compares it
    epoch = models.PositiveBigIntegerField(default=1)
    changeset = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name


class Send(models.TextChoices):
    """How a body gets its reports."""

    OPEN311 = "open311", "Open311"
    EMAIL = "email", "e-mail"
    NONE = "none", "not at all"


class Body(models.Model):
    """An organisation that fixes things."""

    name = models.CharField(max_length=200, unique=True)
    #: the number by which agency_responsible finds it
    mapit_id = models.PositiveIntegerField(null=True, blank=True, unique=True)
    send = models.CharField(max_length=10, choices=Send, default=Send.NONE)
    email = models.CharField(max_length=254, blank=True)
    #: updates of reports that went by e-mail go by e-mail too
    mail_updates = models.BooleanField(default=True)
    url = models.CharField(max_length=500, blank=True)
    active = models.BooleanField(default=True)

    class Meta:
        verbose_name_plural = "bodies"

    def __str__(self) -> str:
        return self.name


class BodyArea(models.Model):
    """A body covers an area, by the area's MapIt id, so that a new generation of boundaries needs no change here."""

    body = models.ForeignKey(Body, on_delete=models.CASCADE, related_name="covers")
    area_mapit_id = models.PositiveIntegerField(db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["body", "area_mapit_id"], name="one_cover_per_body_and_area")
        ]

    def __str__(self) -> str:
        return f"{self.body_id} covers {self.area_mapit_id}"


class OnUnknown(models.TextChoices):
    """What to do where an unknown outcome cannot be asked about."""

    RESEND_MARKED = "resend_marked", "send once more, marked"
    HOLD = "hold", "hold for staff"
    EMAIL = "email", "send by e-mail"


class Endpoint(models.Model):
    """A body's Open311 server with its dialect, its keys and habits, its health and its cursors."""

    body = models.ForeignKey(Body, on_delete=models.CASCADE, related_name="endpoints")
    name = models.CharField(max_length=100, blank=True)
    url = models.CharField(max_length=500)
    jurisdiction_id = models.CharField(max_length=200, blank=True)
    #: sealed by `bodies.sealing`; never shown, never logged
    api_key_sealed = models.TextField(blank=True)
    #: where the key comes from when it is not kept here: {"file": path} or {"env": name}
    api_key_source: models.JSONField[dict[str, str], dict[str, str]] = models.JSONField(default=dict)
    format = models.CharField(max_length=4, choices=[("xml", "XML"), ("json", "JSON")], default="xml")
    timeout_seconds = models.PositiveIntegerField(default=60)
    settle_seconds = models.PositiveIntegerField(default=600)
    pull_updates = models.BooleanField(default=True)
    pull_seconds = models.PositiveIntegerField(default=300)
    send_updates = models.BooleanField(default=False)
    on_unknown = models.CharField(max_length=20, choices=OnUnknown, default=OnUnknown.RESEND_MARKED)
    max_in_flight = models.PositiveIntegerField(default=2)
    #: every other habit of this endpoint, by the keys of docs/reference/site-file.md
    habits: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)
    active = models.BooleanField(default=True)

    # health and cursors: only the worker writes them
    paused_at = models.DateTimeField(null=True, blank=True)
    paused_why = models.CharField(max_length=500, blank=True)
    fail_streak = models.PositiveIntegerField(default=0)
    last_ok_at = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=500, blank=True)
    skew_seconds = models.FloatField(default=0)
    can_update_list = models.BooleanField(null=True)
    updates_cursor = models.DateTimeField(null=True, blank=True)
    #: when the updates of the last week, and of the last month, were fetched again to see that none is missing
    week_swept_at = models.DateTimeField(null=True, blank=True)
    month_swept_at = models.DateTimeField(null=True, blank=True)
    next_pull_at = models.DateTimeField(null=True, blank=True)
    lease_owner = models.CharField(max_length=100, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    #: staff want it tested; null: nobody does
    test_wanted_at = models.DateTimeField(null=True, blank=True)
    tested_at = models.DateTimeField(null=True, blank=True)
    #: what the last test found: {"error": .., "categories": .., "seconds": .., "asked_for": .., "found": ..}
    test_result: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["body", "name"], name="one_endpoint_per_body_and_name")
        ]

    def __str__(self) -> str:
        return f"{self.body_id} {self.name or self.url}"


class Certificate(models.Model):
    """What the last look at the certificate of an endpoint's server showed. Only the worker writes it."""

    endpoint = models.OneToOneField(Endpoint, on_delete=models.CASCADE, related_name="certificate")
    #: until when it is valid; null: not known
    ends_at = models.DateTimeField(null=True, blank=True)
    looked_at = models.DateTimeField(null=True, blank=True)
    #: why it could not be looked at the last time; empty where it could
    problem = models.CharField(max_length=500, blank=True)
    #: when it is looked at again
    next_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"certificate of endpoint {self.endpoint_id}"


class PullKind(models.TextChoices):
    """What is fetched from an endpoint besides its updates."""

    SERVICES = "services", "its list of services"
    REPORTS = "reports", "its reports"


class Pull(models.Model):
    """When something is fetched from an endpoint again, who does it, and what the last time came to."""

    endpoint = models.ForeignKey(Endpoint, on_delete=models.CASCADE, related_name="pulls")
    kind = models.CharField(max_length=10, choices=PullKind)
    next_at = models.DateTimeField(null=True, blank=True)
    lease_owner = models.CharField(max_length=100, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    #: everything that the endpoint had before this moment is here
    cursor = models.DateTimeField(null=True, blank=True)
    last_ok_at = models.DateTimeField(null=True, blank=True)
    #: what staff should know of the last time; empty where all went well
    problem = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["endpoint", "kind"], name="one_pull_per_kind")]

    def __str__(self) -> str:
        return f"{self.kind} of endpoint {self.endpoint_id}"


class CategoryName(models.Model):
    """A name under which categories of several bodies are one choice on the site and one service for its readers."""

    name = models.CharField(max_length=200, unique=True)

    def __str__(self) -> str:
        return self.name


class Category(models.Model):
    """A kind of problem that one body handles."""

    body = models.ForeignKey(Body, on_delete=models.CASCADE, related_name="categories")
    name = models.ForeignKey(CategoryName, on_delete=models.PROTECT, related_name="categories")
    #: the body's own code, of any characters
    code = models.CharField(max_length=255)
    group = models.CharField(max_length=200, blank=True)
    description = models.TextField(blank=True)
    keywords: models.JSONField[list[str], list[str]] = models.JSONField(default=list)
    #: reports of this category are never public
    private = models.BooleanField(default=False)
    active = models.BooleanField(default=True)
    #: null: the body's first endpoint
    endpoint = models.ForeignKey(Endpoint, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    #: {"nb": {"name": .., "group": .., "description": ..}, ...}: what is shown instead in that language
    texts: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)
    position = models.PositiveIntegerField(default=0)
    #: said instead of taking a report, such as whom to call; empty: reports are taken
    stop = models.TextField(blank=True)
    #: how its reports go, where that is another way than the body's; empty: as the body's
    send = models.CharField(max_length=10, choices=Send, blank=True)
    #: where they go by e-mail; empty: to the body's address
    email = models.CharField(max_length=254, blank=True)
    #: the attribute in which its endpoint wants our report's id; empty: as the endpoint says
    id_field = models.CharField(max_length=200, blank=True)
    photo_required = models.BooleanField(default=False)
    phone_required = models.BooleanField(default=False)
    #: residents may add to its reports, and may open a closed one again
    updates_allowed = models.BooleanField(default=True)
    reopening_allowed = models.BooleanField(default=True)
    #: where several bodies have it at a place, those alone get the report that are preferred
    preferred = models.BooleanField(default=False)
    #: an open report of it is closed after so many days without news; 0: never
    close_after_days = models.PositiveIntegerField(default=0)
    #: what the body's list of services said of it the last time (what differs here was changed here); null: it is from no list
    listed: models.JSONField[dict[str, Any] | None, dict[str, Any] | None] = models.JSONField(
        null=True, blank=True
    )
    #: how many lists in a row did not have it, and since when
    missed = models.PositiveIntegerField(default=0)
    missed_since = models.DateTimeField(null=True, blank=True)
    #: when it went out of use because lists no longer had it
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "categories"
        constraints = [
            models.UniqueConstraint(fields=["body", "name"], name="one_category_per_body_and_name"),
            models.UniqueConstraint(fields=["body", "code"], name="one_category_per_body_and_code"),
        ]

    def __str__(self) -> str:
        return f"{self.code} of body {self.body_id}"


class Datatype(models.TextChoices):
    """The datatypes of a question (GeoReport v2, service definition)."""

    STRING = "string", "one line"
    NUMBER = "number", "number"
    DATETIME = "datetime", "date and time"
    TEXT = "text", "several lines"
    SINGLEVALUELIST = "singlevaluelist", "one of a list"
    MULTIVALUELIST = "multivaluelist", "several of a list"


class Question(models.Model):
    """What a category asks besides place, words and photos."""

    category = models.ForeignKey(Category, on_delete=models.CASCADE, related_name="questions")
    code = models.CharField(max_length=255)
    datatype = models.CharField(max_length=20, choices=Datatype, default=Datatype.STRING)
    required = models.BooleanField(default=False)
    #: false: a text to read, nothing to answer
    variable = models.BooleanField(default=True)
    position = models.PositiveIntegerField(default=0)
    text = models.TextField()
    hint = models.TextField(blank=True)
    #: [{"key": .., "name": ..}] of the list datatypes; "stop" besides is said to whoever chooses it, instead of taking the report
    values: models.JSONField[list[dict[str, str]], list[dict[str, str]]] = models.JSONField(default=list)
    #: "server_set" (filled in by the worker) or "hidden_field"; empty: a person answers
    automated = models.CharField(max_length=20, blank=True)
    #: {code: [key, ..]}: asked only where one of these keys is the answer to that question
    only_if: models.JSONField[dict[str, list[str]], dict[str, list[str]]] = models.JSONField(default=dict)
    texts: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["category", "code"], name="one_question_per_category_and_code")
        ]

    def __str__(self) -> str:
        return self.code
