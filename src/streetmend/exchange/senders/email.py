"""A delivery by e-mail: plain text in the site's first language, one mail to the addresses of all bodies that get it so."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import Executor, Future
from dataclasses import asdict
from typing import Any

from django.utils import formats, timezone, translation

from streetmend.bodies.models import Category, Question
from streetmend.bodies.queries import mail_address, site
from streetmend.crash import crash
from streetmend.exchange.addresses import map_url, photo_url, report_url
from streetmend.exchange.mailing import Mail, MailEnd, MailResult, send_together
from streetmend.exchange.notices import render, sender
from streetmend.exchange.repeats import note_of_repeat
from streetmend.exchange.replies.addresses import address_for_delivery
from streetmend.exchange.senders.open311 import Lease
from streetmend.reports.models import Delivery, Report
from streetmend.reports.services.notices import message_id
from streetmend.reports.services.outbox import Claim, Prepared
from streetmend.reports.services.outcomes import HELD_UP, Outcome, OutcomeClass


def prepare(
    delivery: Delivery,
    category: Category | None,
    questions: Sequence[Question],
    together: Sequence[Delivery],
) -> Prepared:
    """The mail as it will be sent, now and at every repeat. `together`: all the deliveries that it is one mail for."""
    if not _address_of(delivery):
        return Prepared(
            {}, problem=f"{delivery.body.name} has neither an endpoint in use nor an e-mail address."
        )
    mail = asdict(_mail(delivery, category, questions, together))
    return Prepared(mail, hashlib.sha256(json.dumps(mail, sort_keys=True).encode()).hexdigest())


class Handing:
    """The mails among some claims: those that are one mail are handed over once, and each delivery has its own outcome."""

    def __init__(self, claims: Iterable[Claim], lanes: Executor, lease: Lease) -> None:
        self._lanes, self._lease = lanes, lease
        self._mails: dict[str, list[Claim]] = defaultdict(list)
        self._futures: dict[str, Future[dict[str, MailResult]]] = {}
        for claim in claims:
            if claim.delivery.endpoint is None and not claim.problem:
                self._mails[_name_of(claim)].append(claim)

    async def outcome(self, claim: Claim) -> Outcome:
        """What became of the claim's part of its mail, which is handed over in a thread, once."""
        name, address = _name_of(claim), str(claim.delivery.params_snapshot["to"])
        if name not in self._futures:
            recipients = [str(one.delivery.params_snapshot["to"]) for one in self._mails[name]]
            self._futures[name] = self._lanes.submit(
                _hand_over, Mail(**claim.delivery.params_snapshot), recipients, self._lease
            )
        results = await asyncio.wrap_future(self._futures[name])
        return outcome_of(results[address])


def _name_of(claim: Claim) -> str:
    """By what the parts of one mail are known: all that it says besides to whom."""
    return f"{claim.delivery.report_id} {claim.delivery.params_snapshot.get('message_id', '')}"


def _hand_over(mail: Mail, recipients: Sequence[str], lease: Lease) -> dict[str, MailResult]:
    """In a lane that may have been taken for a while: what the lease has no room for is not begun."""
    if not lease.has_room():
        why = "The worker was held up for too long; nothing was sent."
        return dict.fromkeys(recipients, MailResult(MailEnd.NOT_TAKEN, why, HELD_UP))
    crash("mail_made")
    results = send_together(mail, recipients)
    crash("mail_taken")
    return results


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


def _mail(
    delivery: Delivery, category: Category | None, questions: Sequence[Question], together: Sequence[Delivery]
) -> Mail:
    here = site()
    report, first = delivery.report, together[0]
    addresses = list(dict.fromkeys(map(_address_of, together)))
    # of the first of them: mails back say themselves who they are from, and who was not reached
    answers = address_for_delivery(first, first.attempts)
    with translation.override(here.first_language), timezone.override(here.zone):
        said = {
            **_context(report, category, questions),
            "repeats": note_of_repeat(delivery),
            "answers_published": bool(answers),
        }
        subject, text = render("to_body", said)
    return Mail(
        to=_address_of(delivery),
        subject=subject,
        text=text,
        sender=sender(here),
        message_id=message_id(_message_name(first)),
        reply_to=answers or report.email,
        bounces_to=answers,
        together=addresses if len(addresses) > 1 else (),
    )


def _address_of(delivery: Delivery) -> str:
    return mail_address(delivery.body, delivery.category_name_id)


def _message_name(first: Delivery) -> str:
    """The same at every repeat of this mail; what staff send again is another one, which no mail system may drop."""
    again = f".{first.attempts}" if first.attempts else ""
    return f"delivery.{first.mark}{again}"


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
    shown: list[dict[str, str]] = []
    for question in questions:
        names = {choice["key"]: choice["name"] for choice in question.values}
        values = [names.get(value, value) for value in given.get(question.code, [])]
        line = {"question": question.text, "text": ", ".join(values)}
        # several bodies may ask the same
        if values and line not in shown:
            shown.append(line)
    return shown
