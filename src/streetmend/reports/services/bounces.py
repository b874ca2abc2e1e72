"""Mails that came back: a delivery is refused after all, a notice did not arrive."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from streetmend.reports.models import Attempt, Delivery, Notice, Report
from streetmend.reports.models.outbox import NoticeState
from streetmend.reports.services import kept
from streetmend.reports.services.dead_addresses import count_bounce
from streetmend.reports.services.letters import Aside, Ending, NotNow, mailed_with
from streetmend.reports.services.notices import write_staff_notice
from streetmend.reports.services.outcomes import OutcomeClass
from streetmend.reports.states import DeliveryActor, DeliveryState, may_deliver

#: its worker has not written down yet what the mail server said
_UNDER_WAY = frozenset({DeliveryState.SENDING, DeliveryState.UNCERTAIN, DeliveryState.WAITING})

#: an address that was not reached ("" where it is not told), and why
Failed = tuple[str, str]


def delivery_came_back(
    *, delivery: Delivery, sent_as: str, failures: Sequence[Failed], words: str, now: datetime
) -> Ending:
    """The deliveries of the mail whose addresses were not reached are refused, and say why; staff are told once.

    `delivery`: the first of the mail. `sent_as`: the address that it came back to, by which an older sending is known: that one
    says nothing of what was sent since. Raises Aside, NotNow.
    """
    report = Report.objects.select_for_update(no_key=True).get(pk=delivery.report_id)
    mail = [one for one in mailed_with(delivery) if _is_sending(one, sent_as)]
    if not mail:
        return Ending("It is about a mail that was sent anew since.", report=report)
    hit = _not_reached(mail, failures)
    if not hit:
        raise Aside("It does not say which of the administrations it did not reach.")
    if any(DeliveryState(one.state) in _UNDER_WAY for one, _ in hit):
        raise NotNow
    for one, why in hit:
        if may_deliver(DeliveryActor.WORKER, DeliveryState(one.state), DeliveryState.REFUSED):
            _refuse(one, why, words, now)
    kept.refresh(report, now=now)
    return Ending(hit[0][1], said_by="mail system", report=report)


def _is_sending(delivery: Delivery, sent_as: str) -> bool:
    return str(delivery.params_snapshot.get("bounces_to", "")).lower() == sent_as.lower()


def _not_reached(mail: Sequence[Delivery], failures: Sequence[Failed]) -> list[tuple[Delivery, str]]:
    """Those of the mail that a failure is about, and why. Of a mail to one address every failure is about that one."""
    addresses = {str(one.params_snapshot.get("to", "")).lower() for one in mail}
    if len(addresses) == 1:
        return [(one, failures[0][1]) for one in mail] if failures else []
    reasons = {address.lower(): why for address, why in failures}
    found = [(one, reasons.get(str(one.params_snapshot.get("to", "")).lower())) for one in mail]
    return [(one, why) for one, why in found if why is not None]


def _refuse(delivery: Delivery, why: str, words: str, now: datetime) -> None:
    told = f"The mail came back: {why}"[:500]
    Delivery.objects.filter(pk=delivery.pk).update(
        state=DeliveryState.REFUSED, why=told, next_at=None, accepted_at=None, proof=""
    )
    Attempt.objects.filter(delivery=delivery, n=delivery.attempts).update(
        outcome=OutcomeClass.REFUSED.value,
        error_class="CameBack",
        explanation=told,
        response_head=words[:4096],
    )
    write_staff_notice(
        subject=f"The mail to {delivery.body.name} came back",
        text=f"{why}\n\nAddress: {delivery.params_snapshot.get('to', '')}\nReport: {delivery.report_id}",
        now=now,
        once=f"back.{delivery.mark}.{delivery.attempts}",
    )


def notice_came_back(*, notice: Notice, why: str, now: datetime) -> Ending:
    """The notice did not arrive, and its address is one bounce nearer to being left alone. Raises NotNow."""
    if notice.state in (NoticeState.WAITING, NoticeState.SENDING):
        raise NotNow
    if Notice.objects.filter(pk=notice.pk, state=NoticeState.SENT).update(
        state=NoticeState.FAILED, why=f"The mail came back: {why}"[:500]
    ):
        count_bounce(email=notice.email, why=why, now=now)
    return Ending(why, said_by="mail system", report=notice.report)
