"""Alerts, and the token by which their owner ends one from any mail, without signing in."""

from __future__ import annotations

from django.core.signing import BadSignature, Signer

from streetmend.reports.errors import LinkUnknown
from streetmend.reports.models import Alert

_SALT = "streetmend.alerts.end"
_LONGEST = 200


def following(*, person_id: int, report_id: int) -> Alert | None:
    """The alert by which this person is told of this report, if it was confirmed and has not ended."""
    wanted = Alert.objects.filter(
        person=person_id, report=report_id, confirmed_at__isnull=False, ended_at=None
    )
    return wanted.first()


def end_token(alert: Alert) -> str:
    """What ends this alert, at any time: it is signed, not kept, and is good for nothing else."""
    return Signer(salt=_SALT).sign(str(alert.pk))


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
