"""Rows of the inbox become updates of their reports, once, and each report stands where all its updates together move it.

Rows are applied some hundreds at a time: what they need is read, and what they change is written, in a few statements for all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import QuerySet

from streetmend.reports.models import Delivery, Inbox, Report, Update
from streetmend.reports.models.outbox import DeliveryKind, InboxState
from streetmend.reports.services import kept
from streetmend.reports.services.arrivals import arrived
from streetmend.reports.services.inbox import ORPHAN_AGAIN, ORPHAN_PATIENCE
from streetmend.reports.services.refolding import surroundings
from streetmend.reports.services.telling import tell
from streetmend.reports.services.wanted_photos import still_elsewhere, want_photos
from streetmend.reports.states import (
    OPEN_STATES,
    Actor,
    DeliveryActor,
    DeliveryState,
    State,
    may_deliver,
)
from streetmend.text import clean_text

_LONGEST_TEXT = 10_000
#: an endpoint's clock may be ahead by so much before its word is no longer taken for the time
_AHEAD = timedelta(minutes=5)
_WRITTEN = (
    "state", "told_state", "foreign_state", "name", "text", "email_text", "told", "at", "received_at",
    "media_urls", "hidden", "muted",
)  # fmt: skip


def apply_row(*, inbox_id: int, now: datetime) -> InboxState:
    """As `apply_rows` for one row; what became of it."""
    apply_rows(inbox_ids=[inbox_id], now=now)
    return InboxState(Inbox.objects.values_list("state", flat=True).get(pk=inbox_id))


def apply_rows(*, inbox_ids: Sequence[int], now: datetime) -> int:
    """What the rows say stands on their reports and has moved them, as the table of moves allows; a second time changes nothing.

    Only reports owed to a row's own endpoint are looked at. A row whose report is not there yet stays, as an orphan. Either all
    of the rows are done with, or none. Returns how many were.
    """
    with transaction.atomic():
        owed = _matches(Inbox.objects.filter(pk__in=inbox_ids, next_at__isnull=False))
        numbers = sorted({delivery.report_id for delivery in owed.values()})
        # reports before the rows that speak of them: every service locks in this order
        locked = Report.objects.select_for_update(no_key=True, of=("self",)).filter(pk__in=numbers)
        reports = {
            report.pk: report for report in locked.select_related("reporter", "category_name").order_by("pk")
        }
        rows = list(
            Inbox.objects.select_for_update(no_key=True, of=("self",))
            .select_related("endpoint__body", "body")
            .filter(pk__in=inbox_ids, next_at__isnull=False)
            .order_by("pk")
        )
        work = _Work(reports, now)
        orphans = []
        for row in rows:
            delivery = owed.get(row.pk)
            if delivery is None or delivery.report_id not in reports:
                orphans.append(row)
                continue
            work.take(row, delivery)
        work.finish()
        _keep_orphans(orphans, now)
        _close([row for row in rows if row not in orphans])
    return len(rows)


def _matches(rows: Iterable[Inbox]) -> dict[int, Delivery]:
    """By the row's id the delivery to its endpoint that it speaks of: by our own number where it gives it, else by theirs."""
    matched: dict[int, Delivery] = {}
    senders: dict[tuple[int | None, int | None], list[Inbox]] = defaultdict(list)
    for row in rows:
        senders[row.endpoint_id, row.body_id].append(row)
    for (endpoint_id, body_id), sent in senders.items():
        owed = owed_to(endpoint_id=endpoint_id, body_id=body_id)
        ours = {row.pk: _our_number(row) for row in sent}
        theirs = {row.remote_report_id for row in sent if row.remote_report_id}
        by_ours = {one.report_id: one for one in owed.filter(report__in=set(filter(None, ours.values())))}
        by_theirs = {one.remote_id: one for one in owed.filter(remote_id__in=theirs)}
        for row in sent:
            found = by_ours.get(ours[row.pk] or 0) or by_theirs.get(row.remote_report_id)
            if found is not None:
                matched[row.pk] = found
    return matched


def owed_to(*, endpoint_id: int | None, body_id: int | None) -> QuerySet[Delivery]:
    """The reports that are or were owed to the endpoint, or to the body that has none."""
    owed = Delivery.objects.filter(kind=DeliveryKind.REPORT)
    return owed.filter(endpoint=endpoint_id) if endpoint_id is not None else owed.filter(body=body_id)


