"""Notices become mails: plain text in the language of the one who is told."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import formats, timezone, translation

from streetmend.bodies.queries import categories_in_use, category_names, site
from streetmend.bodies.values import SiteInfo
from streetmend.exchange.addresses import (
    confirm_url,
    draft_url,
    end_alert_url,
    report_url,
    sign_in_url,
    still_url,
)
from streetmend.exchange.mailing import Mail, MailEnd, MailResult
from streetmend.exchange.replies.addresses import address_for_notice
from streetmend.exchange.words import state_name
from streetmend.reports.models import Notice, Update
from streetmend.reports.models.outbox import NoticeKind
from streetmend.reports.queries.alerts import (
    about,
    alert_of,
    end_token,
    end_token_of_reporter,
    following,
    still_public,
    still_token,
)
from streetmend.reports.queries.stories import said_since
from streetmend.reports.services.letters import ANSWERED
from streetmend.reports.services.notices import NoticeResult, claim_notices, record_notices, secret_of

logger = logging.getLogger("streetmend.worker")

T = TypeVar("T")


class NothingToTell(Exception):
    """What the notice was to tell of is not public any more."""


def sender(here: SiteInfo) -> str:
    """From whom the site's mails come, as an address with a name."""
    address = here.contact_email or settings.DEFAULT_FROM_EMAIL
    name = here.name.replace('"', "").replace("\\", "")
    return f'"{name}" <{address}>'


def render(template: str, context: Mapping[str, Any]) -> tuple[str, str]:
    """The subject (the template's first line) and the text (what comes after the blank line)."""
    subject, _, text = render_to_string(f"mail/{template}.txt", dict(context)).strip().partition("\n")
    return " ".join(subject.split()), text.strip() + "\n"


def context_of(notice: Notice) -> dict[str, Any]:
    """What the words of a notice are made from, in its language and in the site's zone. Raises NothingToTell."""
    here = site().in_language(notice.language)
    with translation.override(notice.language), timezone.override(here.zone):
        context: dict[str, Any] = {"site": here, "base_url": settings.BASE_URL, **notice.content}
        if notice.report is not None:
            context |= {"report": notice.report, "report_url": report_url(notice.report.pk)}
        return context | _WORDS.get(NoticeKind(notice.kind), _nothing_more)(notice)


def mail_of(notice: Notice) -> Mail:
    """The mail that says what the notice is for, in its language. Raises NothingToTell."""
    context = context_of(notice)
    here = context["site"]
    with translation.override(notice.language), timezone.override(here.zone):
        answers = address_for_notice(notice)
        context["takes_answers"] = bool(answers) and _takes_answers(notice)
        subject, text = render(notice.kind, context)
    return Mail(
        to=notice.email,
        subject=subject,
        text=text,
        sender=sender(here),
        message_id=notice.message_id,
        reply_to=answers if context["takes_answers"] else "",
        bounces_to=answers,
        headers=_headers(str(context.get("end_url", ""))),
    )


def results_of(notices: Sequence[Notice], ends: Sequence[MailResult]) -> list[NoticeResult]:
    """What is recorded of each notice after its mail was handed over, or not."""
    return [
        NoticeResult(
            notice_id=notice.pk,
            attempt=notice.attempts,
            sent=end.end is MailEnd.TAKEN,
            why=end.why,
            final=end.end is MailEnd.REFUSED,
            no_such_address=end.no_such_recipient,
        )
        for notice, end in zip(notices, ends, strict=True)
    ]


def _takes_answers(notice: Notice) -> bool:
    return (
        NoticeKind(notice.kind) in ANSWERED and notice.person_id is not None and notice.report_id is not None
    )


