"""An update by e-mail: a mail in the thread of the report's own, frozen at the first attempt as that one is."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from typing import Any

from django.utils import formats, timezone, translation

from streetmend.bodies.queries import mail_address, site
from streetmend.exchange.addresses import photo_url, report_url
from streetmend.exchange.mailing import Mail
from streetmend.exchange.notices import render, sender
from streetmend.exchange.repeats import note_of_repeat
from streetmend.exchange.replies.addresses import address_for_delivery
from streetmend.exchange.words import state_name
from streetmend.reports.models import Delivery, Photo, Update
from streetmend.reports.models.outbox import DeliveryKind
from streetmend.reports.services.notices import message_id
from streetmend.reports.services.outbox import Prepared
from streetmend.reports.states import Actor


def prepare(delivery: Delivery, update: Update) -> Prepared:
    """The mail as it will be sent, now and at every repeat."""
    if update.hidden or delivery.report.hidden:
        return Prepared({}, problem="It is hidden: it is not sent.")
    address = mail_address(delivery.body, delivery.category_name_id)
    if not address:
        return Prepared({}, problem=f"{delivery.body.name} has no e-mail address.")
    mail = asdict(_mail(delivery, update, address))
    return Prepared(mail, hashlib.sha256(json.dumps(mail, sort_keys=True).encode()).hexdigest())


def _mail(delivery: Delivery, update: Update, address: str) -> Mail:
    here = site()
    answers = address_for_delivery(delivery, delivery.attempts)
    writer = update.person.email if update.person else ""
    thread = _thread(delivery)
    with translation.override(here.first_language), timezone.override(here.zone):
        said = {
            **_context(delivery, update),
            "email": writer,
            "repeats": note_of_repeat(delivery),
            "answers_published": bool(answers),
        }
        subject, text = render("update_to_body", said)
    again = f".{delivery.attempts}" if delivery.attempts else ""
    return Mail(
        to=address,
        # what mail programs take for the same thread where they do not look at References
        subject=f"Re: {thread.subject}" if thread.subject else subject,
        text=text,
        sender=sender(here),
        message_id=message_id(f"delivery.{delivery.mark}{again}"),
        reply_to=answers or writer,
        bounces_to=answers,
        headers=thread.headers,
    )


class _Thread:
    """The mails to the body about the report that were sent before this one."""

    def __init__(self, report_mail: dict[str, Any] | None, updates: list[dict[str, Any]]) -> None:
        names = [str(one["message_id"]) for one in [report_mail, *updates] if one and one.get("message_id")]
        self.subject = str(report_mail.get("subject", "")) if report_mail else ""
        #: RFC 5322, 3.6.4; the first one and the last ones, because a header line is not endless
        self.headers: dict[str, str] = (
            {"In-Reply-To": names[-1], "References": " ".join([*names[:1], *names[1:][-9:]])} if names else {}
        )


def _thread(delivery: Delivery) -> _Thread:
    to_body = Delivery.objects.filter(report=delivery.report_id, body=delivery.body_id, endpoint=None)
    report_mail = to_body.filter(kind=DeliveryKind.REPORT).values_list("params_snapshot", flat=True).first()
    earlier = to_body.filter(kind=DeliveryKind.UPDATE, seq__lt=delivery.seq).order_by("seq")
    return _Thread(report_mail, list(earlier.values_list("params_snapshot", flat=True)))


def _context(delivery: Delivery, update: Update) -> dict[str, Any]:
    photos = Photo.objects.filter(update=update, hidden=False).order_by("position", "id")
    private = delivery.report.private
    return {
        "site": site(),
        "number": delivery.report_id,
        "title": delivery.report.title,
        "by_reporter": update.actor == Actor.REPORTER,
        "by_staff": update.actor == Actor.STAFF,
        "name": update.name,
        "text": update.text,
        "state_name": state_name(update.state) if update.state else "",
        "photo_urls": [] if private else [photo_url(photo.name) for photo in photos],
        "at": formats.date_format(timezone.localtime(update.at), "DATETIME_FORMAT"),
        "url": "" if private else report_url(delivery.report_id),
    }
