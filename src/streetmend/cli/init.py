"""`streetmend init`: a site is ready to be set up."""

from __future__ import annotations

import sys

import click

from streetmend.cli import Problem, setup_django
from streetmend.cli.console import note, plural, say


@click.command(name="init", short_help="Create the database, or bring it up to this release.")
@click.option("--no-input", is_flag=True, help="Ask nothing, make no member of staff.")
def command(no_input: bool) -> None:
    """Create the database, or bring it up to this release, and (asking) a first member of staff.

    It may be run at any time, any number of times: what is there stays.
    """
    setup_django()
    from django.conf import settings
    from django.core.management import call_command
    from django.db import DatabaseError

    from streetmend.accounts.queries import staff
    from streetmend.bodies.services import make_site
    from streetmend.cli.database import missing_migrations, sqlite_file, words
    from streetmend.clock import SystemClock

    file = sqlite_file()
    is_new = file is not None and not file.exists()
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
    settings.DATA.mkdir(parents=True, exist_ok=True)
    try:
        steps = 0 if is_new else len(missing_migrations())
        call_command("migrate", verbosity=0, interactive=False)
    except DatabaseError as error:
        raise Problem(
            f"The database cannot be set up: {words(error)}", next_command="streetmend doctor"
        ) from error
    where = str(file) if file else "on the server"
    if is_new:
        say(f"The database is made: {where}")
    else:
        say(f"The database is up to date ({plural(steps, 'step')} taken): {where}")
    make_site(now=SystemClock().now())
    if not staff().exists() and not no_input and sys.stdin.isatty():
        _first_staff()
    note(f"Run next: {_next()}")


def _next() -> str:
    """What a site like this one lacks next."""
    from streetmend.areas import queries as areas
    from streetmend.bodies.queries import bodies

    if not areas.areas():
        return "streetmend areas import FILE.geojson"
    return "streetmend serve" if bodies() else "streetmend apply SITE.toml"


def _first_staff() -> None:
    """Ask for a first member of staff, and show the link that signs them in."""
    from streetmend.cli.staff import add_staff
    from streetmend.text import TextError

    while True:
        email = click.prompt(
            "E-mail address of the first member of staff (empty: none)", default="", show_default=False
        )
        if not email.strip():
            say("Nobody was made; later: streetmend staff add EMAIL")
            return
        try:
            add_staff(email, "admin")
            return
        except TextError as error:
            click.echo(error.message, err=True)
