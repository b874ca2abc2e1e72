"""A body's categories and questions are made like its endpoint's list of services."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec
from django.db import transaction

from streetmend.bodies.checking import Checker
from streetmend.bodies.habits import habits_of
from streetmend.bodies.models import Body, Category, Endpoint
from streetmend.bodies.queries import site
from streetmend.bodies.services import rows
from streetmend.bodies.services.applying import make_room
from streetmend.bodies.services.merging import as_listed, merge
from streetmend.bodies.sitefile.diff import Change, category_changes, category_keys
from streetmend.bodies.sitefile.matching import match
from streetmend.bodies.sitefile.present import present_categories
from streetmend.bodies.specs import CategorySpec

#: a category goes out of use when so many lists in a row did not have it, over so long at least
MISSED_POLLS = 3
MISSED_FOR = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Listed:
    """One service of a list, as a category; `questions_known` is false where its questions could not be read: they stay."""

    spec: CategorySpec
    questions_known: bool = True


@dataclass(frozen=True, slots=True)
class Synced:
    """What a list changed, or would have."""

    changes: tuple[Change, ...] = ()
    #: what stays though the list says otherwise, and what waits to go out of use
    notes: tuple[str, ...] = ()
    #: what could not be used
    problems: tuple[str, ...] = ()
    #: why nothing was changed at all; empty where the list was taken
    refused: str = ""


def sync_categories(
    *,
    endpoint: Endpoint,
    listed: Sequence[Listed],
    now: datetime,
    whole: bool = True,
    dry_run: bool = False,
    retire: bool = False,
) -> Synced:
    """The body's categories of this endpoint are like the list, but for what was changed here; a second time nothing changes.

    A category that the list lacks goes out of use after three lists in a row without it, a day apart at least, or at once with
    `retire`; it comes back with the list. An empty list, and one that lacks much of what was known (the habit
    `services_shrink_percent`), change nothing, and so says `refused`. `whole`: false where parts of the list could not be read;
    nothing is missed then. `now`: UTC. With `dry_run` nothing is written.
    """
    with transaction.atomic():
        body = Body.objects.select_for_update().get(pk=endpoint.body_id)
        plan = _Plan(body, endpoint, now, retire=retire)
        plan.read(listed)
        refused = plan.refusal() if not retire or not listed else ""
        if refused:
            return Synced(problems=tuple(plan.problems), refused=refused)
        plan.decide(whole=whole)
        changes = tuple(plan.changes())
        if not dry_run:
            plan.write(changed=bool(changes))
    return Synced(changes, tuple(plan.notes), tuple(plan.problems))


@dataclass(slots=True)
class _Fate:
    """A category: its row (None: a new one), as it is, as it is to be, and what the list said."""

    row: Category | None
    before: CategorySpec | None
    after: CategorySpec
    listed: Listed | None = None


@dataclass
class _Plan:
    """What becomes of one body's categories."""

    body: Body
    endpoint: Endpoint
    now: datetime
    retire: bool
    notes: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    fates: list[_Fate] = field(default_factory=list)

    def read(self, listed: Sequence[Listed]) -> None:
        """Finds out which category each service is, and which known ones the list lacks."""
        self.present = present_categories(self.body)
        self.remembered = {row.pk: rows.listing_columns(row) for row, _ in self.present}
        first = Endpoint.objects.filter(body=self.body, active=True).order_by("id").first()
        self.is_first = first is not None and first.pk == self.endpoint.pk
        usable = list(self._usable(listed))
        seen = {one.spec.code for one in listed}
        mine = [pair for pair in self.present if self._is_mine(pair[0])]
        pairs, left = match(
            mine, usable, lambda pair: category_keys(pair[1]), lambda one: category_keys(one.spec)
        )
        self.pairs = [pair for pair in pairs if pair[0] is not None or self._has_room(pair[1].spec)]
        self.left = [row for row, _ in left if row.code not in seen and row.listed is not None]

    def _is_mine(self, row: Category) -> bool:
        return row.endpoint_id == self.endpoint.pk or (row.endpoint_id is None and self.is_first)

    def _usable(self, listed: Sequence[Listed]) -> Iterator[Listed]:
        """The services that a category can be made of, each code once and each name once."""
        names = Counter(one.spec.name for one in listed)
        first_of_name = {one.spec.name: one.spec.code for one in sorted(listed, key=_code, reverse=True)}
        codes: set[str] = set()
        languages = site().languages
        for one in listed:
            spec = one.spec
            if spec.code in codes:
                self.problems.append(
                    f'The code "{spec.code}" stands in the list twice; the second is left out.'
                )
                continue
            codes.add(spec.code)
            if names[spec.name] > 1 and first_of_name[spec.name] != spec.code:
                spec = msgspec.structs.replace(spec, name=f"{spec.name} ({spec.code})"[:200])
            checker = Checker(languages)
            try:
                clean = checker.category(msgspec.convert(msgspec.to_builtins(spec), CategorySpec), ())
            except msgspec.ValidationError as error:
                self.problems.append(f'The service "{spec.code[:100]}" cannot be used: {error}')
                continue
            if checker.problems:
                why = "; ".join(f"{problem.where} {problem.message}" for problem in checker.problems)
                self.problems.append(f'The service "{spec.code[:100]}" cannot be used: {why}')
                continue
            yield Listed(clean, one.questions_known)

    def _has_room(self, spec: CategorySpec) -> bool:
        """Whether no category of another endpoint has its code or its name."""
        for row, other in self.present:
            if not self._is_mine(row) and (other.code == spec.code or other.name == spec.name):
                self.problems.append(
                    f'The service "{spec.code}" is left out: another endpoint of the body has the category "{other.name}".'
                )
                return False
        return True

    def refusal(self) -> str:
        """Why such a list must not change anything; empty where it may."""
        if not self.pairs:
            return "The list is empty or nothing in it can be used: nothing was changed."
        known = sum(
            row.listed is not None and row.retired_at is None for row, _ in self.present if self._is_mine(row)
        )
        missing = sum(row.retired_at is None for row in self.left)
        percent = habits_of(self.endpoint).services_shrink_percent
        if missing >= 2 and missing * 100 > percent * known:
            return (
                f"The list lacks {missing} of {known} known services, more than {percent} %: it is taken for cut off, and "
                "nothing was changed."
            )
        return ""

    def decide(self, *, whole: bool) -> None:
        """What becomes of every category."""
        fates = {}
        for pair, one in self.pairs:
            if pair is None:
                new = msgspec.structs.replace(one.spec, endpoint="" if self.is_first else self.endpoint.name)
                self.fates.append(_Fate(None, None, new, one))
            else:
                fates[pair[0].pk] = self._merged(*pair, one)
        missed = {row.pk for row in self.left}
        known = [
            fates.get(row.pk) or self._missed(row, spec, whole=whole)
            if row.pk in fates or row.pk in missed
            else _Fate(row, spec, spec)
            for row, spec in self.present
        ]
        self.fates = known + self.fates
        self._settle_names()

    def _merged(self, row: Category, here: CategorySpec, one: Listed) -> _Fate:
        said = as_listed(one.spec, row.listed, questions_known=one.questions_known)
        if row.retired_at is not None and row.listed is not None:
            # it went out of use without anybody here wanting it
            here_as_wanted = msgspec.structs.replace(here, active=row.listed["active"])
        else:
            here_as_wanted = here
        merged = merge(row.listed, here_as_wanted, said)
        if merged.kept:
            self.notes.append(
                f'category "{here.name}" was changed here and stays so: {", ".join(merged.kept)}'
            )
        return _Fate(row, here, merged.spec, one)

    def _missed(self, row: Category, spec: CategorySpec, *, whole: bool) -> _Fate:
        if row.retired_at is not None or not (whole or self.retire):
            return _Fate(row, spec, spec)
        since = row.missed_since or self.now
        row.missed, row.missed_since = row.missed + 1, since
        if self.retire or (row.missed >= MISSED_POLLS and self.now - since >= MISSED_FOR):
            row.retired_at = self.now
            return _Fate(row, spec, msgspec.structs.replace(spec, active=False))
        self.notes.append(
            f'category "{spec.name}" is not in the list (time {row.missed}); it goes out of use after {MISSED_POLLS} such '
            f"lists over {MISSED_FOR // timedelta(hours=1)} hours"
        )
        return _Fate(row, spec, spec)

    def _settle_names(self) -> None:
        """No two categories of the body have one name or one code: whoever came by it through this list goes back."""
        for _ in range(len(self.fates)):
            names = Counter(fate.after.name for fate in self.fates)
            codes = Counter(fate.after.code for fate in self.fates)
            clash = next(
                (
                    fate
                    for fate in self.fates
                    if (names[fate.after.name] > 1 or codes[fate.after.code] > 1)
                    and (fate.before is None or category_keys(fate.before) != category_keys(fate.after))
                ),
                None,
            )
            if clash is None:
                return
            self.problems.append(
                f'The service "{clash.after.code}" would take the name or code of another category, "{clash.after.name}".'
            )
            if clash.before is None:
                self.fates.remove(clash)
            else:
                clash.after = msgspec.structs.replace(
                    clash.after, name=clash.before.name, code=clash.before.code
                )

    def changes(self) -> Iterator[Change]:
        """Every difference that people see."""
        before = [fate.before for fate in self.fates if fate.before is not None]
        after = [fate.after for fate in self.fates]
        return category_changes(f'body "{self.body.name}"', before, after, prune=False)

    def write(self, *, changed: bool) -> None:
        """The rows are as decided, and remember what the list said."""
        if changed:
            make_room([(fate.row, fate.after) for fate in self.fates])
        last = max((row.position for row, _ in self.present), default=-1)
        for fate in self.fates:
            if fate.row is None:
                last += 1
            self._write(fate, last)
        if changed:
            rows.forget_parked()
            rows.new_epoch(self.now)

    def _write(self, fate: _Fate, last: int) -> None:
        row = fate.row
        if row is None or fate.before != fate.after or row.code != fate.after.code:
            endpoint = row.endpoint if row else (None if self.is_first else self.endpoint)
            position = row.position if row else last
            row, _ = rows.put_category(self.body, row, fate.after, endpoint=endpoint, position=position)
        if fate.listed is not None:
            row.listed = as_listed(fate.listed.spec, row.listed, questions_known=fate.listed.questions_known)
            row.missed, row.missed_since, row.retired_at = 0, None, None
        if self.remembered.get(row.pk) != rows.listing_columns(row):
            rows.remember_listed(row)


def _code(listed: Listed) -> str:
    return listed.spec.code
