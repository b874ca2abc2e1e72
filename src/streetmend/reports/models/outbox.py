"""What must leave and what came in: deliveries with their attempts, notices, and the inbox of pulled updates."""

from __future__ import annotations

from typing import Any

from django.db import models

from streetmend.accounts.models import Person
from streetmend.bodies.models import Body, CategoryName, Endpoint
from streetmend.reports.models.devices import Device
from streetmend.reports.models.report import Report, Update
from streetmend.reports.states import DeliveryState


class DeliveryKind(models.TextChoices):
    """What is owed."""

    REPORT = "report", "report"
    UPDATE = "update", "update"
    PHOTO = "photo", "photo"


class Delivery(models.Model):
    """A report (or an update) owed to one body, until it is there. One row is one promise; a second row cannot exist."""

    report = models.ForeignKey(Report, on_delete=models.CASCADE, related_name="deliveries")
    body = models.ForeignKey(Body, on_delete=models.PROTECT, related_name="deliveries", db_index=False)
    #: null: by e-mail
    endpoint = models.ForeignKey(
        Endpoint, null=True, blank=True, on_delete=models.SET_NULL, related_name="deliveries"
    )
    kind = models.CharField(max_length=10, choices=DeliveryKind, default=DeliveryKind.REPORT)
    update = models.ForeignKey(
        Update, null=True, blank=True, on_delete=models.CASCADE, related_name="deliveries"
    )
    seq = models.PositiveIntegerField(default=0)
    state = models.CharField(
        max_length=10,
        choices=[(state.value, state.value) for state in DeliveryState],
        default=DeliveryState.WAITING,
    )
    #: one sentence for people: why it is where it is
    why = models.CharField(max_length=500, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    checks = models.PositiveIntegerField(default=0)
    #: when the worker has something to do with it (the injected clock); null: nothing happens by itself
    next_at = models.DateTimeField(null=True, blank=True)
    check_wanted_at = models.DateTimeField(null=True, blank=True)
    lease_owner = models.CharField(max_length=100, blank=True)
    #: by the database's clock
    lease_until = models.DateTimeField(null=True, blank=True)
    remote_id = models.CharField(max_length=255, blank=True)
    #: how we know that it is there: "answer", "token", "found", ...
    proof = models.CharField(max_length=30, blank=True)
    #: what people know it by at the body, where that is not the remote id (customer_reference)
    reference = models.CharField(max_length=255, blank=True)
    token = models.CharField(max_length=255, blank=True)
    #: our mark of this promise, sent with every attempt (UUID)
    mark = models.UUIDField(unique=True)
    #: frozen at the first attempt; a repeat sends the same
    params_snapshot: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)
    #: when bytes first may have left
    first_sent_at = models.DateTimeField(null=True, blank=True)
    accepted_at = models.DateTimeField(null=True, blank=True)
    #: until then an unknown outcome rests
    settle_until = models.DateTimeField(null=True, blank=True)
    #: how often the endpoint, asked properly, did not have it since the last attempt
    negatives = models.PositiveSmallIntegerField(default=0)
    #: since when the endpoint has answered questions about its last attempt; null: it was not asked, or did not answer
    asked_at = models.DateTimeField(null=True, blank=True)
    #: how often it was sent again after an outcome that nobody knows
    resends = models.PositiveSmallIntegerField(default=0)
    #: the body's second number for the same report, where a repeat and the first one both arrived
    other_remote_id = models.CharField(max_length=255, blank=True)
    #: since when the endpoint, asked night after night, does not know its own number any more
    missing_since = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    # copied from the report in the same transaction, for searches by body
    requested_at = models.DateTimeField(null=True, blank=True)
    visible = models.BooleanField(default=False)
    closed = models.BooleanField(default=False)
    category_name = models.ForeignKey(
        CategoryName, on_delete=models.PROTECT, related_name="+", db_index=False
    )

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(
                fields=["report", "body", "kind", "seq"], name="one_delivery_per_promise"
            ),
            models.UniqueConstraint(
                fields=["endpoint", "kind", "remote_id"],
                condition=~models.Q(remote_id="") & ~models.Q(kind="update"),
                name="one_report_per_remote_id",
            ),
        ]
        indexes = [
            models.Index(
                fields=["body", "requested_at", "report", "closed", "category_name"],
                name="delivery_body",
                condition=models.Q(visible=True),
            ),
            models.Index(
                fields=["state", "next_at"], name="delivery_due", condition=models.Q(next_at__isnull=False)
            ),
            # the line before each endpoint, the oldest report first
            models.Index(
                fields=["endpoint", "requested_at", "seq", "id"],
                name="delivery_line",
                condition=models.Q(next_at__isnull=False),
            ),
            models.Index(
                fields=["lease_until"], name="delivery_leased", condition=models.Q(lease_until__isnull=False)
            ),
            models.Index(
                fields=["check_wanted_at"],
                name="delivery_asked",
                condition=models.Q(check_wanted_at__isnull=False),
            ),
            models.Index(
                fields=["missing_since"],
                name="delivery_missing",
                condition=models.Q(missing_since__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.report_id} to body {self.body_id}: {self.state}"


class Attempt(models.Model):
    """One try at one delivery, written before the first byte leaves."""

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="tries")
    #: where it went; null: by e-mail
    endpoint = models.ForeignKey(
        Endpoint, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    n = models.PositiveIntegerField()
    worker = models.CharField(max_length=100)
    started_at = models.DateTimeField()
    sent_bytes = models.PositiveIntegerField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    #: accepted, token, not_received, credentials, refused, unknown; empty while it runs
    outcome = models.CharField(max_length=20, blank=True)
    http_status = models.PositiveIntegerField(null=True, blank=True)
    remote_date = models.CharField(max_length=100, blank=True)
    error_class = models.CharField(max_length=100, blank=True)
    #: what it means, in words for people
    explanation = models.CharField(max_length=500, blank=True)
    #: the first 4 kB of the answer, secrets masked
    response_head = models.TextField(blank=True)
    request_hash = models.CharField(max_length=64, blank=True)
    #: what was sent, without secrets, where it is not what the first attempt sent
    params_snapshot: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)
    #: an id that came too late to be recorded on the delivery
    evidence_id = models.CharField(max_length=255, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["delivery", "n"], name="one_attempt_per_number")]
        indexes = [models.Index(fields=["endpoint", "-id"], name="attempt_of_endpoint")]

    def __str__(self) -> str:
        return f"attempt {self.n} of delivery {self.delivery_id}"


