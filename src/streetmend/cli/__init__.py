"""The console script `streetmend`. Each command lies in a module of its own and is loaded when it is asked for.

Exit status: 0 done, 1 problems found, 2 wrong use. An error says what, why, and the one command to run next.
"""

from __future__ import annotations

import importlib
import os
import sys
from difflib import get_close_matches
from typing import Any

import click

#: command -> "module:attribute" below this package; docs/reference/commands.md has a heading for each
COMMANDS: dict[str, str] = {
    "apply": "site_file:apply",
    "areas": "areas:group",
    "backup": "backup:command",
    "deliveries": "deliveries:group",
    "demo": "demo:command",
    "doctor": "doctor:command",
    "endpoint": "endpoint:group",
    "export": "site_file:export",
    "fill": "fill:command",
    "init": "init:command",
    "keys": "keys:group",
    "outbound": "outbound:group",
    "restore": "restore:command",
    "serve": "serve:command",
    "services": "services:group",
    "staff": "staff:group",
    "work": "work:command",
}

_DOCTOR = "streetmend doctor"


class Problem(click.ClickException):
    """Something that an operator can mend: what, why, and the command to run next."""

    exit_code = 1

    def __init__(self, what: str, *, next_command: str = "") -> None:
        super().__init__(what + (f"\nRun next: {next_command}" if next_command else ""))
        self.what, self.next_command = what, next_command


class Commands(click.Group):
    """The commands by name, each imported only when it is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, in alphabetical order."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name, loaded now."""
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name].partition(":")
        command = getattr(importlib.import_module(f"streetmend.cli.{module}"), attribute)
        if not isinstance(command, click.Command):
            raise TypeError(f"{COMMANDS[cmd_name]} is no command")
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the first argument names, or the error that names the one that was meant."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            near = get_close_matches(args[0], COMMANDS, n=1)
            if not near or args[0] in COMMANDS:
                raise
            raise click.UsageError(f"{error.message} Did you mean {near[0]!r}?", ctx) from error

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; what the database or the machine refuses in the middle of it is told as a problem."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:  # whoever read our output has seen enough; click ends quietly
            raise
        except OSError as error:
            told = f"{error.strerror or error}: {error.filename}" if error.filename else str(error)
            raise Problem(f"The machine refused something. {told}", next_command=_DOCTOR) from error
        except _database_errors() as error:
            told = " ".join(str(error).split()) or type(error).__name__
            raise Problem(f"The database refused something. {told}", next_command=_DOCTOR) from error


def _database_errors() -> tuple[type[Exception], ...]:
    """What a database raises, if one was used at all: Django is not loaded for a `--help`."""
    loaded = sys.modules.get("django.db")
    return (loaded.DatabaseError,) if loaded else ()


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="streetmend")
def group() -> None:
    """Streetmend: residents report street problems, the administration responsible gets them and answers."""


def setup_django() -> None:
    """Django is ready to use; a setting that cannot be understood ends the program with its name.

    Every command that touches the database calls this first, so that `--help` never needs a database.
    """
    import django
    from django.core.exceptions import ImproperlyConfigured

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "streetmend.settings")
    try:
        django.setup()
    except ImproperlyConfigured as error:
        told = f"A setting is wrong. {error}\nRun next: the same again, when it is mended (docs/reference/settings.md)"
        raise click.UsageError(told) from error


def main() -> None:
    """Run the command line of this process and exit."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(line_buffering=True)
    group(prog_name="streetmend")
