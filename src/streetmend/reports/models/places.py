"""Where reports are, in forms that are quick to read: by the areas they lie in, and as counts per cell of the map.

The database's own triggers keep them in step with the reports; nobody else writes `ReportArea` and `CellChange`.
"""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import F, Index

from streetmend.database.derived import Trigger, Whole
from streetmend.reports.models.tally import TallyOf

#: cells are so many degrees of latitude high and twice as many of longitude wide at the finest level, of which each other level
#: holds four of the next finer one: at level L a cell is 32 pixels wide on a map of zoom L
FINEST, COARSEST = 14, 3
ACROSS = 1 << (FINEST + 3)
LEVELS = range(COARSEST, FINEST + 1)
#: counts of one category are kept down to this level
CATEGORY_FINEST = 12


def cell_column() -> Any:
    """The column of the finest cells that a report lies in, from the west: 0 at longitude -180."""
    return Whole((F("long") + 180.0) * (ACROSS / 360))


def cell_row() -> Any:
    """The row of the finest cells, from the south: 0 at latitude -90. About 150 metres high."""
    return Whole((F("lat") + 90.0) * (ACROSS / 180))


class ReportArea(models.Model):
    """A public report lies in an area: for lists of an area, the newest first."""

    #: the MapIt id
    area_id = models.PositiveIntegerField()
    report = models.ForeignKey("reports.Report", on_delete=models.CASCADE, related_name="+")
    requested_at = models.DateTimeField()
    closed = models.BooleanField()
    category_name_id = models.BigIntegerField()

    class Meta:
        indexes = [
            models.Index(
                fields=["area_id", "requested_at", "report", "closed", "category_name_id"], name="report_area"
            )
        ]

    def __str__(self) -> str:
        return f"{self.report_id} in {self.area_id}"


class CellCount(models.Model):
    """How many public reports lie in a cell of a level: of all, of a body or of an area; of a category or of all (0)."""

    of = models.CharField(max_length=4, choices=TallyOf)
    thing = models.PositiveIntegerField(default=0)
    category = models.BigIntegerField(default=0)
    level = models.PositiveSmallIntegerField()
    x = models.PositiveIntegerField()
    y = models.PositiveIntegerField()
    closed = models.BooleanField()
    count = models.IntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["of", "thing", "category", "level", "x", "y", "closed"], name="one_count_per_cell"
            )
        ]

    def __str__(self) -> str:
        return f"{self.of} {self.thing} {self.level}/{self.x}/{self.y}: {self.count}"


class CellChange(models.Model):
    """A report came into a finest cell (1) or left it (-1), and the counts do not say so yet."""

    x = models.PositiveIntegerField()
    y = models.PositiveIntegerField()
    category = models.BigIntegerField()
    closed = models.BooleanField()
    recipient_ids: models.JSONField[list[int], list[int]] = models.JSONField()
    area_ids: models.JSONField[list[int], list[int]] = models.JSONField()
    n = models.SmallIntegerField()

    def __str__(self) -> str:
        return f"{self.x}/{self.y}: {self.n:+d}"


class AreaRun(models.Model):
    """The one row that says for which areas reports were looked up, and how far."""

    #: digest of the areas
    areas = models.CharField(max_length=64, blank=True)
    #: reports up to this id are looked up
    done_up_to = models.BigIntegerField(default=0)
    done = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"areas looked up as far as {self.done_up_to}"


_WATCHED = ["lat", "long", "visible", "closed", "category_name", "recipient_ids", "area_ids", "requested_at"]
_COLUMNS = (
    "lat",
    "long",
    "visible",
    "closed",
    "category_name_id",
    "recipient_ids",
    "area_ids",
    "requested_at",
)
_CHANGED = "(OLD.visible OR NEW.visible) AND ({})".format(
    " OR ".join(f"OLD.{column} IS DISTINCT FROM NEW.{column}" for column in _COLUMNS)
)


def _told(row: str, n: int) -> str:
    columns = "cell_x, cell_y, category_name_id, closed, recipient_ids, area_ids"
    values = ", ".join(f"{row}.{column}" for column in columns.split(", "))
    into = "reports_cellchange (x, y, category, closed, recipient_ids, area_ids, n)"
    return f"INSERT INTO {into} SELECT {values}, {n} WHERE {row}.visible"


def _listed(areas: str) -> str:
    into = "reports_reportarea (area_id, report_id, requested_at, closed, category_name_id)"
    values = "NEW.id, NEW.requested_at, NEW.closed, NEW.category_name_id"
    return f"INSERT INTO {into} SELECT {areas}, {values} {{}} WHERE NEW.visible"


_LIST = {
    "sqlite": _listed("j.value").format("FROM json_each(NEW.area_ids) j"),
    "postgresql": _listed("j.value::int").format("FROM jsonb_array_elements_text(NEW.area_ids) j"),
}
_UNLIST = "DELETE FROM reports_reportarea WHERE report_id = NEW.id"


def kept_places() -> list[Index]:
    """The triggers of a report that keep its areas' lists and tell of its cell."""
    return [
        Trigger(
            name="report_placed",
            fields=_WATCHED,
            event="INSERT",
            when="NEW.visible",
            does={vendor: [_told("NEW", 1), listed] for vendor, listed in _LIST.items()},
        ),
        Trigger(
            name="report_replaced",
            fields=_WATCHED,
            event="UPDATE",
            when=_CHANGED,
            does={
                vendor: [_told("OLD", -1), _told("NEW", 1), _UNLIST, listed]
                for vendor, listed in _LIST.items()
            },
        ),
        Trigger(
            name="report_displaced",
            fields=_WATCHED,
            event="DELETE",
            does={"both": [_told("OLD", -1), "DELETE FROM reports_reportarea WHERE report_id = OLD.id"]},
        ),
    ]