def _our_number(row: Inbox) -> int | None:
    ours = str(row.content.get("our_report_id", ""))
    return int(ours) if ours.isascii() and ours.isdigit() and len(ours) <= 18 else None


def _keep_orphans(rows: Sequence[Inbox], now: datetime) -> None:
    why = "No report of ours that went to this endpoint has this number (yet)."
    waiting = [row.pk for row in rows if now - row.received_at < ORPHAN_PATIENCE]
    mine = Inbox.objects.filter(pk__in=[row.pk for row in rows])
    mine.update(state=InboxState.ORPHAN, why=why, next_at=None)
    mine.filter(pk__in=waiting).update(next_at=now + ORPHAN_AGAIN)


def _close(rows: Sequence[Inbox]) -> None:
    """The rows are done with. One statement, run for each: far quicker than a model's own for some hundreds."""
    table = connection.ops.quote_name(Inbox._meta.db_table)
    with connection.cursor() as cursor:
        cursor.executemany(
            f"UPDATE {table} SET state = %s, why = %s, next_at = NULL, update_id = %s WHERE id = %s",  # noqa: S608 - the name of our own table
            [(InboxState.APPLIED.value, row.why, row.update_id, row.pk) for row in rows],
        )


@dataclass(slots=True)
class _OnReport:
    """What is going on with one report in this batch."""

    updates: list[Update] = field(default_factory=list)
    fresh: list[Update] = field(default_factory=list)
    rows: list[Inbox] = field(default_factory=list)
    #: a body has taken back what moved the report
    taken_back: bool = False


class _Work:
    """A batch of rows on its way to the reports, which are locked."""

    def __init__(self, reports: Mapping[int, Report], now: datetime) -> None:
        self.reports, self.now = reports, now
        self.going = {number: _OnReport() for number in reports}
        self.around = surroundings(reports)
        self.as_read: dict[int, tuple[object, ...]] = {}
        for update in Update.objects.filter(report__in=reports).order_by("pk"):
            self.going[update.report_id].updates.append(update)
            self.as_read[update.pk] = _columns(update)

    def take(self, row: Inbox, owed: Delivery) -> None:
        """The row is an update among those of its report, new or said anew."""
        report, on = self.reports[owed.report_id], self.going[owed.report_id]
        row.why = ""
        _prove(row, owed, report, self.now)
        self._learn_reference(row, owed)
        update = _revised(row, on.updates) or Update(report=report, actor=Actor.BODY, body=row.sender)
        is_new = not update.told and update.pk is None
        if not is_new and _effective(row, report) < update.at:
            # of two revisions the one of the later time holds, whichever came first
            row.why, row.update = "It was said anew since.", update
        else:
            on.taken_back |= bool(update.told_state)
            _fill(update, row, report)
        # under a number of its own even nothing counts: it may say anew what comes later
        if is_new and not update.remote_id and (not _says(update) or _is_no_move(update, report)):
            row.why, row.update = "It says nothing new.", None
            return
        row.update = update
        on.rows.append(row)
        if is_new:
            on.updates.append(update)
            on.fresh.append(update)

    def _learn_reference(self, row: Inbox, owed: Delivery) -> None:
        reference = str(row.content.get("reference", ""))[:255]
        endpoint_id = row.endpoint_id or 0
        habits = self.around.habits.get(endpoint_id)
        if habits and habits.customer_reference and reference and reference != owed.reference:
            Delivery.objects.filter(pk=owed.pk).update(reference=reference)
            owed.reference = reference
            self.around.references[owed.report_id][endpoint_id] = reference

    def finish(self) -> None:
        """Every report stands where its updates move it, all of it is saved, and those who want to know are told."""
        moved = [number for number, on in self.going.items() if on.rows]
        before = {number: self.reports[number].state for number in moved}
        for number in moved:
            report, on = self.reports[number], self.going[number]
            if on.taken_back and report.state not in (State.UNCONFIRMED, State.WITHDRAWN):
                report.state = State.OPEN
            self.around.fold(report, on.updates)
        self._save(moved)
        kept.refresh_counts([self.reports[number] for number in moved], now=self.now)
        for number in moved:
            self._tell(number, before[number])

    def _save(self, numbers: Sequence[int]) -> None:
        fresh = [update for number in numbers for update in self.going[number].fresh]
        known = [one for number in numbers for one in self.going[number].updates if one.pk in self.as_read]
        changed = [one for one in known if _columns(one) != self.as_read[one.pk]]
        Update.objects.bulk_create(fresh, batch_size=500)
        Update.objects.bulk_update(changed, _WRITTEN, batch_size=100)
        for row in (row for number in numbers for row in self.going[number].rows):
            if row.update is None:
                continue
            row.update_id = row.update.pk
            if row.update.told.get("photos"):
                want_photos(row.update.told["photos"], update=row.update, now=self.now)

    def _tell(self, number: int, before: str) -> None:
        """Those who want to know hear of what is new; of what was said anew only where it has moved the report."""
        report, on = self.reports[number], self.going[number]
        told = [update for update in on.fresh if not update.hidden]
        if not told and report.state != before:
            told = [row.update for row in on.rows if row.update is not None and not row.update.hidden][-1:]
        quiet = [update.pk for update in told if not self.around.habits_of(update).tell_reporter]
        tell(report, told, now=self.now, without_reporter=frozenset(quiet))


