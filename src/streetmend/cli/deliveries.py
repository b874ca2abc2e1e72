"""`streetmend deliveries`: what is owed to bodies."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from streetmend.cli.console import note, plural, say, say_json
from streetmend.reports.states import DeliveryState

if TYPE_CHECKING:
    from streetmend.reports.queries.outbox import OwedRow


@click.command(short_help="Show what is owed to bodies.")
@click.option(
    "--state", type=click.Choice([state.value for state in DeliveryState]), help="Only those in this state."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON: one array of all of them.")
def command(state: str | None, as_json: bool) -> None:
    """Show what is owed to bodies, oldest first: where it stands and why, and what comes next and when."""
    from streetmend.cli.database import ready

    ready()
    from streetmend.reports.queries.outbox import owed

    rows = owed(state=DeliveryState(state) if state else None)
    if as_json:
        say_json([asdict(row) for row in rows])
        return
    count = 0
    for row in rows:
        count += 1
        say(_line(row))
    if count:
        note(plural(count, "delivery", "deliveries"))
    else:
        say("Nothing is owed." if state is None else f"No delivery is in the state {state}.")


def _line(row: OwedRow) -> str:
    number = f" as {row.remote_id}" if row.remote_id else ""
    tries = f", {plural(row.attempts, 'attempt')}" if row.attempts else ""
    why = f" {row.why}" if row.why else ""
    if row.next_at:
        then = f" Next step at {row.next_at:%Y-%m-%d %H:%M:%S} UTC."
    else:
        then = "" if row.accepted_at else " Nothing happens by itself."
    return f"{row.id}: {row.kind} {row.report} to {row.body}, {row.state}{number}{tries}.{why}{then}"
