"""`streetmend staff add`: somebody may use the desk."""

from __future__ import annotations

from urllib.parse import quote

import click

from streetmend.cli.console import say, say_json

ROLES = ("admin", "moderator")


@click.group(name="staff")
def group() -> None:
    """People who work with the site."""


@group.command(short_help="Add a member of staff; print a sign-in link.")
@click.argument("email")
@click.option(
    "--role",
    type=click.Choice(ROLES),
    default="admin",
    show_default=True,
    help="What they may do: everything, or judge reports.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def add(email: str, role: str, as_json: bool) -> None:
    """Make the person with this e-mail address a member of staff, and print a link that signs them in.

    The link works once, within 24 hours. For somebody who is one already, the role changes and there is a new link.
    """
    from streetmend.cli.database import ready
    from streetmend.text import TextError

    ready()
    try:
        add_staff(email, role, as_json=as_json)
    except TextError as error:
        raise click.BadParameter(error.message, param_hint="EMAIL") from error


def add_staff(email: str, role: str, *, as_json: bool = False) -> None:
    """The person is a member of staff, and their sign-in link has been printed. Raises TextError."""
    from django.conf import settings
    from django.db import transaction

    from streetmend.accounts.models import Role
    from streetmend.accounts.services import SHOWN_LIFETIME, make_staff, new_sign_in_link
    from streetmend.clock import SystemClock

    now = SystemClock().now()
    with transaction.atomic():
        person, was_staff = make_staff(email=email, role=Role(role), now=now)
        secret = new_sign_in_link(person=person, now=now, lifetime=SHOWN_LIFETIME)
    url = f"{settings.BASE_URL}/sign-in/{quote(secret, safe='')}"
    if as_json:
        say_json({"email": person.email, "role": role, "new": not was_staff, "sign_in": url})
        return
    what = "remains a member of staff" if was_staff else "is a member of staff"
    say(f"{person.email} {what} ({role}). This link signs in once, within 24 hours:")
    say(url)
