"""`streetmend deliveries`: what is owed to bodies."""

from __future__ import annotations

import click

from streetmend.cli.console import say, say_json
from streetmend.reports.states import DeliveryState


@click.command()
@click.option(
    "--state", type=click.Choice([state.value for state in DeliveryState]), help="Only those in this state."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON: one array of all of them.")
def command(state: str | None, as_json: bool) -> None:
    """Show what is owed to bodies, oldest first: why it is where it is, and when it goes on."""
    from streetmend.cli.database import ready

    ready()
    from streetmend.reports.queries.deliveries import owed

    rows = owed(state)
    if as_json:
        say_json([row.as_plain() for row in rows])
        return
    count = 0
    for row in rows:
        count += 1
        number = f" {row.remote_id}" if row.remote_id else ""
        then = f"; next step {row.next_at:%Y-%m-%d %H:%M:%S} UTC" if row.next_at else ""
        say(f"{row.id}  {row.kind} {row.report} to {row.body}: {row.state}{number}. {row.why}{then}")
    if not count:
        say("Nothing is owed." if state is None else f"No delivery is in the state {state}.")
