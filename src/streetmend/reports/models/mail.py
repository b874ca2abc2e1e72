"""What came by mail: answers to our mails, mails that came back, and the addresses that mails come back from."""

from __future__ import annotations

from django.db import models

from streetmend.reports.models.report import Report, Update


class LetterState(models.TextChoices):
    """What became of a mail that came."""

    TAKEN = "taken", "taken"
    #: written by a program: an absence, a receipt, a list
    AUTOMATIC = "automatic", "automatic"
    #: moved aside for staff
    ASIDE = "aside", "aside"


class Letter(models.Model):
    """A mail that came to the address of answers: one row, however often it comes."""

    #: SHA-256 of its Message-ID, or of all of it where it has none
    key = models.CharField(max_length=64, unique=True)
    received_at = models.DateTimeField(db_index=True)
    state = models.CharField(max_length=10, choices=LetterState)
    why = models.CharField(max_length=500, blank=True)
    #: whose word it is: "body 3", "person 5"
    said_by = models.CharField(max_length=40, blank=True)
    report = models.ForeignKey(
        Report, null=True, blank=True, on_delete=models.CASCADE, related_name="letters"
    )
    update = models.ForeignKey(Update, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    #: of what was moved aside only, so that it can be found in the mailbox
    sender = models.CharField(max_length=254, blank=True)
    subject = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = [models.Index(fields=["state", "-received_at"], name="letter_by_state")]

    def __str__(self) -> str:
        return f"letter {self.pk}: {self.state}"


class LetterBox(models.Model):
    """When the mailbox is read again, by which worker, and what the last time came to: the one row (id 1)."""

    next_at = models.DateTimeField(null=True, blank=True)
    lease_owner = models.CharField(max_length=100, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    last_ok_at = models.DateTimeField(null=True, blank=True)
    #: what staff should know of the last time; empty where all went well
    problem = models.CharField(max_length=500, blank=True)

    def __str__(self) -> str:
        return "the mailbox of answers"


class BouncingAddress(models.Model):
    """An address of a person from which mails came back."""

    email = models.CharField(max_length=254, unique=True)
    bounces = models.PositiveIntegerField(default=0)
    last_at = models.DateTimeField()
    why = models.CharField(max_length=500, blank=True)

    class Meta:
        verbose_name_plural = "bouncing addresses"

    def __str__(self) -> str:
        return f"{self.bounces} mails came back"
