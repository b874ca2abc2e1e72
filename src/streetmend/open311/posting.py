"""POST requests and GET tokens (GeoReport v2, A4 and A5): a program's report comes in through the spine, once."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation.trans_real import parse_accept_lang_header

from streetmend.accounts.models import Scope
from streetmend.bodies.queries import site
from streetmend.bodies.values import SiteInfo
from streetmend.clock import SystemClock
from streetmend.geocode import geocoder
from streetmend.georeport.errors import Fault
from streetmend.georeport.form_reading import examine_new_request
from streetmend.georeport.types import Accepted
from streetmend.georeport.writing import WRITERS
from streetmend.open311 import pictures
from streetmend.open311.callers import Caller, caller_of, no_key, without_key
from streetmend.open311.incoming import Incoming, read_incoming
from streetmend.open311.judging import alike, judged
from streetmend.open311.refusing import repeats
from streetmend.open311.saying import CallRefused, Form, Notices, say
from streetmend.open311.turns import alone_with
from streetmend.reports.queries.postings import posted_with_token
from streetmend.reports.services.alike import too_many_alike
from streetmend.reports.services.posting import (
    Mark,
    Posted,
    Words,
    mark_by_content,
    own_mark,
    post_report,
    posted_before,
)

ALREADY = "We have received this report already."
_KEY = re.compile(r"[\x20-\x7e]{1,255}")


def create(request: HttpRequest, form: Form) -> HttpResponse:
    """POST requests (A4): 200 with a service_request_id, or with a token where the report waits for its confirmation.

    Raises CallRefused, and what the spine refuses.
    """
    now = SystemClock().now()
    incoming = read_incoming(request)
    caller = caller_of(request, incoming, Scope.REPORT, now)
    here = site()
    if caller.key is None:
        if not here.open_posting:
            raise no_key()
        without_key(caller, now)
    mark = _own_mark(request, incoming, caller)
    posted = posted_before(mark, now=now) if mark else None
    posted = posted or _take_in(request, incoming, caller, mark, here, now)
    # a client that gave a mark gets the very answer of the first time
    return _said(posted, form, already=posted.repeated and mark is None)


def token(argument: str, form: Form) -> HttpResponse:
    """GET tokens/TOKEN (A5): the token alone until the report is confirmed, then its id as well. Raises CallRefused."""
    found = posted_with_token(argument)
    if found is None:
        raise CallRefused(404, [Fault("token", "There is no such token here")])
    number = str(found.report_id) if found.confirmed else None
    accepted = Accepted(service_request_id=number, token=argument)
    return say(WRITERS[form.fmt].write_accepted(accepted, form.dialect), form)


def _own_mark(request: HttpRequest, incoming: Incoming, caller: Caller) -> Mark | None:
    """The mark that the client gave this report: the header's, or the attribute client_reference."""
    header = request.headers.get("Idempotency-Key")
    if header is not None and not _KEY.fullmatch(header):
        raise CallRefused(400, [Fault("Idempotency-Key", "must be 1 to 255 visible characters of ASCII")])
    given = header or incoming.field("attribute[client_reference]") or incoming.field("client_reference")
    if not given:
        return None
    return own_mark(_client(caller, incoming.field("email")), given, incoming.content())


def _client(caller: Caller, email: str) -> str:
    """Whose repeats are known: a key's, or an address's, of which only a digest is kept."""
    if caller.key:
        return f"key:{caller.key.pk}"
    return f"mail:{hashlib.sha256((email.lower() or caller.address).encode()).hexdigest()}"


def _take_in(
    request: HttpRequest,
    incoming: Incoming,
    caller: Caller,
    mark: Mark | None,
    here: SiteInfo,
    now: datetime,
) -> Posted:
    language = _language(request, here)
    words = judged(incoming, here, geocoder=geocoder(), language=language, needs_email=caller.key is None)
    notices = Notices()
    new, _ = examine_new_request(incoming.fields)
    wanted = pictures.chosen(
        incoming.uploads, new.media_urls, notices, most=here.max_photos, cut_off=incoming.cut_off
    )
    if mark is None:
        hashes = [hashlib.sha256(content).hexdigest() for content in wanted.files]
        mark = mark_by_content(_client(caller, words.told.email), alike(words, hashes, wanted.urls))
    with repeats(), alone_with(mark.client, mark.name, wait_seconds=settings.IN_FLIGHT_SECONDS):
        posted = posted_before(mark, now=now)
        if posted is None:
            posted = _post(mark, words, wanted, notices, here, now, confirmed=caller.key is not None)
    return posted


def _post(
    mark: Mark,
    words: Words,
    wanted: pictures.Pictures,
    notices: Notices,
    here: SiteInfo,
    now: datetime,
    *,
    confirmed: bool,
) -> Posted:
    photos = pictures.stored(wanted, notices)
    # whoever has a key is known, and held to its rate alone
    one_of_many = not confirmed and too_many_alike(title=words.title, detail=words.detail, now=now)
    return post_report(
        mark=mark,
        words=words,
        here=here,
        now=now,
        confirmed=confirmed,
        photos=photos,
        media_urls=wanted.urls,
        notice=str(notices),
        one_of_many=one_of_many,
    )


def _said(posted: Posted, form: Form, *, already: bool) -> HttpResponse:
    notice = " ".join(filter(None, (ALREADY if already else "", posted.notice)))
    accepted = Accepted(
        service_request_id=None if posted.token else str(posted.report_id),
        token=posted.token or None,
        service_notice=notice or None,
    )
    return say(WRITERS[form.fmt].write_accepted(accepted, form.dialect), form)


def _language(request: HttpRequest, here: SiteInfo) -> str:
    """The language in which the reporter is written to: the caller's, where the site speaks it."""
    accepted = request.headers.get("Accept-Language", "")[:500].lower()
    for wanted, _ in parse_accept_lang_header(accepted):
        short = wanted.partition("-")[0]
        meant = "nb" if short == "no" else short
        if meant in here.languages:
            return meant
    return here.first_language