def _headers(end_url: str) -> dict[str, str]:
    """By which mail programs offer to end what the mail comes from (RFC 2369, RFC 8058)."""
    if not end_url:
        return {}
    return {"List-Unsubscribe": f"<{end_url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


def _nothing_more(notice: Notice) -> dict[str, Any]:
    return {}


def _confirm(notice: Notice) -> dict[str, Any]:
    return {"confirm_url": confirm_url(secret_of(notice))}


def _sign_in(notice: Notice) -> dict[str, Any]:
    return {"sign_in_url": sign_in_url(secret_of(notice))}


def _draft(notice: Notice) -> dict[str, Any]:
    return {"draft_url": draft_url(secret_of(notice))}


def _confirm_alert(notice: Notice) -> dict[str, Any]:
    return {**_confirm(notice), **_of_alert(notice)}


def _of_alert(notice: Notice) -> dict[str, Any]:
    """What the alert is about on which the notice rests, and where it is ended; nothing where it is about one report."""
    alert = alert_of(int(notice.content.get("alert", 0)))
    if alert is None or alert.report_id is not None:
        return {}
    return {"wanted": about(alert, notice.language), "end_url": end_alert_url(end_token(alert))}


def _new_report(notice: Notice) -> dict[str, Any]:
    report = notice.report
    if report is None or not report.visible:
        raise NothingToTell("The report is no longer public.")
    labels = {choice.name_id: choice.label for choice in categories_in_use(notice.language)}
    name = category_names().get(report.category_name_id, "")
    return {"category": labels.get(report.category_name_id, name), **_of_alert(notice)}


def _new_reports(notice: Notice) -> dict[str, Any]:
    reports = still_public(notice.content.get("reports", []))
    if not reports:
        raise NothingToTell("None of the reports is public any more.")
    lines = [
        {"title": report.title, "address": report.address, "url": report_url(report.pk)} for report in reports
    ]
    return {"lines": lines, **_of_alert(notice)}


def _still_there(notice: Notice) -> dict[str, Any]:
    report = notice.report
    if report is None or not report.visible or report.closed:
        raise NothingToTell("The report is closed, or no longer public.")
    return {"still_url": still_url(still_token(report.pk))}


def _updated(notice: Notice) -> dict[str, Any]:
    update = notice.update
    if update is None:
        return {}
    author = update.name if update.show_name else ""
    moved = notice.content.get("moved_to", update.state)
    return {
        "update": update,
        "text": _text(update, notice),
        "author": author,
        "state_name": state_name(moved) if moved else "",
        "is_reporter": _is_reporter(notice),
        "end_url": _end_url(notice),
    }


def _text(update: Update, notice: Notice) -> str:
    """The update's words; its body may have other ones for the reporter than for the public."""
    return (update.email_text if _is_reporter(notice) else "") or update.text


def _news(notice: Notice) -> dict[str, Any]:
    """Everything that was said since, in one mail: as it is when the mail leaves."""
    report = notice.report
    if report is None:
        return {}
    lines = [
        {
            "at": formats.date_format(timezone.localtime(update.at), "DATETIME_FORMAT"),
            "author": update.name if update.show_name else "",
            "state_name": state_name(update.state) if update.state else "",
            "text": _text(update, notice),
        }
        for update in said_since(report, first=int(notice.content.get("from", 0)), not_by=notice.person_id)
    ]
    if not lines:
        raise NothingToTell("What it was to tell of does not show any more.")
    return {
        "lines": lines,
        "state_name": state_name(report.state),
        "is_reporter": _is_reporter(notice),
        "end_url": _end_url(notice),
    }


def _is_reporter(notice: Notice) -> bool:
    report = notice.report
    return report is not None and notice.person_id is not None and notice.person_id == report.reporter_id


def _end_url(notice: Notice) -> str:
    """Where who is told ends these mails; "" for somebody whom we do not know."""
    report = notice.report
    if report is None or notice.person_id is None:
        return ""
    if _is_reporter(notice):
        return end_alert_url(end_token_of_reporter(report))
    alert = following(person_id=notice.person_id, report_id=report.pk)
    return end_alert_url(end_token(alert)) if alert else ""


_WORDS: dict[NoticeKind, Callable[[Notice], dict[str, Any]]] = {
    NoticeKind.CONFIRM_REPORT: _confirm,
    NoticeKind.CONFIRM_UPDATE: _confirm,
    NoticeKind.CONFIRM_ALERT: _confirm_alert,
    NoticeKind.NEW_REPORT: _new_report,
    NoticeKind.STILL_THERE: _still_there,
    NoticeKind.NEW_REPORTS: _new_reports,
    NoticeKind.SIGN_IN: _sign_in,
    NoticeKind.DRAFT: _draft,
    NoticeKind.REPORT_UPDATED: _updated,
    NoticeKind.REPORT_NEWS: _news,
}


def claim_written(
    make: Callable[[Notice], T],
    *,
    worker: str,
    now: datetime,
    limit: int,
    lease_seconds: int,
    by_push: bool = False,
) -> list[tuple[Notice, T]]:
    """The notices that `claim_notices` gives, each with what `make` makes of it; to be called in one unit of database work.

    One of which nothing can be made waits and is tried again, or is given up where there is nothing to tell any more.
    """
    claimed = claim_notices(worker=worker, now=now, limit=limit, lease_seconds=lease_seconds, by_push=by_push)
    ready, broken = [], []
    for notice in claimed:
        result = partial(NoticeResult, notice.pk, notice.attempts, sent=False)
        try:
            ready.append((notice, make(notice)))
        except NothingToTell as nothing:
            broken.append(result(why=str(nothing), final=True))
        except MemoryError:  # no fault of the notice
            raise
        except Exception as error:
            logger.exception("notice=%d could not be written", notice.pk)
            broken.append(result(why=type(error).__name__))
    if broken:
        record_notices(worker=worker, results=broken, now=now)
    return ready
