"""The whole directory is made like a site file, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction

from streetmend.bodies.errors import NameTaken
from streetmend.bodies.models import Body, Category, Endpoint
from streetmend.bodies.services import rows
from streetmend.bodies.sitefile.diff import Change, category_keys, differences
from streetmend.bodies.sitefile.matching import match
from streetmend.bodies.sitefile.present import present_file
from streetmend.bodies.specs import BodySpec, CategorySpec, SiteFile


@dataclass(frozen=True, slots=True)
class Applied:
    """What an application of a file changed, or would have."""

    changes: tuple[Change, ...]

    @property
    def effective(self) -> tuple[Change, ...]:
        """The changes that were made: all but those that wait for `prune`."""
        return tuple(change for change in self.changes if not change.kept)


def apply_site_file(*, file: SiteFile, now: datetime, prune: bool = False, dry_run: bool = False) -> Applied:
    """The site is like the file (checked by `sitefile.reading`), and the changes are told; a second time nothing changes.

    What the file does not have stays as it is; with `prune`, bodies, endpoints and categories that it does not have are no longer
    active. `now`: UTC. With `dry_run` nothing is written.

    Raises SpecRefused, NameTaken; then nothing has changed.
    """
    with transaction.atomic():
        present = present_file()
        changes = differences(present, file, prune=prune)
        applied = Applied(tuple(changes))
        if dry_run or not applied.effective:
            return applied
        try:
            with transaction.atomic():
                _write(file, prune=prune)
        except IntegrityError as error:
            raise NameTaken(
                "A name, number or code of the file is that of something else on this site, which the file does not have."
            ) from error
        rows.new_epoch(now)
    return applied


def _write(file: SiteFile, *, prune: bool) -> None:
    if file.site is not None:
        rows.put_site(file.site)
    present = list(Body.objects.order_by("id"))
    pairs, left = match(
        present,
        file.bodies,
        lambda row: (row.name, row.mapit_id),
        lambda spec: (spec.name, spec.mapit_id),
    )
    for row, spec in pairs:
        # two bodies may exchange their numbers: the database knows no moment in between
        if row is not None and row.mapit_id not in (None, spec.mapit_id):
            Body.objects.filter(pk=row.pk).update(mapit_id=None)
            row.mapit_id = None
    for row, spec in pairs:
        body, _ = rows.put_body(row, spec)
        _write_below(body, spec, prune=prune)
    if prune:
        Body.objects.filter(pk__in=[body.pk for body in left]).update(active=False)
    rows.forget_parked()


def _write_below(body: Body, spec: BodySpec, *, prune: bool) -> None:
    known = {row.name: row for row in Endpoint.objects.filter(body=body).order_by("id")}
    endpoints: dict[str, Endpoint] = dict(known)
    for wanted in spec.endpoints:
        endpoints[wanted.name], _ = rows.put_endpoint(body, known.get(wanted.name), wanted)
    if prune:
        gone = known.keys() - {wanted.name for wanted in spec.endpoints}
        Endpoint.objects.filter(body=body, name__in=gone).update(active=False)
    _write_categories(body, spec.categories, endpoints, prune=prune)


def _write_categories(
    body: Body, specs: Sequence[CategorySpec], endpoints: dict[str, Endpoint], *, prune: bool
) -> None:
    present = list(Category.objects.select_related("name").filter(body=body).order_by("position", "id"))
    pairs, left = match(present, specs, lambda row: (row.code, row.name.name), category_keys)
    make_room(pairs)
    for (row, spec), position in zip(pairs, _positions([row for row, _ in pairs]), strict=True):
        endpoint = endpoints[spec.endpoint] if spec.endpoint else None
        rows.put_category(body, row, spec, endpoint=endpoint, position=position)
    if prune:
        Category.objects.filter(pk__in=[row.pk for row in left]).update(active=False)


def _positions(rows_in_order: Sequence[Category | None]) -> list[int]:
    """A position for each; those of before where they are in this order already and what is new comes last."""
    known = [row.position for row in rows_in_order if row is not None]
    new = len(rows_in_order) - len(known)
    if known == sorted(set(known)) and all(row is None for row in rows_in_order[len(known) :]):
        start = known[-1] + 1 if known else 0
        return known + list(range(start, start + new))
    return list(range(len(rows_in_order)))


def make_room(pairs: Sequence[tuple[Category | None, CategorySpec]]) -> None:
    """Categories that exchange names or codes let go of theirs first: the database knows no moment in between."""
    names = {row.name.name: row for row, _ in pairs if row is not None}
    codes = {row.code: row for row, _ in pairs if row is not None}
    for row, spec in pairs:
        for holder in (names.get(spec.name), codes.get(spec.code)):
            if (
                holder is not None
                and holder is not row
                and not holder.code.startswith("\N{ZERO WIDTH SPACE}")
            ):
                rows.park(holder)