def _columns(update: Update) -> tuple[object, ...]:
    return tuple(getattr(update, name) for name in _WRITTEN)


def _prove(row: Inbox, owed: Delivery, report: Report, now: datetime) -> None:
    """A body that speaks of our report has it: an update that carries its number and ours proves an unknown outcome."""
    if not row.remote_report_id or not may_deliver(
        DeliveryActor.WORKER, DeliveryState(owed.state), DeliveryState.ACCEPTED
    ):
        return
    taken = Delivery.objects.filter(
        endpoint=owed.endpoint_id, kind=DeliveryKind.REPORT, remote_id=row.remote_report_id
    )
    if owed.state == DeliveryState.SENDING or taken.exists():
        return
    moved = Delivery.objects.filter(
        pk=owed.pk, state__in=(DeliveryState.UNCERTAIN, DeliveryState.TOKEN), remote_id=""
    ).update(
        state=DeliveryState.ACCEPTED,
        remote_id=row.remote_report_id,
        proof="update",
        accepted_at=now,
        next_at=None,
        settle_until=None,
        lease_owner="",
        lease_until=None,
        why="",
    )
    if moved:
        arrived(report=report, delivery=Delivery.objects.select_related("body").get(pk=owed.pk), now=now)
        report.refresh_from_db(fields=["version"])


def _revised(row: Inbox, updates: Sequence[Update]) -> Update | None:
    """The update that this row says anew, if it was said before under the same number."""
    number = str(row.content.get("remote_update_id", ""))
    if not number:
        return None
    mine = (one for one in updates if one.actor == Actor.BODY and one.body_id == row.sender.pk)
    return next((one for one in mine if one.remote_id == number), None)


def _fill(update: Update, row: Inbox, report: Report) -> None:
    content = row.content
    update.name, update.show_name = row.sender.name, True
    update.told = {
        name: value
        for name, value in (
            ("endpoint", row.endpoint_id or 0),
            ("text", clean_text(content["text"], max_length=_LONGEST_TEXT, multiline=True)),
            ("email_text", clean_text(content["email_text"], max_length=_LONGEST_TEXT, multiline=True)),
            ("code", content["code"][:255]),
            ("photos", content["media_urls"]),
            ("private", content["private"]),
            ("prefer_template", content["prefer_template"]),
            # a plain status list knows only open and closed
            ("coarse", row.kind == "status"),
        )
        if value or name == "text"
    }
    update.told_state, update.state = str(content["state"]), ""
    update.foreign_state = "" if content["known_word"] else content["word"][:100]
    update.at = _effective(row, report)
    update.received_at = row.received_at
    update.remote_id = content["remote_update_id"]
    update.source = "Open311"
    urls = content["media_urls"]
    update.media_urls = still_elsewhere(update, urls) if urls and update.pk else urls


def _says(update: Update) -> bool:
    """Whether there is anything in it at all."""
    said = update.told
    return bool(
        said["text"] or said.get("email_text") or said.get("code")
        or update.told_state or update.foreign_state or update.media_urls
    )  # fmt: skip


def _is_no_move(update: Update, report: Report) -> bool:
    """Whether a plain status without a word says what the report says already."""
    if not update.told.get("coarse") or update.told["text"] or update.foreign_state or not update.told_state:
        return False
    return (State(update.told_state) in OPEN_STATES) == (State(report.state) in OPEN_STATES)


def _effective(row: Inbox, report: Report) -> datetime:
    """When it counts as said: never before the report, never more than five minutes after it came."""
    said = row.content["at"]
    at = datetime.fromisoformat(said) if said else row.received_at
    at = min(at, row.received_at + _AHEAD)
    return max(at, report.requested_at or report.created_at)
