"""What is due by and by: digests leave, and what nobody needs any more goes, a little at a time."""

from __future__ import annotations

import logging
from datetime import datetime

from streetmend.accounts.limits import forget_old_counts
from streetmend.photos.incoming import forget_old
from streetmend.photos.sweeping import FOLDERS, sweep
from streetmend.reports.queries.photos import owned_photos
from streetmend.reports.services.alerting import write_digests
from streetmend.reports.services.asking import ask_whether_fixed
from streetmend.reports.services.closing import close_silent_reports
from streetmend.reports.services.devices import forget_idle_devices
from streetmend.reports.services.drafts import forget_old_drafts
from streetmend.reports.services.forgetting import forget_old_reporters
from streetmend.reports.services.letters import forget_old_letters
from streetmend.reports.services.outcomes import Random
from streetmend.reports.services.own import erase_who_asked
from streetmend.reports.services.posting import forget_old_postings
from streetmend.reports.services.retention import forget_old_exchanges

logger = logging.getLogger("streetmend.worker")


def sweep_away(*, worker: str, now: datetime, random: Random) -> None:
    """Digests that are due are written; who asked to be erased is gone, who waits is asked; what nothing was heard of is
    closed where its category says so; old drafts, marks, counts and exchanges are gone.

    So are the photos of one folder that nothing owns. Each folder's turn comes about once an hour.
    """
    write_digests(now=now)
    erase_who_asked(now=now)
    ask_whether_fixed(now=now)
    closed = close_silent_reports(now=now)
    if closed:
        logger.info("worker=%s closed_silent_reports=%d", worker, closed)
    drafts = forget_old_drafts(now=now)
    marks = forget_old_postings(now=now)
    forget_idle_devices(now=now)
    forget_old_counts(now=now)
    forget_old_exchanges(now=now)
    forget_old_letters(now=now)
    forgotten = forget_old_reporters(now=now)
    if forgotten:
        logger.info("worker=%s forgotten_reporters=%d", worker, forgotten)
    folder = FOLDERS[int(random() * len(FOLDERS))]
    try:
        forget_old(now=now)
        photos = sweep(folder, owned=owned_photos, now=now)
    except OSError as error:
        logger.warning("worker=%s photos=%s cannot be swept: %s", worker, folder, error)
        photos = 0
    if drafts or marks or photos:
        logger.info(
            "worker=%s forgotten_drafts=%d forgotten_marks=%d orphaned_photos=%d",
            worker,
            drafts,
            marks,
            photos,
        )
