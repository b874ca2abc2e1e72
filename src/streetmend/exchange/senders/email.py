"""A delivery by e-mail: plain text in the site's first language, to the body's address."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from django.utils import formats, timezone, translation

from streetmend.bodies.models import Category, Question
from streetmend.bodies.queries import site
from streetmend.crash import crash
from streetmend.exchange.addresses import map_url, photo_url, report_url
from streetmend.exchange.mailing import Mail, MailEnd, MailResult, send_mails
from streetmend.exchange.notices import render, sender
from streetmend.exchange.repeats import note_of_repeat
from streetmend.reports.models import Delivery, Report
from streetmend.reports.services.notices import message_id
from streetmend.reports.services.outbox import Prepared
from streetmend.reports.services.outcomes import Outcome, OutcomeClass


def prepare(delivery: Delivery, category: Category | None, questions: Sequence[Question]) -> Prepared:
    """The mail as it will be sent, now and at every repeat."""
    if not delivery.body.email:
        return Prepared(
            {}, problem=f"{delivery.body.name} has neither an endpoint in use nor an e-mail address."
        )
    mail = asdict(_mail(delivery, category, questions))
    return Prepared(mail, hashlib.sha256(json.dumps(mail, sort_keys=True).encode()).hexdigest())


def send(params: Mapping[str, Any]) -> Outcome:
    """Hands the mail that was prepared to the mail server. Blocks for as long as that takes."""
    mail = Mail(**params)
    crash("mail_made")
    (result,) = send_mails([mail])
    crash("mail_taken")
    return outcome_of(result)


def outcome_of(result: MailResult) -> Outcome:
    """What the end of a mail means for its delivery."""
    return Outcome(
        result=_CLASSES[result.end],
        why=result.why,
        error_class=result.error_class,
        sent_bytes=0 if result.end is MailEnd.NOT_TAKEN else None,
    )


_CLASSES = {
    MailEnd.TAKEN: OutcomeClass.MAILED,
    MailEnd.NOT_TAKEN: OutcomeClass.NOT_RECEIVED,
    MailEnd.REFUSED: OutcomeClass.REFUSED,
    MailEnd.UNKNOWN: OutcomeClass.MAIL_UNKNOWN,
}


def _mail(delivery: Delivery, category: Category | None, questions: Sequence[Question]) -> Mail:
    here = site()
    report = delivery.report
    with translation.override(here.first_language), timezone.override(here.zone):
        subject, text = render(
            "to_body", {**_context(report, category, questions), "repeats": note_of_repeat(delivery)}
        )
    return Mail(
        to=delivery.body.email,
        subject=subject,
        text=text,
        sender=sender(here),
        message_id=message_id(f"delivery.{delivery.mark}"),
        reply_to=report.email,
    )


def _context(report: Report, category: Category | None, questions: Sequence[Question]) -> dict[str, Any]:
    requested = report.requested_at or report.created_at
    return {
        "site": site(),
        "number": report.pk,
        "title": report.title,
        "detail": report.detail,
        "category": category.name.name if category else report.category_name.name,
        "answers": _answers(report, questions),
        "address": report.address,
        "place_hint": report.place_hint,
        "lat": f"{report.lat:.6f}",
        "long": f"{report.long:.6f}",
        "map_url": map_url(report.lat, report.long),
        "photo_urls": [] if report.private else [photo_url(name) for name in report.photo_names],
        "name": report.name,
        "email": report.email,
        "phone": report.phone,
        "requested_at": formats.date_format(timezone.localtime(requested), "DATETIME_FORMAT"),
        "url": "" if report.private else report_url(report.pk),
    }


def _answers(report: Report, questions: Sequence[Question]) -> list[dict[str, str]]:
    """What was asked and answered, with the names that people saw instead of keys."""
    given = {str(answer["code"]): list(map(str, answer["values"])) for answer in report.answers}
    shown = []
    for question in questions:
        names = {choice["key"]: choice["name"] for choice in question.values}
        values = [names.get(value, value) for value in given.get(question.code, [])]
        if values:
            shown.append({"question": question.text, "text": ", ".join(values)})
    return shown
