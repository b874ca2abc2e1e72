"""A delivery by Open311: one POST on a fresh connection, and what its answer means; a token, until there is a number."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import msgspec
from django.core.files.storage import default_storage

from streetmend.bodies.habits import Photos, habits_of
from streetmend.bodies.models import Category, Question
from streetmend.bodies.values import SiteInfo
from streetmend.clock import Clock
from streetmend.crash import crash
from streetmend.exchange.addresses import photo_url, report_url
from streetmend.exchange.calling import KeyUnusable, Line, ask, line_to, perform, seconds_until
from streetmend.exchange.repeats import note_of_repeat
from streetmend.exchange.wire import Addresses, dialect_of, frozen, new_request, thawed
from streetmend.exchange.wire_updates import thawed_update
from streetmend.fetch import AddressRefused, FetchError, NotSent, Transport
from streetmend.georeport import calls, outcomes
from streetmend.georeport.errors import CallFailed, NotFound
from streetmend.georeport.types import Upload
from streetmend.photos.store import path_of
from streetmend.reports.models import Delivery
from streetmend.reports.services.outbox import MARGIN_SECONDS, Claim, Prepared
from streetmend.reports.services.outcomes import HELD_UP, Outcome, OutcomeClass


class Lease:
    """How much of a lease is left, by this process's clocks: the one that is never set back and the one that runs in a pause too.

    Both are read before the claim, so that the database's count began later: what is left there is never less.
    """

    def __init__(self, clock: Clock, margin_seconds: int = MARGIN_SECONDS) -> None:
        self._clock, self._margin = clock, margin_seconds
        self._monotonic, self._now = clock.monotonic(), clock.now()

    def has_room(self) -> bool:
        """Whether a call begun now ends before the lease does, even if it takes its whole deadline."""
        passed = max(
            self._clock.monotonic() - self._monotonic, (self._clock.now() - self._now).total_seconds()
        )
        return passed <= self._margin


def prepare(
    delivery: Delivery, category: Category, questions: Sequence[Question], here: SiteInfo
) -> Prepared:
    """The parameters of the POST as they stay for every repeat. Raises msgspec.ValidationError for habits that are none."""
    endpoint, report = delivery.endpoint, delivery.report
    if endpoint is None:
        raise ValueError("a delivery by e-mail has no parameters")
    habits = habits_of(endpoint)
    addresses = Addresses(
        report=report_url(report.pk),
        photos=tuple(photo_url(name) for name in report.photo_names),
        no_reply=here.contact_email,
    )
    request = new_request(report, category, questions, habits, addresses)
    if note := note_of_repeat(delivery):
        request = msgspec.structs.replace(request, description=f"{note}\n\n{request.description}")
    uploads = habits.photos is Photos.UPLOAD or (report.private and habits.upload_private_photos)
    params: dict[str, Any] = {"request": frozen(request)}
    if uploads and report.photo_names:
        params["photos"] = list(report.photo_names)
    bare = calls.Endpoint(url=endpoint.url, dialect=dialect_of(endpoint, habits, here.time_zone))
    digest = hashlib.sha256(calls.create(bare, request).body)
    return Prepared(params, digest.hexdigest())


async def send(claim: Claim, transport: Transport, lease: Lease, clock: Clock, *, site_zone: str) -> Outcome:
    """Posts the report once and says what became of it; nothing leaves if the lease might end before the call does.

    `site_zone`: the zone in which the endpoint means its times where it has none of its own. The database is not asked.
    """
    delivery = claim.delivery
    try:
        line = _line(delivery, site_zone)
        call = await _call(delivery, line)
    except KeyUnusable as error:
        return Outcome(
            result=OutcomeClass.CREDENTIALS, why=str(error), sent_bytes=0, error_class="KeyUnusable"
        )
    if not lease.has_room():
        why = "The worker was held up for too long; nothing was sent."
        return Outcome(result=OutcomeClass.NOT_RECEIVED, why=why, sent_bytes=0, error_class=HELD_UP)
    crash("before_call")
    try:
        answer = await perform(call, line, transport)
    except FetchError as error:
        return failed(error, line)
    crash("after_send")
    said = call.read(answer.status, answer.headers, answer.body)
    return Outcome(
        result=OutcomeClass(said.kind.value),
        why=line.hushed(said.why),
        remote_id=said.remote_id or "",
        token=said.token or "",
        http_status=answer.status,
        remote_date=answer.header("date"),
        error_class="" if said.kind in _GOOD else f"Answer{answer.status}",
        response_head=line.masked(answer.body),
        sent_bytes=answer.sent_bytes,
        retry_after=seconds_until(said.retry_after, clock.now()),
        alarm=line.hushed(f"The endpoint has moved to {said.moved_to[:300]!r}; we do not follow it.")
        if said.moved_to
        else "",
    )


async def _call(delivery: Delivery, line: Line) -> calls.Call[outcomes.Outcome]:
    """The POST of a report or of an update, with its photos where they go as files."""
    params = delivery.params_snapshot
    headers = (("Idempotency-Key", str(delivery.mark)),)
    photos = params.get("photos", [])
    uploads = await asyncio.to_thread(_uploads, photos, delivery.report_id) if photos else ()
    if "update" in params:
        update = msgspec.structs.replace(thawed_update(params["update"]), uploads=uploads)
        return calls.post_update(line.endpoint, update, headers=headers)
    request = msgspec.structs.replace(thawed(params["request"]), uploads=uploads)
    return calls.create(line.endpoint, request, headers=headers)


_GOOD = (outcomes.Kind.ACCEPTED, outcomes.Kind.TOKEN)


async def ask_token(claim: Claim, transport: Transport, *, site_zone: str) -> Outcome:
    """Asks for the number of a token. Only a number or the word that there is no such token ends the asking."""
    delivery = claim.delivery
    try:
        line = _line(delivery, site_zone)
        accepted, answer = await ask(calls.token(line.endpoint, delivery.token), line, transport)
        crash("token_asked")
    except KeyUnusable as error:
        return Outcome(result=OutcomeClass.NOT_RECEIVED, why=str(error), error_class="KeyUnusable")
    except FetchError as error:
        return replace(failed(error, line), result=OutcomeClass.NOT_RECEIVED)
    except NotFound as error:
        why = line.hushed(f"The endpoint does not know the token that it gave us. {error}")
        return Outcome(
            result=OutcomeClass.UNKNOWN, why=why, http_status=error.status, error_class="TokenUnknown"
        )
    except CallFailed as error:
        return Outcome(
            result=OutcomeClass.NOT_RECEIVED,
            why=line.hushed(str(error)),
            http_status=error.status,
            error_class=type(error).__name__,
        )
    if accepted.service_request_id is None:
        return Outcome(
            result=OutcomeClass.TOKEN,
            token=delivery.token,
            why="The endpoint has it, and has no number for it yet.",
            http_status=answer.status,
        )
    return Outcome(
        result=OutcomeClass.ACCEPTED, remote_id=accepted.service_request_id, http_status=answer.status
    )


def failed(error: FetchError, line: Line) -> Outcome:
    """What a call that brought no whole answer means: the question is only whether anything of it had left."""
    certain = isinstance(error, NotSent)
    doubt = "" if certain else " It may have arrived or not."
    return Outcome(
        result=OutcomeClass.NOT_RECEIVED if certain else OutcomeClass.UNKNOWN,
        why=line.hushed(f"{error.message}.{doubt}"),
        http_status=error.status,
        error_class=type(error).__name__,
        response_head=line.masked(error.head),
        sent_bytes=error.sent_bytes,
        alarm=f"{error.message}. Nothing is sent there." if isinstance(error, AddressRefused) else "",
    )


def _line(delivery: Delivery, site_zone: str) -> Line:
    if delivery.endpoint is None:
        raise ValueError("a delivery by e-mail has no endpoint")
    return line_to(delivery.endpoint, site_zone)


def _uploads(names: Sequence[str], report_id: int) -> tuple[Upload, ...]:
    """The photos as files; one that is gone from the store does not keep the report from being sent."""
    found = []
    for number, name in enumerate(names):
        try:
            with default_storage.open(path_of(name)) as file:
                content = file.read()
        except OSError:
            continue
        found.append(
            Upload(
                filename=f"{report_id}.{number}.jpeg",
                content_type="image/jpeg",
                content=content,
            )
        )
    return tuple(found)


def surprise(claim: Claim, error: Exception) -> Outcome:
    """An error of ours in the middle of a call: nobody knows what left."""
    return Outcome(
        result=OutcomeClass.UNKNOWN if not claim.asks_token else OutcomeClass.NOT_RECEIVED,
        why="Something went wrong on our side while it was being sent.",
        error_class=type(error).__name__,
    )
