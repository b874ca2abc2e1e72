"""Alerts, and the token by which their owner ends one from any mail, without signing in."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from hashlib import sha256

from django.core.signing import BadSignature, Signer

from streetmend.areas import queries as area_queries
from streetmend.bodies.queries import body_names, categories_in_use, category_names
from streetmend.reports.errors import LinkUnknown
from streetmend.reports.models import Alert, Report

_SALT = "streetmend.alerts.end"
_SALT_OF_REPORTER = "streetmend.reports.end-news"
_STILL = "streetmend.reports.still"
_LONGEST = 200


def following(*, person_id: int, report_id: int) -> Alert | None:
    """The alert by which this person is told of this report, if it was confirmed and has not ended."""
    wanted = Alert.objects.filter(
        person=person_id, report=report_id, confirmed_at__isnull=False, ended_at=None
    )
    return wanted.first()


@dataclass(frozen=True, slots=True)
class About:
    """What an alert on new reports is about, by names; empty where it says nothing of it. `metres` around a place."""

    metres: int | None
    lat: float | None
    long: float | None
    area: str
    body: str
    category: str


def about(alert: Alert, language: str) -> About:
    """What the alert is about, in the language's words."""
    areas = {area.mapit_id: area.name for area in area_queries.areas()} if alert.area_id else {}
    labels = {choice.name_id: choice.label for choice in categories_in_use(language)}
    category_id = alert.category_name_id
    return About(
        metres=alert.metres,
        lat=alert.lat,
        long=alert.long,
        area=areas.get(alert.area_id or 0, ""),
        body=body_names().get(alert.body_id, "") if alert.body_id else "",
        category=labels.get(category_id, category_names().get(category_id, "")) if category_id else "",
    )


def wishes_of(person_id: int) -> list[Alert]:
    """The confirmed alerts of a person that have not ended, the newest first, with their reports."""
    mine = Alert.objects.filter(person=person_id, confirmed_at__isnull=False, ended_at=None)
    return list(mine.select_related("report").order_by("-id"))


def following_by_device(*, endpoint: str, report_id: int) -> Alert | None:
    """The alert by which the browser of this endpoint is told of this report, if it has not ended."""
    return next((alert for alert in wishes_of_device(endpoint) if alert.report_id == report_id), None)


def wishes_of_device(endpoint: str) -> list[Alert]:
    """The alerts of the browser of this endpoint that have not ended, the newest first, with their reports.

    Whoever knows the endpoint is the browser, or its push service.
    """
    mine = Alert.objects.filter(
        device__endpoint_hash=sha256(endpoint.encode()).hexdigest(), confirmed_at__isnull=False, ended_at=None
    )
    return list(mine.select_related("report").order_by("-id"))


def alert_of(alert_id: int) -> Alert | None:
    """The alert of this id, with its report."""
    return Alert.objects.select_related("report").filter(pk=alert_id).first()


def still_public(report_ids: Collection[int]) -> list[Report]:
    """Those of the reports that are public now, in the order of their ids."""
    return list(Report.objects.filter(pk__in=report_ids, visible=True).order_by("id"))


def end_token(alert: Alert) -> str:
    """What ends this alert, at any time: it is signed, not kept, and is good for nothing else."""
    return Signer(salt=_SALT).sign(str(alert.pk))


def end_token_of_reporter(report: Report) -> str:
    """What ends the mails to the one who made the report, as `end_token` ends a follower's."""
    return Signer(salt=_SALT_OF_REPORTER).sign(str(report.pk))


def report_with(token: str) -> Report:
    """The report of an `end_token_of_reporter`. Raises LinkUnknown."""
    try:
        number = int(Signer(salt=_SALT_OF_REPORTER).unsign(token[:_LONGEST]))
    except (BadSignature, ValueError) as error:
        raise LinkUnknown("We do not know this link.") from error
    report = Report.objects.filter(pk=number).first()
    if report is None:
        raise LinkUnknown("This report is gone.")
    return report


def still_token(report_id: int) -> str:
    """By which the reporter, and nobody else, says whether the report's problem is still there: signed, good for nothing else."""
    return Signer(salt=_STILL).sign(str(report_id))


def asked_about(token: str) -> Report:
    """The public report of a `still_token`. Raises LinkUnknown."""
    try:
        number = int(Signer(salt=_STILL).unsign(token[:_LONGEST]))
    except (BadSignature, ValueError) as error:
        raise LinkUnknown("We do not know this link.") from error
    report = Report.objects.select_related("reporter").filter(pk=number, visible=True).first()
    if report is None:
        raise LinkUnknown("There is no such report.")
    return report


def alert_with(token: str) -> Alert:
    """The alert of an `end_token`, with its report. Raises LinkUnknown."""
    try:
        number = int(Signer(salt=_SALT).unsign(token[:_LONGEST]))
    except (BadSignature, ValueError) as error:
        raise LinkUnknown("We do not know this link.") from error
    alert = Alert.objects.select_related("report").filter(pk=number).first()
    if alert is None:
        raise LinkUnknown("This alert is gone.")
    return alert
