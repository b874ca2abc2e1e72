"""Counts of public reports, kept so that statistics cost the same at a hundred reports and at a million."""

from __future__ import annotations

from django.db import models

from streetmend.bodies.models import CategoryName

#: within how many days of becoming public; one column each in `Tally`
FIXED_WITHIN = (1, 3, 7, 14, 30, 90, 365)


class TallyOf(models.TextChoices):
    """Whose reports a tally counts."""

    ALL = "all", "all reports"
    BODY = "body", "the reports that a body received"
    AREA = "area", "the reports of places in an area"


class Tally(models.Model):
    """The public reports of one month, one category and one body or area (or of all)."""

    #: the first day of the month, in the site's zone, in which the reports became public
    month = models.DateField()
    of = models.CharField(max_length=4, choices=TallyOf)
    #: the id of the body, the MapIt id of the area; 0: all
    thing = models.PositiveIntegerField(default=0)
    category_name = models.ForeignKey(
        CategoryName, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    reported = models.PositiveIntegerField()
    fixed = models.PositiveIntegerField()
    #: closed in another way than fixed
    ended = models.PositiveIntegerField()
    fixed_in_1 = models.PositiveIntegerField()
    fixed_in_3 = models.PositiveIntegerField()
    fixed_in_7 = models.PositiveIntegerField()
    fixed_in_14 = models.PositiveIntegerField()
    fixed_in_30 = models.PositiveIntegerField()
    fixed_in_90 = models.PositiveIntegerField()
    fixed_in_365 = models.PositiveIntegerField()

    class Meta:
        verbose_name_plural = "tallies"
        constraints = [
            models.UniqueConstraint(
                fields=["month", "of", "thing", "category_name"], name="one_tally_per_count"
            )
        ]
        indexes = [models.Index(fields=["of", "thing", "month"], name="tally_of_thing")]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m} {self.of} {self.thing}: {self.reported}"


class TallyRun(models.Model):
    """The one row that says how far the tallies are."""

    #: when the next count is due
    next_at = models.DateTimeField()
    #: changes up to here are counted
    counted_at = models.DateTimeField(null=True, blank=True)
    #: when everything, and not only what had changed, was counted
    all_counted_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"counted at {self.counted_at}"
