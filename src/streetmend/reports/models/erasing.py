"""That nothing personal is kept of somebody who wishes so, or of whom it was kept for long enough: wishes and proofs."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Erasure(models.Model):
    """A wish to be erased. The row stays as the proof; it names nobody."""

    #: null once it is done
    person = models.OneToOneField(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="erasure"
    )
    #: HMAC-SHA-256 of the address with the site's secret key: who knows the address can be shown that it was erased
    address_mark = models.CharField(max_length=64)
    asked_at = models.DateTimeField(db_index=True)
    done_at = models.DateTimeField(null=True, blank=True, db_index=True)
    #: how many reports, updates, alerts and mails it was about
    counts: models.JSONField[dict[str, int], dict[str, int]] = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"erasure asked for at {self.asked_at:%Y-%m-%d}"


class Forgetting(models.Model):
    """What was forgotten on one day because it was old. The row stays as the proof; it names nobody."""

    #: in UTC
    day = models.DateField(unique=True)
    #: for so many months after their last news reporters were kept
    months = models.PositiveIntegerField()
    #: how many reports, updates, alerts, mails and people it was about
    counts: models.JSONField[dict[str, int], dict[str, int]] = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"forgotten on {self.day}"
