"""Pieces of the map with their boundaries."""

from __future__ import annotations

from django.db import models


class Generation(models.Model):
    """One import of areas of one type. One generation of a type is current; a new one takes over in one transaction."""

    name = models.CharField(max_length=100)
    area_type = models.CharField(max_length=20)
    current = models.BooleanField(default=False)
    imported_at = models.DateTimeField()
    source = models.CharField(max_length=200, blank=True)
    #: of all that it holds: the same content has the same digest, and memory made from it never goes stale
    digest = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["area_type"], condition=models.Q(current=True), name="one_current_generation_per_type"
            )
        ]

    def __str__(self) -> str:
        return f"{self.area_type} {self.name}"


class Area(models.Model):
    """An area with its boundary (WGS84; well-known binary with the axes long, lat)."""

    generation = models.ForeignKey(Generation, on_delete=models.CASCADE, related_name="areas")
    mapit_id = models.PositiveIntegerField()
    area_type = models.CharField(max_length=20)
    name = models.CharField(max_length=200)
    boundary = models.BinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["generation", "mapit_id"], name="one_area_per_generation")
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.mapit_id})"
