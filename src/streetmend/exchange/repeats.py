"""What is said in front of something that may be there already."""

from __future__ import annotations

from django.utils import formats, timezone, translation
from django.utils.translation import gettext as _

from streetmend.bodies.queries import site
from streetmend.reports.models import Delivery


def note_of_repeat(delivery: Delivery) -> str:
    """The sentence in the site's first language; "" for what certainly is sent for the first time.

    To be asked before the attempt is written down: then `first_sent_at` is of an earlier one.
    """
    if delivery.first_sent_at is None:
        return ""
    here = site()
    with translation.override(here.first_language), timezone.override(here.zone):
        at = formats.date_format(timezone.localtime(delivery.first_sent_at), "DATETIME_FORMAT")
        return _("This may repeat report %(number)s, which we sent at %(time)s.") % {
            "number": delivery.report_id,
            "time": at,
        }
