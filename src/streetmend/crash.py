"""Named points at which a process can be made to die, for the tests that kill it there. Decision 0044 says what a point is."""

from __future__ import annotations

import os
import signal

#: every point, in the order in which a report meets them
POINTS = (
    "report_written",
    "report_kept",
    "chosen",
    "intent_written",
    "leased",
    "after_intent",
    "before_call",
    "before_request",
    "connected",
    "answer_begun",
    "answer_read",
    "after_send",
    "token_asked",
    "mail_made",
    "mail_taken",
    "after_answer",
    "record_locked",
    "attempt_closed",
    "delivery_moved",
    "record_written",
    "after_record",
    "rescue_written",
    "rescued",
    "doubts_read",
    "window_read",
    "after_sweep",
    "found_written",
    "not_found_written",
    "cannot_written",
    "after_decision",
    "sweep_over",
    "probe_answered",
    "probe_recorded",
    "after_notices_claimed",
    "after_notices_sent",
    "notices_recorded",
    "after_page_stored",
    "after_rows_applied",
    "after_row_applied",
    "after_reports_stored",
    "after_letter_taken",
)


class _Aim:
    """Where this process dies: read once, so that a point that is not asked for costs one comparison."""

    point = os.environ.get("STREETMEND_CRASH_POINT", "")
    passings = 1


def aim(point: str, *, passing: int = 1) -> None:
    """This process ends when it passes `point` for so many times. Raises ValueError for a point that there is not."""
    if point not in POINTS:
        raise ValueError(f"{point!r} is none of {', '.join(POINTS)}")
    _Aim.point, _Aim.passings = point, passing


def crash(point: str) -> None:
    """Nothing; but a process that was started with STREETMEND_CRASH_POINT=`point`, or aims at it, ends here as by kill -9."""
    if point == _Aim.point:
        _Aim.passings -= 1
        if _Aim.passings < 1:
            os.kill(os.getpid(), signal.SIGKILL)
