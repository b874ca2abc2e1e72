"""A row of the inbox becomes an update of a report, once, and the report stands where all its updates together move it."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from streetmend.reports.models import Delivery, Inbox, Report, Update
from streetmend.reports.models.outbox import DeliveryKind, InboxState
from streetmend.reports.services import kept
from streetmend.reports.services.arrivals import arrived
from streetmend.reports.services.inbox import ORPHAN_AGAIN, ORPHAN_PATIENCE
from streetmend.reports.services.updating import tell
from streetmend.reports.services.wanted_photos import still_elsewhere, want_photos
from streetmend.reports.states import (
    OPEN_STATES,
    Actor,
    DeliveryActor,
    DeliveryState,
    State,
    may_deliver,
    may_move,
)
from streetmend.text import clean_text

_LONGEST_TEXT = 10_000
#: an endpoint's clock may be ahead by so much before its word is no longer taken for the time
_AHEAD = timedelta(minutes=5)
#: numbers that count up, with a short word before them: "17", "u17", "UPD-17"
_COUNTED = re.compile(r"[^\d]{0,10}(\d{1,18})", re.ASCII)


def apply_row(*, inbox_id: int, now: datetime) -> InboxState:
    """What the row says stands on its report and has moved it, where the table of moves allows; a second time changes nothing.

    Only reports owed to the row's own endpoint are looked at. A row whose report is not there yet stays, as an orphan.
    Returns what became of the row.
    """
    with transaction.atomic():
        row = Inbox.objects.get(pk=inbox_id)
        owed = _match(row)
        report = (
            Report.objects.select_for_update(no_key=True, of=("self",))
            .select_related("reporter")
            .get(pk=owed.report_id)
            if owed
            else None
        )
        row = (
            Inbox.objects.select_for_update(no_key=True, of=("self",))
            .select_related("endpoint__body", "body")
            .get(pk=inbox_id)
        )
        if row.next_at is None:
            return InboxState(row.state)
        if owed is None or report is None:
            _keep_orphan(row, now)
        else:
            _prove(row, owed, report, now)
            _apply(row, report, now)
        row.save()
    return InboxState(row.state)


def _match(row: Inbox) -> Delivery | None:
    """The delivery to this endpoint that the row speaks of: by our own number where it gives it, else by theirs."""
    owed = owed_to(endpoint_id=row.endpoint_id, body_id=row.body_id)
    ours = str(row.content.get("our_report_id", ""))
    if ours.isascii() and ours.isdigit() and len(ours) <= 18:
        found = owed.filter(report_id=int(ours)).first()
        if found is not None:
            return found
    if not row.remote_report_id:
        return None
    return owed.filter(remote_id=row.remote_report_id).first()


def owed_to(*, endpoint_id: int | None, body_id: int | None) -> QuerySet[Delivery]:
    """The reports that are or were owed to the endpoint, or to the body that has none."""
    owed = Delivery.objects.filter(kind=DeliveryKind.REPORT)
    return owed.filter(endpoint=endpoint_id) if endpoint_id is not None else owed.filter(body=body_id)


def _keep_orphan(row: Inbox, now: datetime) -> None:
    row.state = InboxState.ORPHAN
    row.why = "No report of ours that went to this endpoint has this number (yet)."
    row.next_at = now + ORPHAN_AGAIN if now - row.received_at < ORPHAN_PATIENCE else None


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


def _apply(row: Inbox, report: Report, now: datetime) -> None:
    update = _revised(row, report) or Update(report=report, actor=Actor.BODY, body=row.sender)
    before = State(report.state)
    _fill(update, row, report)
    row.state, row.next_at, row.why = InboxState.APPLIED, None, ""
    if not (update.text or update.state or update.foreign_state or update.media_urls):
        row.why = "It says nothing new."
        return
    is_new = update.pk is None
    says_something = bool(update.text or update.media_urls or update.foreign_state)
    if is_new:
        # a state that is no news is kept, because an older update may still come; but nobody is bothered with it
        update.hidden = not says_something and update.state == before
    update.save()
    if update.media_urls:
        want_photos(update.media_urls, update=update, now=now)
    row.update = update
    report.state = folded_state(report)
    _keep_notes(report)
    kept.refresh(report, now=now)
    if not update.hidden and (is_new or report.state != before):
        update.report = report
        tell(update, now=now)


def _revised(row: Inbox, report: Report) -> Update | None:
    """The update that this row says anew, if it was said before under the same number."""
    number = str(row.content.get("remote_update_id", ""))
    if not number:
        return None
    return Update.objects.filter(
        report=report, actor=Actor.BODY, body=row.sender.pk, remote_id=number
    ).first()


def _fill(update: Update, row: Inbox, report: Report) -> None:
    content = row.content
    update.name, update.show_name = row.sender.name, True
    update.text = clean_text(content["text"], max_length=_LONGEST_TEXT, multiline=True)
    update.state = _claimed_state(row, report)
    update.foreign_state = "" if content["known_word"] else content["word"][:100]
    update.at = _effective(row, report)
    update.received_at = row.received_at
    update.remote_id = content["remote_update_id"]
    update.source = "Open311"
    update.media_urls = still_elsewhere(update, content["media_urls"])


def _claimed_state(row: Inbox, report: Report) -> str:
    """The state that the body says the report has. A plain status list knows only open and closed: it moves between the two."""
    claimed = str(row.content["state"])
    if row.kind != "status" or not claimed:
        return claimed
    is_open = State(report.state) in OPEN_STATES
    return "" if is_open == (State(claimed) in OPEN_STATES) else claimed


def _effective(row: Inbox, report: Report) -> datetime:
    """When it counts as said: never before the report, never more than five minutes after it came."""
    said = row.content["at"]
    at = datetime.fromisoformat(said) if said else row.received_at
    at = min(at, row.received_at + _AHEAD)
    return max(at, report.requested_at or report.created_at)


def folded_state(report: Report) -> str:
    """Where all updates of the report together leave it, in the order in which they were said, whatever order they came in."""
    current = State(report.state)
    moves = list(Update.objects.filter(report=report).exclude(state=""))
    if not moves or current in (State.UNCONFIRMED, State.WITHDRAWN):
        return current
    state = State.OPEN
    for update in sorted(moves, key=_order):
        target = State(update.state)
        if may_move(Actor(update.actor), state, target):
            state = target
    return state


def _order(update: Update) -> tuple[datetime, int, str, int]:
    """By when it was said; what was said in one second by the number that the body gave it, so that no arrival decides."""
    number = _COUNTED.fullmatch(update.remote_id)
    return (update.at, int(number[1]) if number else 0, update.remote_id, update.pk)


def _keep_notes(report: Report) -> None:
    """The body's latest public words are the report's status notes."""
    said = Update.objects.filter(report=report, actor=Actor.BODY, hidden=False).exclude(text="")
    latest = max(said, key=_order, default=None)
    if latest is not None:
        report.status_notes = latest.text
