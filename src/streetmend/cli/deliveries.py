"""`streetmend deliveries`: what is owed to bodies, and its next step at once."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from streetmend.cli import Problem
from streetmend.cli.console import note, plural, say, say_json
from streetmend.reports.states import DeliveryState

if TYPE_CHECKING:
    from streetmend.reports.queries.outbox import OwedRow

_DONE = {
    "due": "It is sent at once.",
    "asked": "The body is asked at once whether it has it. Only what is not there is sent again.",
    "sent": "It is sent again at once.",
    "marked": "It is sent again at once, and says that it may repeat what is there.",
}


@click.group(name="deliveries", invoke_without_command=True, short_help="Show what is owed to bodies.")
@click.option(
    "--state", type=click.Choice([state.value for state in DeliveryState]), help="Only those in this state."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON: one array of all of them.")
@click.pass_context
def group(context: click.Context, state: str | None, as_json: bool) -> None:
    """Show what is owed to bodies, oldest first: where it stands and why, and what comes next and when."""
    if context.invoked_subcommand is None:
        _show(DeliveryState(state) if state else None, as_json)
    elif state or as_json:
        raise click.UsageError(f"--state and --json go with the list, not with {context.invoked_subcommand}.")


def _show(state: DeliveryState | None, as_json: bool) -> None:
    from streetmend.cli.database import ready

    ready()
    from streetmend.reports.queries.outbox import owed

    rows = owed(state=state)
    if as_json:
        say_json([asdict(row) for row in rows])
        return
    _note_block()
    count = 0
    for row in rows:
        count += 1
        say(_line(row))
    if count:
        note(plural(count, "delivery", "deliveries"))
    else:
        say("Nothing is owed." if state is None else f"No delivery is in the state {state}.")


@group.command(short_help="Take the next step of a delivery at once.")
@click.argument("delivery_id", metavar="ID", type=click.IntRange(min=1, max=2**63 - 1))
def retry(delivery_id: int) -> None:
    """Do at once what comes next for the delivery of this ID (the number at the beginning of its line).

    What waits is sent. Of what may be there its body is asked first, and only what is not there is sent again. What was refused,
    or is held for a person, is sent again, marked as a possible repeat where it may be there.
    """
    from streetmend.cli.database import ready

    ready()
    from streetmend.clock import SystemClock
    from streetmend.reports.models import Delivery
    from streetmend.reports.services.by_staff import DeliveryMoved
    from streetmend.reports.services.by_staff import retry as retry_now

    delivery = Delivery.objects.select_related("endpoint").filter(pk=delivery_id).first()
    if delivery is None:
        raise Problem(f"There is no delivery {delivery_id}.", next_command="streetmend deliveries")
    try:
        done = retry_now(delivery=delivery, now=SystemClock().now())
    except DeliveryMoved as error:
        raise Problem(f"Delivery {delivery_id} stays where it is. {error}") from error
    say(f"{delivery_id}: {_DONE[done.value]}")
    if delivery.endpoint is not None and delivery.endpoint.paused_at is not None:
        note(f"Its endpoint is paused until somebody resumes it. {delivery.endpoint.paused_why}".rstrip())
    _note_block()


def _note_block() -> None:
    """What keeps everything here, if something does."""
    from django.conf import settings

    from streetmend.reports.queries.outbound import outbound_block

    if block := outbound_block(instance_id=settings.INSTANCE_ID):
        note(f"Nothing leaves. {block.why}")


def _line(row: OwedRow) -> str:
    number = f" as {row.remote_id}" if row.remote_id else ""
    tries = f", {plural(row.attempts, 'attempt')}" if row.attempts else ""
    why = f" {row.why}" if row.why else ""
    if row.next_at:
        then = f" Next step at {row.next_at:%Y-%m-%d %H:%M:%S} UTC."
    else:
        then = "" if row.accepted_at else " Nothing happens by itself."
    return f"{row.id}: {row.kind} {row.report} to {row.body}, {row.state}{number}{tries}.{why}{then}"
