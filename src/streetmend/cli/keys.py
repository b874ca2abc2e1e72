"""`streetmend keys`: API keys for programs that send reports or updates."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click

from streetmend.cli import Problem
from streetmend.cli.console import note, say, say_json

if TYPE_CHECKING:
    from streetmend.accounts.models import ApiKey

SCOPES = ("report", "update", "read")
_RATE = re.compile(r"([0-9]{1,9})(?:/min(?:ute)?)?")


def _rate(context: click.Context, param: click.Parameter, value: str | None) -> int | None:
    """The number of calls a minute that the option names."""
    if value is None:
        return None
    found = _RATE.fullmatch(value.strip())
    if found is None or int(found[1]) < 1:
        raise click.BadParameter(f"{value!r} is no rate like 60/min.")
    return int(found[1])


@click.group(name="keys")
def group() -> None:
    """API keys for programs that send reports or updates."""


@group.command(short_help="Make a key; print it, once.")
@click.argument("name")
@click.option("--body", help="The body whose updates it sends: its name or its MapIt id.")
@click.option(
    "--scope",
    "scopes",
    type=click.Choice(SCOPES),
    multiple=True,
    help="What it is good for; may be given several times. [default: report]",
)
@click.option(
    "--rate", metavar="N/min", callback=_rate, help="At most so many calls a minute. [default: no limit]"
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def create(name: str, body: str | None, scopes: tuple[str, ...], rate: int | None, as_json: bool) -> None:
    """Make an API key for NAME, who will use it, and print it as the last word. It is not kept and cannot be shown again.

    A key of scope report sends reports, which need no confirmation by e-mail. A key of scope update sends the updates of its
    body, about reports that the body received.
    """
    from streetmend.cli.database import ready

    ready()
    from streetmend.accounts.keys import KeyRuleBroken, create_api_key
    from streetmend.accounts.models import Scope
    from streetmend.clock import SystemClock
    from streetmend.text import TextError

    try:
        key, secret = create_api_key(
            name=name,
            body_id=_body_id(body) if body is not None else None,
            scopes=[Scope(scope) for scope in scopes] or [Scope.REPORT],
            rate_per_minute=rate,
            now=SystemClock().now(),
        )
    except KeyRuleBroken as error:
        raise click.UsageError(f"{error} Use --body NAME.") from error
    except TextError as error:
        raise click.BadParameter(error.message, param_hint="NAME") from error
    if as_json:
        say_json({**_row(key), "key": secret})
        return
    say(f"Key {key.pk} for {key.name} ({', '.join(key.scopes)}), shown this once: {secret}")


@group.command(short_help="End a key.")
@click.argument("key")
def revoke(key: str) -> None:
    """End KEY: its number, the name that it was made for, or the key itself. It opens nothing from the next call on."""
    from streetmend.cli.database import ready

    ready()
    from streetmend.accounts.keys import keys_named, revoke_api_key
    from streetmend.clock import SystemClock

    found = keys_named(key)
    if not found:
        raise Problem("There is no such key that is still good.", next_command="streetmend keys list")
    if len(found) > 1:
        numbers = ", ".join(str(one.pk) for one in found)
        raise Problem(
            f"Several keys have this name ({numbers}): give a number.", next_command="streetmend keys list"
        )
    revoke_api_key(key=found[0], now=SystemClock().now())
    say(f"Key {found[0].pk} of {found[0].name} opens nothing any more.")


@group.command(name="list", short_help="Show the keys there are.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON: one array of all of them.")
def show(as_json: bool) -> None:
    """Show the keys there are, oldest first, and when each was last used. No key itself is shown."""
    from streetmend.cli.database import ready

    ready()
    from streetmend.accounts.keys import api_keys

    rows = [_row(key) for key in api_keys()]
    if as_json:
        say_json(rows)
        return
    for row in rows:
        say(_line(row))
    if not rows:
        note("There are no keys.")


def _body_id(word: str) -> int:
    from streetmend.bodies.queries import bodies

    for body in bodies():
        if word in (body.name, str(body.mapit_id)):
            return body.id
    raise click.BadParameter(f"There is no body {word!r}.", param_hint="--body")


def _row(key: ApiKey) -> dict[str, Any]:
    return {
        "id": key.pk,
        "name": key.name,
        "body": key.body.name if key.body else None,
        "scopes": key.scopes,
        "rate_per_minute": key.rate_per_minute,
        "beginning": key.beginning,
        "created_at": key.created_at,
        "last_used_at": key.last_used_at,
        "revoked_at": key.revoked_at,
    }


def _line(row: dict[str, Any]) -> str:
    rate = f", {row['rate_per_minute']}/min" if row["rate_per_minute"] else ""
    body = f" for {row['body']}" if row["body"] else ""
    used = f"last used {row['last_used_at']:%Y-%m-%d %H:%M} UTC" if row["last_used_at"] else "never used"
    state = f"revoked {row['revoked_at']:%Y-%m-%d %H:%M} UTC" if row["revoked_at"] else used
    return f"{row['id']}: {row['beginning']}... {row['name']}{body}, {'+'.join(row['scopes'])}{rate}, {state}"
