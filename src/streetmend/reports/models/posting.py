"""What programs sent: remembered so that a repeat makes no second report, and photos that are still to be fetched."""

from __future__ import annotations

from django.db import models

from streetmend.reports.models.report import Report, Update


class Posting(models.Model):
    """A report that a program sent. Whoever sends the same again gets the answer of the first time."""

    #: whose it is: "key:" and the number of an API key, or "mail:" and a digest of an address
    client = models.CharField(max_length=80)
    #: how a repeat is known: "id:" and a digest of the client's own mark, or "like:" and a digest of what was said
    mark = models.CharField(max_length=80)
    #: a digest of all that was sent, where the mark is the client's own
    content_hash = models.CharField(max_length=64, blank=True)
    report = models.ForeignKey(Report, on_delete=models.CASCADE, related_name="postings")
    #: the receipt of a report that waits for its confirmation
    token = models.CharField(max_length=64, null=True, blank=True, unique=True)
    #: what the sender was told besides the number
    notice = models.TextField(blank=True)
    created_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["client", "mark"], name="one_posting_per_client_and_mark")
        ]

    def __str__(self) -> str:
        return f"report {self.report_id} from {self.client}"


class WantedPhotoState(models.TextChoices):
    """What became of fetching it."""

    WAITING = "waiting", "waiting"
    FETCHING = "fetching", "being fetched"
    FETCHED = "fetched", "fetched"
    FAILED = "failed", "given up"


class WantedPhoto(models.Model):
    """A photo of a report or an update that lies at somebody else's address and is to be fetched from there."""

    report = models.ForeignKey(
        Report, null=True, blank=True, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    update = models.ForeignKey(
        Update, null=True, blank=True, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    url = models.CharField(max_length=2000)
    position = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=10, choices=WantedPhotoState, default=WantedPhotoState.WAITING)
    attempts = models.PositiveIntegerField(default=0)
    why = models.CharField(max_length=500, blank=True)
    #: when it is tried (again); null: done with
    next_at = models.DateTimeField(null=True, blank=True)
    lease_owner = models.CharField(max_length=100, blank=True)
    #: by the database's clock
    lease_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(
                fields=["state", "next_at"],
                name="wanted_photo_due",
                condition=models.Q(next_at__isnull=False),
            ),
            models.Index(fields=["report"], name="wanted_photo_of_report"),
            models.Index(fields=["update"], name="wanted_photo_of_update"),
        ]

    def __str__(self) -> str:
        return f"photo {self.position} of report {self.report_id} or update {self.update_id}: {self.state}"
