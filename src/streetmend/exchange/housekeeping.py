"""What a worker looks after now and then: leases of the dead, late answers, what has waited for long, mails about it."""

from __future__ import annotations

import logging
from datetime import datetime

from streetmend.reports.services.alerting import tell_of_new_reports
from streetmend.reports.services.lost import fall_back_to_mail, plan_ledgers, tell_of_doubts, tell_of_outages
from streetmend.reports.services.notices import rescue_notices
from streetmend.reports.services.outbox import repeat_mails, rescue_deliveries, use_evidence

logger = logging.getLogger("streetmend.worker")


def keep_house(*, worker: str, now: datetime) -> None:
    """Everything that is due by itself at `now` (UTC) has been seen to; what was unusual is logged."""
    for what, count in (
        ("rescued deliveries", rescue_deliveries()),
        ("rescued notices", rescue_notices(now=now)),
        ("repeated mails", repeat_mails(now=now)),
        ("late answers", use_evidence(now=now)),
        ("mails instead", fall_back_to_mail(now=now)),
        ("outages told", tell_of_outages(now=now)),
    ):
        if count:
            logger.warning("worker=%s %s=%d", worker, what.replace(" ", "_"), count)
    tell_of_doubts(now=now)
    plan_ledgers(now=now)
    tell_of_new_reports(now=now)