class EndpointWatch(models.Model):
    """What the worker has learned of an endpoint: whether it is left alone, how fast it may be sent to, how to ask it."""

    endpoint = models.OneToOneField(
        Endpoint, primary_key=True, on_delete=models.CASCADE, related_name="watch"
    )

    #: the breaker: until then nothing is sent; afterwards one probe, then one delivery; null: closed
    open_until = models.DateTimeField(null=True, blank=True)
    #: how often in a row it opened
    opened = models.PositiveIntegerField(default=0)
    #: whether a GET was answered since it opened
    probed = models.BooleanField(default=False)
    #: a worker probes until then, by the database's clock
    probe_until = models.DateTimeField(null=True, blank=True)
    #: only what was tried since then counts
    closed_at = models.DateTimeField(null=True, blank=True)
    failing_since = models.DateTimeField(null=True, blank=True)
    #: how many mails staff had about this failure
    told = models.PositiveIntegerField(default=0)

    #: deliveries a second; null: as many as there are
    rate = models.FloatField(null=True, blank=True)
    rate_changed_at = models.DateTimeField(null=True, blank=True)
    rate_bad_at = models.DateTimeField(null=True, blank=True)
    #: up to when the rate is used up
    spent_until = models.DateTimeField(null=True, blank=True)

    #: the longest it took until something that it did not have at first was there, in seconds
    late_seconds = models.FloatField(default=0)
    #: whether it shows our reports to us when asked; null: nobody knows yet
    can_find = models.BooleanField(null=True)
    can_find_at = models.DateTimeField(null=True, blank=True)
    #: not asked before then
    ask_at = models.DateTimeField(null=True, blank=True)
    ask_failures = models.PositiveIntegerField(default=0)
    ask_owner = models.CharField(max_length=100, blank=True)
    #: by the database's clock
    ask_until = models.DateTimeField(null=True, blank=True)
    #: when it is asked again whether it still has what it accepted
    ledger_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"watch over endpoint {self.endpoint_id}"


class InboxState(models.TextChoices):
    """What became of a pulled row."""

    NEW = "new", "new"
    APPLIED = "applied", "applied"
    ORPHAN = "orphan", "no report of ours yet"
    ERROR = "error", "could not be applied"


class InboxKind(models.TextChoices):
    """What the pulled row is."""

    UPDATE = "update", "an update"
    STATUS = "status", "the report's status and notes, where the endpoint has no list of updates"


