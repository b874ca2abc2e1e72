"""`streetmend outbound pause|resume`: whether anything leaves this site."""

from __future__ import annotations

import click

from streetmend.cli.console import plural, say, say_json


@click.group(name="outbound")
def group() -> None:
    """Whether anything leaves this site: reports, updates, mails, and questions to endpoints."""


@group.command(short_help="Nothing leaves any more.")
@click.option("--why", default="An operator paused it.", show_default=True, help="What staff are told.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def pause(why: str, as_json: bool) -> None:
    """Stop sending: within a second or two no worker begins anything new. What is in flight is finished and written down.

    Reports are taken in as always and wait. Ends with 0 where it was paused already, too.
    """
    from streetmend.cli.database import ready
    from streetmend.clock import SystemClock

    ready()
    from streetmend.reports.services.outbound import pause_outbound

    paused = pause_outbound(why=why, now=SystemClock().now())
    if as_json:
        say_json({"paused": True, "changed": paused})
    else:
        say("Nothing leaves any more." if paused else "It was paused already.")


@group.command(short_help="Everything leaves again.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def resume(as_json: bool) -> None:
    """Send again. From now on the database is this instance's (STREETMEND_INSTANCE_ID).

    In a restored copy, what was owed when the backup was taken may have been sent since: these deliveries become uncertain first,
    and their bodies are asked before anything is sent again.
    """
    from django.conf import settings

    from streetmend.cli.database import ready
    from streetmend.clock import SystemClock

    ready()
    from streetmend.reports.services.outbound import resume_outbound

    doubtful = resume_outbound(instance_id=settings.INSTANCE_ID, now=SystemClock().now())
    if as_json:
        say_json({"paused": False, "changed": doubtful is not None, "uncertain": doubtful or 0})
    elif doubtful is None:
        say("It was not paused.")
    else:
        asked = f" {plural(doubtful, 'delivery', 'deliveries')} may have been sent before: they are asked about first."
        say("Everything leaves again." + (asked if doubtful else ""))
