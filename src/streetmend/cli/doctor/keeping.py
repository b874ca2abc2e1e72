"""The doctor looks at what is kept for quick reads and of people, and whether anything may leave."""

from __future__ import annotations

from collections.abc import Iterator

from streetmend.cli.console import plural
from streetmend.cli.doctor.findings import Finding, fine, problem, warning
from streetmend.clock import Clock


def kept() -> Iterator[Finding]:
    """Whether the kept columns say what their sources say."""
    from streetmend.reports.queries.soundness import wrong_kept

    wrong = wrong_kept()
    for name, count in wrong.items():
        yield problem(
            "kept", f"{name} is wrong in {plural(count, 'row')}.", "report it: no writer of ours may do that"
        )
    if not wrong:
        yield fine("kept", "What is kept for quick reads says what its sources say.")


def privacy(clock: Clock) -> Iterator[Finding]:
    """How long reporters are kept, and of how many reports the worker has yet to forget them; none is forgotten here."""
    from streetmend.bodies.queries import site
    from streetmend.reports.queries.forgetting import count_due

    months = site().forget_after_months
    if not months:
        yield warning(
            "privacy",
            "The names and addresses of those who report are kept for ever.",
            "set forget_after_months in the site file, such as 24",
        )
        return
    left = count_due(now=clock.now(), months=months)
    waiting = f" The worker has yet to forget those of {plural(left, 'report')}." if left else ""
    yield fine(
        "privacy",
        f"Reporters are forgotten {plural(months, 'month')} after a closed report's last news.{waiting}",
    )


def outbound() -> Iterator[Finding]:
    """Whether anything may leave, and whether a copy of the database would."""
    from django.conf import settings

    from streetmend.cli.doctor.machine import is_here
    from streetmend.reports.queries.outbound import outbound_block

    block = outbound_block(instance_id=settings.INSTANCE_ID)
    if block is not None:
        yield warning("outbound", f"Nothing leaves this site. {block.why}", "streetmend outbound resume")
    elif not settings.INSTANCE_ID and not is_here(settings.BASE_URL):
        yield warning(
            "outbound",
            "A copy of this database would send, too.",
            "set STREETMEND_INSTANCE_ID, such as production",
        )
    else:
        yield fine("outbound", "What is owed leaves.")