class Inbox(models.Model):
    """An update of a body as it came, kept before it is applied; its key makes a repeat harmless."""

    #: null: the body sent it by itself, and gets its reports without an endpoint
    endpoint = models.ForeignKey(
        Endpoint, null=True, blank=True, on_delete=models.CASCADE, related_name="inbox"
    )
    #: who sent it, where there is no endpoint to say so
    body = models.ForeignKey(
        Body, null=True, blank=True, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    kind = models.CharField(max_length=10, choices=InboxKind, default=InboxKind.UPDATE)
    #: "id:" and the body's number of the update, or "hash:" and a digest of the row where it has none
    key = models.CharField(max_length=300)
    #: the body's number of the report
    remote_report_id = models.CharField(max_length=255, blank=True)
    content: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)
    content_hash = models.CharField(max_length=64)
    received_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=InboxState, default=InboxState.NEW)
    why = models.CharField(max_length=500, blank=True)
    #: when it is looked at (again); null: done with
    next_at = models.DateTimeField(null=True, blank=True)
    update = models.ForeignKey(Update, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        verbose_name_plural = "inbox"
        constraints = [
            models.UniqueConstraint(
                fields=["endpoint", "key", "content_hash"], name="one_inbox_row_per_content"
            ),
            models.UniqueConstraint(
                fields=["body", "key", "content_hash"],
                condition=models.Q(endpoint=None),
                name="one_inbox_row_per_content_without_endpoint",
            ),
        ]
        indexes = [
            models.Index(fields=["endpoint", "remote_report_id"], name="inbox_of_report"),
            models.Index(fields=["next_at"], name="inbox_due", condition=models.Q(next_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.key} from {self.sender}"

    @property
    def sender(self) -> Body:
        """The body that said it."""
        if self.endpoint is not None:
            return self.endpoint.body
        if self.body is None:
            raise ValueError(f"inbox row {self.pk} has neither an endpoint nor a body")
        return self.body


class NoticeKind(models.TextChoices):
    """Why somebody is told."""

    CONFIRM_REPORT = "confirm_report", "confirm your report"
    CONFIRM_UPDATE = "confirm_update", "confirm your update"
    CONFIRM_ALERT = "confirm_alert", "confirm that you want to follow"
    SIGN_IN = "sign_in", "sign in"
    DRAFT = "draft", "finish your report"
    REPORT_SENT = "report_sent", "your report was sent"
    REPORT_UPDATED = "report_updated", "there is news about a report"
    REPORT_NEWS = "report_news", "there is much news about a report"
    NEW_REPORT = "new_report", "there is a new report"
    NEW_REPORTS = "new_reports", "the new reports of a day"
    STILL_THERE = "still_there", "is it still there?"
    STAFF = "staff", "something for staff"


class NoticeState(models.TextChoices):
    """Where a notice stands."""

    WAITING = "waiting", "waiting"
    SENDING = "sending", "sending"
    SENT = "sent", "sent"
    FAILED = "failed", "failed"


class Notice(models.Model):
    """One message due to one address, or to one device."""

    kind = models.CharField(max_length=20, choices=NoticeKind)
    email = models.CharField(max_length=254, blank=True)
    #: told by a push message instead of a mail
    device = models.ForeignKey(
        Device, null=True, blank=True, on_delete=models.CASCADE, related_name="notices"
    )
    person = models.ForeignKey(
        Person, null=True, blank=True, on_delete=models.CASCADE, related_name="notices"
    )
    report = models.ForeignKey(
        Report, null=True, blank=True, on_delete=models.CASCADE, related_name="notices"
    )
    update = models.ForeignKey(Update, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    delivery = models.ForeignKey(Delivery, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    language = models.CharField(max_length=10, default="en")
    #: what the words need besides the report: links, the body's name
    content: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)
    #: the same for every repeat, so that a mail system drops it
    message_id = models.CharField(max_length=255, unique=True)
    state = models.CharField(max_length=10, choices=NoticeState, default=NoticeState.WAITING)
    attempts = models.PositiveIntegerField(default=0)
    why = models.CharField(max_length=500, blank=True)
    next_at = models.DateTimeField(null=True, blank=True)
    lease_owner = models.CharField(max_length=100, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["state", "next_at"], name="notice_due", condition=models.Q(next_at__isnull=False)
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} to {f'device {self.device_id}' if self.device_id else f'person {self.person_id}'}: {self.state}"


class WorkerBeat(models.Model):
    """A sign of life of one worker process."""

    worker = models.CharField(max_length=100, unique=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.worker


class Outbound(models.Model):
    """Whether anything leaves this site: the one row (id 1); without it everything does. See `reports.services.outbound`."""

    #: whose database this is (STREETMEND_INSTANCE_ID); empty: nobody said
    instance_id = models.CharField(max_length=200, blank=True)
    #: null: not paused
    paused_at = models.DateTimeField(null=True, blank=True)
    why = models.CharField(max_length=500, blank=True)
    #: set in a restored copy: what was owed then may have been sent since, by the site that the copy was taken of
    doubt_before = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "outbound"

    def __str__(self) -> str:
        return "paused" if self.paused_at else "open"
