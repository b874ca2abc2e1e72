"""Where the order of changes stands. Only `reports.services.settling` writes it."""

from __future__ import annotations

from django.db import models


class LastChange(models.Model):
    """The latest change that has its place in the order in which changes are told. One row; its lock is the turn to go on."""

    at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"changes are settled until {self.at}"
